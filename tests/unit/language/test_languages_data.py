"""The language of messages as customers write them: those of data/nlu, by the hundred."""

from functools import cache
from pathlib import Path

import pytest
import regex

from tenin.language.entities import IDENTIFIERS, find_entities
from tenin.language.languages import Languages, detect
from tenin.language.yamlfile import read_yaml

DATA = Path(__file__).parents[3] / "data" / "nlu"
CODES = ("en", "zh-Hans", "zh-Hant", "ja")
FOUR = Languages("en", {}, CODES)
# Each folder has what its customers write, so also "thank you" and "tuihuo" in Chinese ones.
HAN = r"\p{Han}"
WRITTEN = {
    "en": r"\p{Latin}",
    "zh-Hans": HAN,
    "zh-Hant": HAN,
    "ja": r"[\p{Han}\p{Hiragana}\p{Katakana}]",
}
FEWEST_SIGNS = 6
SAME, OTHER = 0.995, 0.97


@cache
def sentences(language: str) -> list[str]:
    """The sentences with at least six signs of the language's script outside of entities."""
    found = []
    for path in sorted((DATA / language).glob("*.yml")):
        for entry in read_yaml(path)["nlu"]:
            for line in entry.get("examples", "").splitlines():
                text = line.removeprefix("- ").strip()
                named = {
                    at
                    for entity in find_entities(text)
                    if entity.label in IDENTIFIERS
                    for at in range(entity.start, entity.end)
                }
                rest = "".join(sign for at, sign in enumerate(text) if at not in named)
                if len(regex.findall(WRITTEN[language], rest)) >= FEWEST_SIGNS:
                    found.append(text)
    return found


@pytest.mark.parametrize("previous", CODES)
@pytest.mark.parametrize("language", CODES)
def test_the_language_of_customers_sentences_is_told(language: str, previous: str) -> None:
    asked = sentences(language)
    assert len(asked) > 1_000
    missed = [text for text in asked if detect(text, previous, None, FOUR) != language]
    told = 1 - len(missed) / len(asked)
    assert told >= (SAME if previous == language else OTHER), (told, missed)


@pytest.mark.parametrize(
    "piece", ["路", "a路", "1路", "市区", "1", "1-", "の", "ア", "王", "a ", "号1-", "ｱ"]
)
def test_a_long_message_is_gone_through(piece: str) -> None:
    """A rule that tries every way to cut it would not end before the tests are stopped."""
    text = (piece * 4_000)[:4_000]
    assert detect(text, "en", None, FOUR) in CODES
