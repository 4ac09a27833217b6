"""Rules for sizes: M, XXL, size m, 42码, EU 42, US 9, 27.5cm, 均码.

The value is the letters ("M"), the number ("42", which is a European shoe size or a waist),
the number with its system ("US 9", "UK 8.5"), a foot's length ("27.5cm") or "one". S, M
and L alone are sizes only as capitals and only where nothing else can be meant.
"""

from collections.abc import Callable, Iterable

import regex

from tenin.language.entities import numerals
from tenin.language.entities.model import DIGITS, NUMBER, TAKEN, Rule
from tenin.language.entities.words import either, not_before, table, triggers

_CJK = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}]")
_SMALL_LETTER = regex.compile("[a-z]")
_BEFORE = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9]['’.&@-])(?<!['’&@$%])"
_AFTER = r"(?![A-Za-z0-9])(?!['’.&@-][A-Za-z0-9])(?![’'&@$%])"
_X = "(?:[Xx]{1,4}[SsLl]|[2-6][Xx][SsLl])"
_NUMBER = r"[0-9]{1,3}(?:\.[05])?(?![0-9]|[.,][0-9])"
_CAPITALS = frozenset("SML")
_X_SIGNS = frozenset({"X", "x", DIGITS})
_ANY_LETTER = frozenset({*"SMLXsmlx", DIGITS})
_DIGITS = frozenset({DIGITS})
_NUMBERS = frozenset({NUMBER})
_SYSTEMS = frozenset({"eu", "eur", "uk", "us"})
_PLAUSIBLE = {"EU": (16, 52), "EUR": (16, 52), "UK": (1, 20), "US": (1, 20)}


def rules() -> list[Rule]:
    """Give the rules in the order in which they are to be tried."""
    words = table()["sizes"]
    after, before = _cased(words["after"]), _cased(words["before"])
    between = f"[ :：]{{0,2}}(?:{'|'.join(map(regex.escape, words['between']))})?"
    lengths = _cased(words["lengths"])
    stop = not_before(words["not_before"])
    any_letter = f"(?:{_X}|[2-6]?[SMLsml]|LL|ll)"
    system = "(?P<system>EUR?|eur?|UK|uk|US)"
    count = numerals.number()
    alone = "[SML]"
    listed = f"{alone}|{_X}"
    link = f" ?(?:[/、,，]|{_cased(words['or'])})(?: ?(?:a|an|in|size))? ?"
    named = triggers(words["before"])
    return [
        _rule(either(words["one"]), lambda match: "one", triggers(words["one"]), cased=False),
        _rule(f"(?<!['’])(?:{before}){between}{system} ?(?P<number>{_NUMBER})", _system, named),
        _rule(
            f"(?:{before}){between}(?P<it>(?P<number>{_NUMBER}) ?{system})(?![A-Za-z])",
            _system,
            named,
        ),
        _rule(f"(?:{before}){between}(?P<it>{any_letter}){_AFTER}", _letters, named),
        _rule(
            f"(?:{before}){between}(?<![A-Za-z0-9.])(?P<it>(?P<number>{_NUMBER})"
            f"(?P<length> ?{lengths})?)(?![A-Za-z%])",
            _number,
            named,
        ),
        _rule(
            f"{_BEFORE}(?P<letters>{any_letter}) ?{after}(?![a-z])",
            _letters,
            _ANY_LETTER,
            triggers(words["after"]),
        ),
        _rule(
            f"(?P<number>{count}) ?{_cased(words['marks'])}",
            _counted,
            _NUMBERS,
            triggers(words["marks"]),
        ),
        _rule(
            rf"(?<![0-9.])(?P<number>3[2-9]|4[0-8])(?:\.5)? ?{_cased(words['numbers'])}",
            _number,
            _DIGITS,
            triggers(words["numbers"]),
        ),
        _rule(
            r"(?<![0-9.])(?<![x×*] ?)(?P<number>(?:2[0-9]|3[0-2])(?:\.[05])?)"
            rf"(?P<length> ?{lengths})"
            r"(?![A-Za-z0-9])(?! ?[x×*])",
            _number,
            _DIGITS,
            triggers(words["lengths"]),
        ),
        _rule(
            rf"(?<![A-Za-z]){system}[ -]?(?:size )?(?P<number>{_NUMBER})(?![A-Za-z%$:/-]){stop}",
            _system,
            _SYSTEMS,
        ),
        _rule(
            rf"(?<![0-9.,$€£¥-])(?P<number>{_NUMBER}) ?{system}(?![A-Za-z$]){stop}"
            r"(?! [A-Za-z]*s\b)",
            _system,
            _DIGITS,
            _SYSTEMS,
        ),
        _rule(f"{_BEFORE}(?<!hone )(?P<letters>{_X}){_AFTER}", _letters, _X_SIGNS),
        _rule(
            f"{_BEFORE}(?<![0-9] ){alone}{_AFTER}(?={link}(?:{listed}){_AFTER})"
            f"|{_BEFORE}(?<=(?:(?<![A-Za-z0-9'’])(?:{listed})|{TAKEN}){link}){alone}{_AFTER}",
            _letters,
            _CAPITALS,
        ),
        _rule(
            f"{_BEFORE}(?<={_cased(words['letter_after'])} ){alone}{_AFTER}"
            r"(?![.][A-Za-z])(?! [A-Z0-9])",
            _among_small,
            _CAPITALS,
        ),
        _rule(
            rf"{_BEFORE}(?<![A-Za-z0-9+/] ?){alone}{_AFTER}(?![+/=]|\.[A-Za-z])(?! [A-Za-z0-9])",
            _by_itself,
            _CAPITALS,
        ),
    ]


def _rule(
    pattern: str,
    value: Callable[[regex.Match[str]], str | None],
    starts: frozenset[str],
    needs: frozenset[str] = frozenset(),
    cased: bool = True,
) -> Rule:
    return Rule("size", regex.compile(pattern), value, starts, needs, cased)


def _cased(words: Iterable[str]) -> str:
    """Give a pattern for any of `words`, whether their Latin letters are small or not."""
    return f"(?i:{either(words)})"


def _letters(match: regex.Match[str]) -> str:
    groups = match.groupdict()
    letters: str = (groups.get("letters") or groups.get("it") or match.group()).upper()
    if letters[0].isdigit():
        return letters
    if letters == "LL":
        return "XL"
    return f"{letters.count('X')}X{letters[-1]}" if letters.count("X") > 3 else letters


def _number(match: regex.Match[str]) -> str:
    return match["number"] + ("cm" if match.groupdict().get("length") else "")


def _system(match: regex.Match[str]) -> str | None:
    system = match["system"].upper()
    least, most = _PLAUSIBLE[system]
    if not least <= float(match["number"]) <= most:
        return None
    if match["system"] == "US" and not _SMALL_LETTER.search(match.string) and not _cjk(match):
        # All in capitals, "US" may be "us".
        return None if regex.search(r"[A-Z]{3}", match.string) else f"US {match['number']}"
    return match["number"] if system.startswith("EU") else f"{system} {match['number']}"


def _counted(match: regex.Match[str]) -> str | None:
    number = numerals.read(match["number"])
    return None if number is None or not 15 <= number <= 200 else f"{number.normalize():f}"


def _among_small(match: regex.Match[str]) -> str | None:
    return match.group() if _SMALL_LETTER.search(match.string) else None


def _by_itself(match: regex.Match[str]) -> str | None:
    whole = match.string.strip(" \n\r.?!,。？！") == match.group()
    return match.group() if whole or _cjk(match) else None


def _cjk(match: regex.Match[str]) -> bool:
    return bool(_CJK.search(match.string))
