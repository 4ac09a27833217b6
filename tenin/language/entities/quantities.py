"""Rules for how many of the goods: 两件, 3個, 2 pairs, a couple of them, x3.

The value is the whole number. What is counted must be goods: "2 weeks", "一个月" and
"两个问题" are none.
"""

from collections.abc import Mapping

import regex

from tenin.language.entities import numerals
from tenin.language.entities.model import DIGITS, NUMBER, Rule
from tenin.language.entities.words import any_sign, either, not_after, not_before, table, triggers

_MOST = 9999
_SOME = frozenset({"pair", "couple", "dozen"})


def rules() -> list[Rule]:
    """Give the rules in the order in which they are to be tried."""
    words = table()["quantities"]
    counters: Mapping[str, list[str]] = words["counters"]
    refused = frozenset(words["not_these"])
    some = words["some"]
    ordered = sorted(counters, key=lambda counter: (-len(counter), counter))
    counted = "|".join(regex.escape(counter) + not_before(counters[counter]) for counter in ordered)
    goods = either([*words["units"], *words["them"]])
    between = f"(?:(?:of )?(?!{either(words['not_between'])})[a-z]+ )"

    def by_counter(match: regex.Match[str]) -> str | None:
        return None if match.group() in refused else _count(match["number"])

    return [
        Rule(
            "quantity",
            regex.compile(
                f"(?<!{any_sign(words['not_after'])} ?)"
                f"(?P<number>{numerals.number()}) ?(?:{counted})"
            ),
            by_counter,
            frozenset({NUMBER}),
            triggers(counters),
        ),
        Rule(
            "quantity",
            regex.compile(f"(?P<some>{either(some)})(?= (?:of )?{between}?{goods}|[^a-z]*$)"),
            lambda match: str(some[match["some"]]),
            triggers(some),
            triggers(word for phrase in some for word in phrase.split() if word in _SOME),
        ),
        Rule(
            "quantity",
            regex.compile(
                f"(?<!hone ){not_after(words['not_words_after'])}"
                f"(?P<number>{numerals.word_number()})"
                f"(?<!(?<![a-z])one(?= of))(?=[ -](?:more )?{between}?{goods})"
            ),
            lambda match: _count(match["number"]),
            triggers(table()["numerals"]["words"]) | {DIGITS},
            triggers([*words["units"], *words["them"]]),
        ),
        Rule(
            "quantity",
            regex.compile(
                r"(?<![a-z0-9*×])(?<![0-9] )[x×*] ?(?P<number>[0-9]{1,3})"
                r"(?![0-9a-z]|[.,][0-9]| ?[x×*])"
                r"|(?<![a-z0-9.,])(?<![x×*] )(?P<number>[0-9]{1,3}) ?[x×](?![a-z0-9])(?! ?[0-9+=-])"
            ),
            lambda match: _count(match["number"]),
            frozenset({"x", "X", "×", "*", DIGITS}),
            frozenset("xX×*"),
        ),
    ]


def _count(text: str) -> str | None:
    number = numerals.read_int(text)
    return str(number) if number is not None and 0 < number <= _MOST else None
