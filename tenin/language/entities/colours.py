"""Rules for colours; the value is the shop's code of the colour. Words are in colours.yml."""

from collections.abc import Iterable

import regex

from tenin.language.entities.model import Rule
from tenin.language.entities.words import (
    any_sign,
    colour_table,
    either,
    is_latin,
    not_after,
    not_before,
    table,
    triggers,
)

_KATAKANA = r"[\p{Katakana}\u30fc]"


def rules() -> list[Rule]:
    """Give the rules in the order in which they are to be tried."""
    found = colour_table()
    listed = found["colours"].items()
    words = {word: code for code, entry in listed for word in entry["words"]}
    nouns = {word: code for code, entry in listed for word in entry.get("nouns", [])}
    materials = {word: code for code, entry in listed for word in entry.get("materials", [])}
    signs = {sign: code for code, entry in listed for sign in entry.get("signs", "")}
    kanji = {sign: code for code, entry in listed for sign in entry.get("kanji", "")}
    before = not_after(found["not_after"])
    after = not_before(found["not_before"])
    goods = either(table()["quantities"]["units"])
    beside = either(found["beside"])
    free = rf"(?:(?<=[^\p{{Han}}]|^)|(?<={either(found['sign_after'])}))"
    beside_before = f"(?<={either(found['beside_before'])} )"

    def rule(pattern: str, codes: dict[str, str], among: Iterable[str]) -> Rule:
        compiled = regex.compile(pattern)
        return Rule("colour", compiled, lambda match: codes[match["colour"]], triggers(among))

    latin = [word for word in words if is_latin(word)]
    others = [word for word in words if not is_latin(word)]
    katakana = [word for word in others if regex.fullmatch(f"{_KATAKANA}+", word)]
    han = [word for word in others if word not in katakana]
    both = {**nouns, **materials}
    return [
        rule(f"{before}(?P<colour>{either(latin)}){after}", words, latin),
        rule(f"{before}(?P<colour>{either(han)}){after}", words, han),
        rule(f"(?<!{_KATAKANA})(?P<colour>{either(katakana)})(?!{_KATAKANA})", words, katakana),
        rule(
            f"(?P<colour>{either(nouns)})(?= (?:{beside}|{goods}))"
            f"|(?P<colour>{either(both)})(?=[ -]{beside})"
            f"|{beside_before}(?P<colour>{either(both)})",
            both,
            both,
        ),
        rule(
            f"{free}{before}(?P<colour>{any_sign(''.join(signs))})(?={either(found['of'])})",
            signs,
            signs,
        ),
        rule(
            rf"(?<!\p{{Han}}){before}(?P<colour>{any_sign(''.join(kanji))})(?!\p{{Han}})",
            kanji,
            kanji,
        ),
    ]
