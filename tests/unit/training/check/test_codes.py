"""Each kind of finding, made in a small project that is otherwise right."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tenin.training.check.findings import Code
from tenin.training.check.whole import check
from tests.unit.training.check import small, test_mistakes

PROJECT = Path(__file__).parents[4]
GREET, JA_GREET = "data/nlu/en/greet.yml", "data/nlu/ja/greet.yml"
GRADED = "tests/nlu/en/greet.yml"
TRACK = "data/nlu/en/track_order.yml"
SAID, RULES = "data/responses/greet.yml", "data/rules/talk.yml"
TRACKED = "data/responses/track_order.yml"
EN = '    - text: "Hello! How can I help?"\n'
EN_CONDITION = "      condition: [{type: slot, name: language, value: en}]\n"


class Spoilt(NamedTuple):
    """What is changed (no new words: the file is gone), and the one finding it makes."""

    code: Code
    file: str
    old: str
    new: str | None
    words: str
    at: str = ""  # on the line that is named
    told_in: str = ""  # the file it is told of, if another


def secret(*parts: str) -> str:
    """Words that only together look like a secret, so that this file has none."""
    return "".join(parts)


KEY = secret("-----BEGIN RSA PRIV", "ATE KEY-----\\n", "A" * 40)
AWS = secret("AK", "IA", "Q" * 16)
GITHUB = secret("gh", "p_", "a1" * 18)
ADDRESS = secret("postgresql://tenin:", "n0tmine@db/tenin")

CASES = {
    "a required file is missing": Spoilt(
        Code.FILE_MISSING, "policy.yml", "", None, "policy.yml", told_in="policy.yml"
    ),
    "no examples": Spoilt(
        Code.NO_EXAMPLES, JA_GREET, "", None, "greet", told_in="data/nlu/ja/greet.yml"
    ),
    "few held-out sentences": Spoilt(Code.FEW_HELD_OUT, GRADED, "      - yo\n", "", "greet"),
    "no answer": Spoilt(
        Code.NO_ANSWER,
        RULES,
        "  - rule: Greeted\n    steps:\n      - intent: greet\n      - action: utter_greet\n",
        "",
        "greet",
        "- greet",
        "domain.yml",
    ),
    "no answer to a question": Spoilt(
        Code.NO_ANSWER,
        "data/responses/returns_policy.yml",
        "",
        None,
        "faq/returns_policy",
        "until when",
        "data/nlu/en/returns_policy.yml",
    ),
    "no dialogue": Spoilt(
        Code.NO_DIALOGUE,
        "tests/dialogues/en/orders.yml",
        "",
        None,
        "track_order",
        "- track_order",
        "domain.yml",
    ),
    "a need that the domain lacks": Spoilt(
        Code.NO_INTENT, "domain.yml", "  - faq\n", "", "faq/returns_policy", "until", ""
    ),
    "a language that isn't ready": Spoilt(
        Code.NOT_READY, "languages.yml", "日本語, ready: true", "日本語", "ja"
    ),
    "a sentence under two needs": Spoilt(
        Code.TWO_NEEDS,
        TRACK,
        "- no news",
        "- Hello  there".replace("  ", " "),
        "Hello there",
        "Hello",
    ),
    "nearly a sentence of another need": Spoilt(
        Code.ALIKE, TRACK, "- no news", "- good mornings", "good morning", "good morning", GREET
    ),
    "an example that is held out": Spoilt(
        Code.EXAMPLE_IS_HELD_OUT, GREET, "- hey you", "- howdy friend", "howdy friend", "howdy"
    ),
    "an example that is nearly held out": Spoilt(
        Code.EXAMPLE_LIKE_HELD_OUT, GREET, "- hey you", "- howdy friends", "howdy friends", "howdy"
    ),
    "a sentence twice": Spoilt(Code.TWICE, GREET, "- hey you", "- Hi", "Hi", "- Hi"),
    "a need of sentences alike": Spoilt(
        Code.TOO_ALIKE,
        GREET,
        "- hey you",
        "- hello there you\n      - hello there, you\n      - hello there you!",
        "greet",
        "- hello there",
    ),
    "an example in a story test": Spoilt(
        Code.EXAMPLE_IN_STORY_TEST,
        "tests/stories/test_stories.yml",
        "salutations",
        "hello there",
        "hello there",
        "- user",
    ),
    "a reply in two files": Spoilt(
        Code.REPLY_TWICE,
        TRACKED,
        "  utter_tracked:\n",
        "  utter_greet:\n"
        + "".join(
            f"{line}\n"
            for language in ("en", "ja")
            for line in small.wording(small.SAID[language]["utter_greet"], language)
        )
        + "  utter_tracked:\n",
        "utter_greet",
        "utter_greet:",
    ),
    "a reply without a language": Spoilt(
        Code.REPLY_LANGUAGE, SAID, EN + EN_CONDITION, "", "utter_greet", "utter_greet"
    ),
    "a reply for one channel alone": Spoilt(
        Code.REPLY_LANGUAGE,
        SAID,
        EN_CONDITION,
        EN_CONDITION + "      channel: email\n",
        "utter_greet",
        "utter_greet",
    ),
    "a language that is misspelt": Spoilt(
        Code.TEXT_LANGUAGE,
        SAID,
        EN,
        EN + "      condition: [{type: slot, name: language, value: ne}]\n" + EN,
        "ne",
        "- text",
    ),
    "other placeholders in one language": Spoilt(
        Code.PLACEHOLDERS_DIFFER, TRACKED, "Order {order_number} is", "It is", "utter_tracked"
    ),
    "an unknown placeholder": Spoilt(
        Code.PLACEHOLDER_UNKNOWN,
        "data/responses/returns_policy.yml",
        "You have {returns_days:days}.",
        "You have {returns_days:days} and {returns_day:days}.",
        "{returns_day}",
        "You have",
    ),
    "a broken placeholder": Spoilt(
        Code.PLACEHOLDER_BROKEN,
        SAID,
        "How can I help?",
        "How can {I help?",
        "Hello! How can {I help?",
        "{I help",
    ),
    "an unknown format": Spoilt(
        Code.PLACEHOLDER_BROKEN,
        TRACKED,
        "Order {order_number} is",
        "Order {order_number:loud} is",
        "Order {order_number:loud} is on its way.",
        "loud",
    ),
    "a broken placeholder at the desk": Spoilt(
        Code.PLACEHOLDER_BROKEN,
        "desk.yml",
        "One moment, {customer}",
        "One moment, {customer",
        "One moment, {customer.",
        "One moment",
    ),
    "other buttons in one language": Spoilt(
        Code.PARTS_DIFFER,
        SAID,
        EN_CONDITION,
        EN_CONDITION + '      buttons: [{title: "Track", payload: /track_order}]\n',
        "utter_greet",
        "",
    ),
    "a reply that isn't there": Spoilt(
        Code.NO_REPLY,
        "tests/dialogues/en/orders.yml",
        "[utter_tracked]",
        "[utter_treked]",
        "utter_treked",
        "utter_treked",
    ),
    "a reply in Python that isn't there": Spoilt(
        Code.NO_REPLY,
        "actions/track_order.py",
        "FORM =",
        'OTHER = "utter_never_written"\nFORM =',
        "utter_never_written",
        "OTHER",
    ),
    "a choice that isn't there": Spoilt(
        Code.NO_CHOICE,
        "menus.yml",
        "[orders, faq/returns_policy]",
        "[orders, faq/returns_policy, pay]",
        "pay",
        "choices",
    ),
    "a title of no need": Spoilt(
        Code.NO_CHOICE,
        "menus.yml",
        "titles:\n",
        'titles:\n  pay: {en: "Pay", ja: "支払う"}\n',
        "pay",
        "pay:",
    ),
    "an offer that isn't there": Spoilt(
        Code.NO_CHOICE,
        SAID,
        "value: en}]\n",
        "value: en}]\n      custom: {offer: [pay]}\n",
        "pay",
        "Hello",
    ),
    "a menu that nothing leads to": Spoilt(
        Code.MENU_TREE,
        "menus.yml",
        "[orders, faq/returns_policy]",
        "[faq/returns_policy]",
        "orders",
        "orders:",
    ),
    "a menu that leads to itself": Spoilt(
        Code.MENU_TREE,
        "menus.yml",
        "choices: [track_order]",
        "choices: [track_order, start]",
        "start",
        "choices: [track_order, start]",
    ),
    "a text without a language": Spoilt(
        Code.TEXT_LANGUAGE,
        "menus.yml",
        'back: {en: "Back", ja: "戻る"}',
        'back: {en: "Back"}',
        "Back",
        "back:",
    ),
    "a need of the desk that isn't there": Spoilt(
        Code.NO_CATEGORY,
        "desk.yml",
        "    categories: [track_order]\ncanned",
        "    categories: [track_order, pay]\ncanned",
        "pay",
        "categories",
    ),
    "a skill that isn't there": Spoilt(
        Code.NO_CATEGORY, "desk.yml", "skill: orders", "skill: money", "money", "skill: money"
    ),
    "a need of a rule that isn't there": Spoilt(
        Code.NO_NEED,
        RULES,
        "- intent: greet",
        "- intent: greet\n      - intent: gret",
        "gret",
        "gret",
    ),
    "a need of a button that isn't there": Spoilt(
        Code.NO_NEED,
        SAID,
        "value: en}]\n",
        'value: en}]\n      buttons: [{title: "Pay", payload: /pay}]\n',
        "/pay",
        "Hello",
    ),
    "an action that isn't there": Spoilt(
        Code.NO_ACTION,
        RULES,
        "      - action: action_track_order\n",
        "      - action: action_track_order\n      - action: action_trak\n",
        "action_trak",
        "trak",
    ),
    "an action that nobody wrote": Spoilt(
        Code.NO_ACTION,
        "actions/track_order.py",
        '"validate_track_order_form"',
        '"nothing"',
        "validate_track_order_form",
        "validate",
        "domain.yml",
    ),
    "a form that isn't there": Spoilt(
        Code.NO_FORM,
        RULES,
        "      - active_loop: null\n",
        "      - active_loop: other_form\n",
        "other_form",
        "other_form",
    ),
    "a slot that isn't there": Spoilt(
        Code.NO_SLOT, RULES, "requested_slot: null", "colour: red", "colour", "slot_was_set"
    ),
    "a form's slot that isn't there": Spoilt(
        Code.NO_SLOT,
        "domain.yml",
        "[order_number]\nactions",
        "[order_number, size]\nactions",
        "size",
        "required_slots",
    ),
    "an entity that isn't there": Spoilt(
        Code.NO_SLOT,
        "domain.yml",
        "entity: order_number}",
        "entity: order_nr}",
        "order_nr",
        "order_nr",
    ),
    "an invitation that is never shown": Spoilt(
        Code.INVITATION, "invitations.yml", "seconds: 30", "product: [NONE-1]", "NONE-1", "when:"
    ),
    "a term that can't be said": Spoilt(
        Code.POLICY, "policy.yml", "days: 30", "days: []", "returns_days", "days: []"
    ),
    "a need that nothing uses": Spoilt(
        Code.UNUSED_INTENT, "domain.yml", "  - greet\n", "  - greet\n  - wave\n", "wave", "- wave"
    ),
    "a reply that nothing says": Spoilt(
        Code.UNUSED_REPLY,
        TRACKED,
        "  utter_tracked:\n",
        "  utter_lost:\n"
        + "".join(
            f"{line}\n"
            for language in ("en", "ja")
            for line in small.wording(small.SAID[language]["utter_greet"], language)
        )
        + "  utter_tracked:\n",
        "utter_lost",
        "utter_lost:",
    ),
    "a slot that nothing uses": Spoilt(
        Code.UNUSED_SLOT,
        "domain.yml",
        "forms:\n",
        "  mood:\n    type: text\n    mappings: [{type: custom}]\nforms:\n",
        "mood",
        "mood:",
    ),
    "a form that nothing uses": Spoilt(
        Code.UNUSED_FORM,
        "domain.yml",
        "forms:\n",
        "forms:\n  pay_form:\n    required_slots: [order_number]\n",
        "pay_form",
        "pay_form",
    ),
    "an action that nothing uses": Spoilt(
        Code.UNUSED_ACTION,
        "domain.yml",
        "actions:\n",
        "actions:\n  - utter_greet\n  - utter_idle\n",
        "utter_idle",
        "utter_idle",
    ),
    "a term that nothing says": Spoilt(
        Code.UNUSED_POLICY, "policy.yml", "days: 30", "days: 30\n  fee: 2", "returns_fee", "fee"
    ),
    "an entity that nothing uses": Spoilt(
        Code.UNUSED_ENTITY, "domain.yml", "entities:\n", "entities:\n  - mood\n", "mood", "- mood"
    ),
    "simplified signs": Spoilt(
        Code.SIMPLIFIED,
        "desk.yml",
        'ja: "ご注文"}',
        'ja: "ご注文", zh-Hant: "订單"}',
        "订",
        "titles",
    ),
    "traditional signs": Spoilt(
        Code.TRADITIONAL,
        "desk.yml",
        'ja: "ご注文"}',
        'ja: "ご注文", zh-Hans: "订單"}',
        "單",
        "titles",
    ),
    "Chinese in English": Spoilt(
        Code.WRONG_SCRIPT, "menus.yml", 'en: "Back"', 'en: "返回"', "返回", "back"
    ),
    "Chinese in Japanese": Spoilt(
        Code.WRONG_SCRIPT, JA_GREET, "- どうも", "- 你们好吗", "你们好吗", "你们"
    ),
    "Japanese without kana": Spoilt(
        Code.WRONG_SCRIPT,
        "menus.yml",
        'ja: "戻る"',
        'ja: "前頁的選択肢一覧表示画面再表示"',
        "前頁的選択肢一覧表示画面再表示",
        "back",
    ),
    "a private key": Spoilt(
        Code.PRIVATE_KEY, "tenin.yml", "", f"# {KEY}\n".replace("\\n", "\n"), "PRIVATE KEY", "BEGIN"
    ),
    "a key of AWS": Spoilt(Code.TOKEN, "deploy.env", "", f"ID={AWS}\n", "AKIA…", "ID="),
    "a token of GitHub": Spoilt(Code.TOKEN, "notes.md", "", f"\nUse {GITHUB}.\n", "ghp_…", "Use"),
    "a password in an address": Spoilt(
        Code.PASSWORD_IN_ADDRESS, "notes.md", "", f"at {ADDRESS}\n", "n0tm…", "at"
    ),
    "what looks secret": Spoilt(
        Code.SECRET_WRITTEN, "deploy.env", "", "SHOP_API_TOKEN=" + "k7" * 12 + "\n", "k7k7…", "SHOP"
    ),
    "what Tenin can't load": Spoilt(
        Code.NOT_LOADED,
        "tenin.yml",
        "",
        "actions:\n  deadline_seconds: 8\n  give_up_seconds: 2\n",
        "tenin.yml",
    ),
    "an excuse of nothing": Spoilt(
        Code.UNUSED_EXCUSE,
        "checks.yml",
        "",
        'excused:\n  - {code: T201, words: "hi", reason: "Meant."}\n',
        "hi",
        "T201",
    ),
}


def test_nothing_is_wrong_with_the_small_project(tmp_path: Path) -> None:
    assert check(small.write(tmp_path, small.files())) == []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_kind_of_finding(tmp_path: Path, case: Spoilt) -> None:
    files = small.files()
    if case.new is None:
        del files[case.file]
    else:
        text = files.get(case.file, "")
        assert case.old in text
        files[case.file] = text.replace(case.old, case.new, 1) if case.old else case.new + text
    findings = check(small.write(tmp_path, files))
    found = [each for each in findings if each.code == case.code.value]
    assert found, [str(each) for each in findings]
    told = {each.words: each for each in found}
    assert case.words in told, [(each.words, str(each)) for each in found]
    finding = told[case.words]
    assert case.told_in in ("", finding.file), str(finding)
    assert finding.remedy
    assert finding.message
    if case.at:
        lines = (tmp_path / finding.file).read_text(encoding="utf-8").split("\n")
        assert case.at in lines[finding.line - 1], str(finding)


def test_every_code_has_a_test() -> None:
    tried = {case.code for case in CASES.values()}
    tried |= {case.code for case in test_mistakes.CASES.values()}
    tried |= {Code.ENCODING, Code.ENDING, Code.WRONG_FOLDER, Code.WRONG_LANGUAGE}  # test_mistakes
    assert tried == set(Code)


def test_every_code_is_explained_once() -> None:
    explained = re.findall(r"(?m)^\| (T\d{3}) \|", (PROJECT / "docs/checks.md").read_text("utf-8"))
    assert explained == sorted(code.value for code in Code)


def test_an_excuse_needs_the_code_the_words_and_a_reason(tmp_path: Path) -> None:
    files = small.files() | {
        GREET: small.files()[GREET].replace("hey you", "howdy friend"),
        "checks.yml": 'excused:\n  - {code: T203, words: "howdy friend", reason: "Meant."}\n',
    }
    root = small.write(tmp_path, files)
    assert check(root) == []
    for old, new in (
        ("T203", "T202"),
        ("howdy friend", "howdy"),
        ("Meant.", " "),
        ("words", f"file: {TRACK}, words"),
    ):
        small.write(root, {"checks.yml": files["checks.yml"].replace(old, new)})
        assert "T203" in {finding.code for finding in check(root)}


def test_one_broken_file_hides_no_other_and_makes_no_more_findings(tmp_path: Path) -> None:
    files = small.files()
    files[SAID] = files[SAID].replace("  utter_greet:", "  utter_greet：")
    files[GREET] = files[GREET].replace("examples: |", "examples |")
    files[RULES] = files[RULES].replace("rules:\n", "rules\n")
    files["menus.yml"] = files["menus.yml"].replace('ja: "戻る"}', 'ja: "戻る"')
    files["policy.yml"] = files["policy.yml"].replace("  days", "\tdays")
    files[GRADED] = files[GRADED].replace("- yo", "- hey you")
    findings = check(small.write(tmp_path, files))
    assert sorted((finding.file, finding.code) for finding in findings) == [
        (GREET, "T003"),
        (GREET, "T203"),
        (SAID, "T008"),
        (RULES, "T003"),
        ("menus.yml", "T019"),
        ("policy.yml", "T002"),
    ]


def test_a_language_that_is_called_begun_may_be_incomplete(tmp_path: Path) -> None:
    files = small.files()
    for said, codes in (("ready: true", set()), ("ready: false", set()), ("", {"T106"})):
        named = files["languages.yml"].replace("  zh-Hans: {name: 简体中文}\n", "")
        named += f"  nl: {{name: Nederlands{', ' if said else ''}{said}}}\n"
        begun = {
            "languages.yml": named,
            "data/nlu/nl/greet.yml": files["data/nlu/en/greet.yml"].replace("hello", "hallo"),
        }
        found = check(small.write(tmp_path / (said[-4:] or "none"), files | begun))
        ours = {each.code for each in found if each.file == "data/nlu/nl/greet.yml"}
        assert ours & {"T106"} == codes


def test_blueprints_are_looked_at_too(tmp_path: Path) -> None:
    files = small.files() | {"blueprints/first.yml": "title: {en: First, ja: 最初}\n"}
    codes = {finding.code for finding in check(small.write(tmp_path, files))}
    assert "B002" in codes
