"""A fifth language, a made-up one: from its name to being ready, by the command alone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tenin.cli import main
from tenin.language.fill import fill
from tenin.language.languages import Languages, detect, load_languages, locale_of
from tenin.language.menus import check_menus, load_menus
from tenin.language.policy import load_policy
from tenin.language.wording import check, load_responses, say
from tenin.language.yamlfile import read_yaml
from tenin.training.check.whole import check as check_files
from tenin.training.corpus import HELD_OUT, TRAINED, read_sentences

CODE = "qya"
WORD = re.compile(r"\{[^}]*\}|[A-Za-z]+(?:['’][A-Za-z]+)*")


def said_in_it(value: Any) -> Any:
    """English with its words turned round, which no other language has; placeholders stay."""
    if isinstance(value, str):
        return WORD.sub(lambda w: w[0] if w[0][0] == "{" else f"{w[0][::-1].lower()}ea", value)
    if isinstance(value, list):
        return [said_in_it(each) for each in value]
    if isinstance(value, dict):
        return {key: said_in_it(each) for key, each in value.items()}
    return value


@pytest.fixture
def add(copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `tenin add language …` in the copy: exit code, standard output and error."""
    monkeypatch.setenv("TENIN_ROOT", str(copied))

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["add", "language", "--no-check", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def translate(sheet: Path) -> None:
    """Fill a sheet in, as a translator would."""
    found = read_yaml(sheet)
    for entry in found["say"]:
        entry[CODE] = said_in_it(entry["en"])
    sheet.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")  # YAML as well


def test_a_made_up_language_with_two_needs_and_then_whole(
    add: Any, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("tenin/shop/sample", "blueprints"):  # many texts of the kind that others are
        shutil.rmtree(copied / folder)
    named = add(CODE, "--name", "Ainewq", "--asked-as", "ainewq speech", "--like", "en")
    assert named == (0, "languages.yml: +5\n", "")
    languages = load_languages(copied / "languages.yml")
    assert CODE in languages.names
    assert CODE not in languages.ready
    assert add(CODE, "--name", "Ainewq")[1] != ""

    # Two needs alone: understood, answered and offered by a button, but not ready.
    sheet = copied / "sheets/two.yml"
    two = ("--needs", "greet,reviews")
    assert add(CODE, "--sheet", str(sheet), *two)[0] == 0
    translate(sheet)
    assert add(CODE, "--from", str(sheet))[0] == 0
    said = add(CODE, "--missing", *two)[1]
    assert said.startswith("Nothing is left of these needs")
    assert "--ready" not in said  # which would be refused
    assert f"tenin try --language {CODE}" in said
    begun = {f"{folder}/{CODE}" for folder in (TRAINED, HELD_OUT)}
    told = [each for each in check_files(copied) if each.file.rpartition("/")[0] in begun]
    assert [str(each) for each in told] == []
    for folder in (TRAINED, HELD_OUT):
        needs = {each.need for each in read_sentences(copied, folder, CODE)}
        assert needs == {"greet", "faq/reviews"}
    code, _, error = add(CODE, "--ready")
    assert code == 2
    assert "isn't ready" in error
    assert load_languages(copied / "languages.yml").ready == languages.ready

    # Everything else.
    sheet = copied / "sheets/rest.yml"
    assert add(CODE, "--sheet", str(sheet))[0] == 0
    translate(sheet)
    code, said, error = add(CODE, "--from", str(sheet))
    assert (code, error) == (0, "")
    assert f"tenin/pages/static/locale/{CODE}/widget.json" in said
    assert add(CODE, "--from", str(sheet))[1].startswith("All of it is there already")
    assert add(CODE, "--ready")[0] == 0
    spoken = load_languages(copied / "languages.yml")
    monkeypatch.setattr("tenin.language.languages.configured", lambda: spoken)
    _is_whole(copied)
    assert add(CODE, "--ready")[1].startswith("All of it is there already")


def _is_whole(root: Path) -> None:
    languages = load_languages(root / "languages.yml")
    assert CODE in languages.ready
    policy = load_policy(root / "policy.yml", languages.names)
    responses = load_responses(root / "data/responses", languages.default, policy)
    menus = load_menus(root / "menus.yml")
    assert check(responses, languages.ready, menus) == []
    assert check_menus(menus, languages.ready) == []
    english = say(responses, "utter_greet", "en", menus=menus)
    own = say(responses, "utter_greet", CODE, menus=menus)
    assert own.text != english.text
    assert [each.payload for each in own.buttons] == [each.payload for each in english.buttons]
    locale = root / "tenin/pages/static/locale"
    assert json.loads((locale / "index.json").read_text())["languages"][-1] == CODE
    for file in (locale / "en").glob("*.json"):
        wanted = json.loads(file.read_text(encoding="utf-8"))
        assert json.loads((locale / CODE / file.name).read_text(encoding="utf-8")) == said_in_it(
            wanted
        ), file.name
    # Told from a message, and held through what has no language.
    said = said_in_it("where can i read what other customers say")
    assert detect(said, languages=languages) == CODE
    assert detect(said, previous="en", languages=languages) == CODE
    assert detect("ok", previous=CODE, languages=languages) == CODE
    assert detect("where is my order", previous=CODE, languages=languages) == "en"
    assert detect("我的订单到哪了", previous=CODE, languages=languages) == "zh-Hans"
    words = read_yaml(root / "tenin/shop/documents/words.yml")
    assert words[CODE].keys() == words["en"].keys()


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ((), "no language was named"),
        (("Dutch", "--name", "Nederlands"), "is no code"),
        (("nl",), "--name is missing"),
        (("qya", "--name", "Q"), "--like en"),
        (("qya", "--name", "Q", "--like", "tlh"), "Name another"),
        (("th", "--name", "ไทย", "--script", "Thaiish"), "no script of Unicode"),
        (("nl", "--ready"), "Begin with"),
        (("ja", "--needs", "nothing"), "there is no need"),
    ],
    ids=range(8),
)
def test_what_can_be_no_language_is_told(
    add: Any, copied: Path, words: tuple[str, ...], remedy: str
) -> None:
    before = (copied / "languages.yml").read_bytes()
    code, _, error = add(*words)
    assert code == 2
    assert remedy in error
    assert (copied / "languages.yml").read_bytes() == before


def test_a_sheet_of_something_else_is_refused(add: Any, copied: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.yml"
    sheet.write_text("language: ja\nsay: []\n")
    assert add("nl", "--name", "Nederlands")[0] == 0
    code, _, error = add("nl", "--from", str(sheet))
    assert code == 2
    assert "--sheet" in error


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("menus.yml > titles > greet", ["a"]),
        ("greet.yml > greet", "x"),
        ("errors.json > changed_meanwhile", "{x}"),
    ],
    ids=["a list for a text", "not there", "another placeholder"],
)
def test_what_a_sheet_says_is_of_the_same_kind(
    add: Any, copied: Path, tmp_path: Path, what: str, said: Any
) -> None:
    assert add("nl", "--name", "Nederlands")[0] == 0
    sheet = tmp_path / "sheet.yml"
    entry = {"what": what, "en": "", "nl": said}
    sheet.write_text(json.dumps({"language": "nl", "say": [entry]}))
    before = (copied / "menus.yml").read_bytes()
    code, _, _ = add("nl", "--from", str(sheet))
    assert code == (0 if what.startswith("greet.yml") else 2)
    assert (copied / "menus.yml").read_bytes() == before


def test_a_script_of_its_own_tells_a_language() -> None:
    languages = Languages("en", {"en": "", "ko": ""}, ("en", "ko"), scripts={"ko": "Hangul"})
    assert detect("주문한 상품이 언제 와요", languages=languages) == "ko"
    assert detect("where is my order", previous="ko", languages=languages) == "en"
    plain = Languages("en", {"en": ""}, ("en",))
    assert detect("주문한 상품이 언제 와요", languages=plain) == "en"


def test_dates_and_numbers_are_those_of_another_where_a_language_has_none() -> None:
    languages = Languages("en", {"en": "", CODE: ""}, ("en", CODE), like={CODE: "ja"})
    assert locale_of(CODE, languages).language == "ja"
    assert locale_of("zh-Hant", languages).script == "Hant"
    assert fill("{n:number}", {"n": 1200}, "en") == "1,200"
