"""`tenin add`: what is written where, what is refused, and that a second run changes nothing."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pty
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rasa_sdk.executor import CollectingDispatcher

from tenin.cli import main
from tenin.language.languages import load_languages
from tenin.language.menus import check_menus, load_menus
from tenin.language.policy import load_policy
from tenin.language.wording import check, load_responses
from tenin.language.yamlfile import read_yaml
from tenin.training.check.whole import check as check_files
from tenin.training.corpus import HELD_OUT, TRAINED, read_sentences
from tests.unit.training.conftest import PROJECT

FAQ, INTENT = PROJECT / "docs/trainers/gift_wrapping.yml", PROJECT / "docs/trainers/gift_card.yml"
READY = load_languages(PROJECT / "languages.yml").ready


@pytest.fixture
def add(copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run `tenin add …` in the copy: exit code, standard output and error."""
    monkeypatch.setenv("TENIN_ROOT", str(copied))

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["add", words[0], "--no-check", *words[1:]])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def state(root: Path) -> dict[str, bytes]:
    """Every file of the copy."""
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def told(root: Path) -> set[tuple[str, str, str]]:
    """What `tenin check` finds in the copy, which lacks the project's Python."""
    return {(each.code, each.file, each.words) for each in check_files(root)}


def faults(root: Path) -> list[str]:
    """What wording and menus of the copy lack."""
    languages = load_languages(root / "languages.yml")
    menus = load_menus(root / "menus.yml")
    policy = load_policy(root / "policy.yml", languages.names)
    responses = load_responses(root / "data/responses", languages.default, policy)
    needs = {each.need for each in read_sentences(root, TRAINED)} | {"mail_notices", "mail_stop"}
    return [
        *check(responses, languages.ready, menus),
        *check_menus(menus, languages.ready, needs),
    ]


def test_examples_go_into_the_needs_file(add: Any, copied: Path) -> None:
    before = state(copied)
    code, said, _ = add(
        "example", "--need", "reviews", "--language", "en", "has anybody liked it", "  top marks? "
    )
    assert (code, said) == (0, "data/nlu/en/reviews.yml: +2\n")
    changed = {name for name, text in state(copied).items() if before.get(name) != text}
    assert changed == {"data/nlu/en/reviews.yml"}
    assert [
        each.text for each in read_sentences(copied, TRAINED, "en") if each.need == "faq/reviews"
    ][-2:] == [
        "has anybody liked it",
        "top marks?",
    ]
    again = add(
        "example", "--need", "reviews", "--language", "en", "Has anybody liked it", "top marks?"
    )
    assert again == (0, "All of it is there already; nothing was changed.\n", "")


def test_held_out_sentences_go_to_the_tests(add: Any, copied: Path) -> None:
    code, said, _ = add(
        "example", "--need", "greet", "--language", "ja", "--held-out", "やあ、ごめんください"
    )
    assert (code, said) == (0, "tests/nlu/ja/greet.yml: +1\n")
    assert "やあ、ごめんください" in {each.text for each in read_sentences(copied, HELD_OUT, "ja")}


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("--need", "greet", "--language", "en", "reviews?"), "data/nlu/en/reviews.yml:8"),
        (
            ("--need", "reviews", "--language", "en", "what do other customers say about it"),
            "write another",
        ),
        (("--need", "reviews", "--language", "en", "--held-out", "REVIEWS?"), "write another"),
        (("--need", "reviewz", "--language", "en", "x y"), "as in reviews"),
        (("--need", "reviews", "--language", "xx", "x y"), "tenin add language"),
        (("--need", "reviews", "--language", "en", "a\nb"), "one line"),
        (("--need", "reviews", "--language", "en", "the [Nest 2](product)"), "Write it plain"),
        (("--need", "reviews", "--language", "en"), "no sentence"),
        (("--language", "en", "x y"), "--need is missing"),
    ],
    ids=["other need", "held out", "trained", "unknown need", "unknown language", "two lines",
         "marked", "none", "no need"],
)  # fmt: skip
def test_a_wrong_example_is_refused_with_the_remedy(
    add: Any, copied: Path, words: tuple[str, ...], remedy: str
) -> None:
    before = state(copied)
    code, said, error = add("example", *words)
    assert (code, said) == (2, "")
    assert remedy in error
    assert error.count("\n") == 1 or "\\n" in error
    assert state(copied) == before


def test_a_wording_is_added_in_all_ready_languages(add: Any, copied: Path) -> None:
    texts = {
        "en": "Any time.",
        "zh-Hans": "随时找我。",
        "zh-Hant": "隨時找我。",
        "ja": "いつでもどうぞ。",
    }
    words = [word for code, text in texts.items() for word in ("--text", f"{code}={text}")]
    assert add("answer", "thanks", *words) == (0, "data/responses/thanks.yml: +8\n", "")
    found = load_responses(copied / "data/responses").variations["utter_thanks"]
    order = [said.language for said in found]
    assert order == [code for code in texts for _ in range(3)]  # each beside its own
    assert {said.text for said in found} >= set(texts.values())
    assert faults(copied) == []
    assert add("answer", "utter_thanks", *words)[1].startswith("All of it is there already")


def test_a_wording_takes_over_the_buttons_of_its_like(add: Any, copied: Path) -> None:
    words = [
        word for code in READY for word in ("--text", f"{code}=We keep {{returns_days:days}}.")
    ]
    assert add("answer", "reviews", *words)[0] == 0
    found = load_responses(copied / "data/responses").variations["utter_faq/reviews"]
    assert {tuple(said.custom["offer"]) for said in found} == {("recommend_product", "human_agent")}
    assert faults(copied) == []


def test_words_are_replaced_in_one_language(add: Any, copied: Path) -> None:
    code, said, _ = add("answer", "thanks", "--replace", "2", "--text", "en=Gladly.")
    assert (code, said) == (0, "data/responses/thanks.yml: +1 -1\n")
    found = load_responses(copied / "data/responses").variations["utter_thanks"]
    assert [said.text for said in found if said.language == "en"][1] == "Gladly."


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("thanks", "--text", "en=Gladly."), "--replace 1"),
        (("thanks", "--replace", "3", "--text", "en=Gladly."), "2 wordings in en"),
        (("thanks", "--replace", "1", "--text", "en=Gladly {name}."), "placeholders"),
        (("thanks", "--text", "Gladly."), 'en="words"'),
        (("thanxx", "--text", "en=Gladly."), "data/responses"),
        (("thanks", "--replace", "1", "--text", "en= "), "is empty"),
        ((), "tenin add answer thanks"),
    ],
    ids=range(7),
)
def test_a_wrong_answer_is_refused_with_the_remedy(
    add: Any, copied: Path, words: tuple[str, ...], remedy: str
) -> None:
    before = state(copied)
    code, _, error = add("answer", *words)
    assert code == 2
    assert remedy in error
    assert state(copied) == before


def test_an_unknown_placeholder_in_all_languages_is_no_term(add: Any, copied: Path) -> None:
    words = [word for code in READY for word in ("--text", f"{code}={{nonsense}}")]
    code, _, error = add("answer", "place_order", *words)
    assert code == 2
    assert "placeholders" in error or "no term of policy.yml" in error


def test_a_question_is_written_whole(add: Any, copied: Path) -> None:
    before = state(copied)
    code, said, error = add("faq", "--from", str(FAQ))
    assert (code, error) == (0, "")
    changed = {name for name, text in state(copied).items() if before.get(name) != text}
    assert changed == {
        *(
            f"{folder}/{code}/gift_wrapping.yml"
            for folder in ("data/nlu", "tests/nlu")
            for code in READY
        ),
        "data/responses/gift_wrapping.yml",
        "menus.yml",
        "desk.yml",
    }
    assert set(said.splitlines()) >= {"menus.yml: +2 -1", "desk.yml: +1 -1"}
    menus = load_menus(copied / "menus.yml")
    assert menus.menus["ordering"].choices[-2:] == ("faq/gift_wrapping", "human_agent")
    assert faults(copied) == []
    for folder, count in ((TRAINED, 10), (HELD_OUT, 8)):
        for language in READY:
            own = [
                each
                for each in read_sentences(copied, folder, language)
                if each.need == "faq/gift_wrapping"
            ]
            assert len(own) == count
    assert (
        (copied / "data/nlu/en/gift_wrapping.yml")
        .read_text()
        .startswith("# Whether goods can be wrapped as a gift, with a card or without")
    )
    after = state(copied)
    assert add("faq", "--from", str(FAQ)) == (
        0,
        "All of it is there already; nothing was changed.\n",
        "",
    )
    assert state(copied) == after


def test_a_question_by_options_alone(add: Any, copied: Path) -> None:
    words = ["gift_paper"]
    for code in READY:
        words += [
            "--title",
            f"{code}=Paper {code}?",
            "--answer",
            f"{code}=Yes {code}.",
            "--answer",
            f"{code}=Surely {code}.",
        ]
        words += ["--example", f"{code}=qx paper {code}", "--held-out", f"{code}=qx held {code}"]
    assert add("faq", *words, "--menu", "ordering", "--offer", "human_agent")[0] == 0
    found = load_responses(copied / "data/responses").variations["utter_faq/gift_paper"]
    assert len(found) == 2 * len(READY)
    assert faults(copied) == []


def test_a_dry_run_prints_a_patch_and_writes_nothing(add: Any, copied: Path) -> None:
    before = state(copied)
    code, patch, _ = add("faq", "--from", str(FAQ), "--dry-run")
    assert code == 0
    assert state(copied) == before
    subprocess.run(["git", "init", "-q", copied], check=True)
    subprocess.run(["git", "-C", copied, "apply"], input=patch, text=True, check=True)
    assert faults(copied) == []
    assert (copied / "data/responses/gift_wrapping.yml").is_file()


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        (lambda text: text.replace("faq: ", "faqs: "), "`faq: name`"),
        (lambda text: text.replace("gift_wrapping", "Gift-Wrapping"), "small letters"),
        (lambda text: text.replace("menu: ordering", "menu: orderinx"), "no menu 'orderinx'"),
        (lambda text: text.replace("skill: orders", "skill: orderz"), "no skill 'orderz'"),
        (lambda text: text.replace("ja:\n", "jp:\n"), "'jp'"),
        (lambda text: text.replace("  title: Can", "  titel: Can"), "'titel' under en"),
        (lambda text: text.replace("Yes. Choose", "{gift_fee:money}. Choose"), "placeholders"),
        (lambda text: text.replace("- gift box available?", "- reviews?"), "faq/reviews already"),
        (lambda text: text.split("ja:\n")[0], "ja: title"),
        (lambda text: text.replace("gift_wrapping", "track_order"), "another name"),
        (lambda text: text.replace("- do you do gift wrapping", "- 12"), "between quotes"),
    ],
    ids=range(11),
)
def test_a_wrong_sheet_is_refused_with_the_remedy(
    add: Any, copied: Path, tmp_path: Path, change: Any, remedy: str
) -> None:
    before = state(copied)
    sheet = tmp_path / "sheet.yml"
    sheet.write_text(change(FAQ.read_text(encoding="utf-8")), encoding="utf-8")
    code, _, error = add("faq", "--from", str(sheet))
    assert code == 2
    assert remedy in error
    assert "Traceback" not in error
    assert state(copied) == before


def test_an_intent_is_written_with_rule_stories_action_and_dialogues(
    add: Any, copied: Path
) -> None:
    before, told_before = state(copied), told(copied)
    code, _, error = add("intent", "--from", str(INTENT))
    assert (code, error) == (0, "")
    changed = {name for name, text in state(copied).items() if before.get(name) != text}
    assert changed >= {
        "domain.yml",
        "actions/gift_card.py",
        "data/rules/gift_card.yml",
        "data/stories/gift_card.yml",
        *(f"tests/dialogues/{code}/gift_card.yml" for code in READY),
    }
    domain = read_yaml(copied / "domain.yml")
    assert {"gift_card": {"use_entities": []}} in domain["intents"]
    assert domain["intents"] == sorted(domain["intents"], key=lambda each: next(iter(each)))
    assert domain["actions"] == sorted(domain["actions"])
    assert faults(copied) == []
    steps = [
        story["steps"] for story in read_yaml(copied / "data/stories/gift_card.yml")["stories"]
    ]
    begun = [{"intent": "gift_card"}, {"action": "action_gift_card"}]
    assert steps == [
        [*begun, {"intent": "affirm"}, {"action": "action_handoff"}],
        [*begun, {"intent": "deny"}, {"action": "utter_gift_card_later"}],
    ]
    first = {"said": "ギフトカードを買いたい", "answered": "utter_gift_card"}
    assert read_yaml(copied / "tests/dialogues/ja/gift_card.yml") == [
        {
            "dialogue": "ギフトカードがほしい → はい、お願いします",
            "turns": [
                first,
                {"said": "はい、お願いします", "answered": "utter_handoff_nobody"},
            ],
        },
        {
            "dialogue": "ギフトカードがほしい → いいえ、結構です",
            "turns": [first, {"said": "いいえ、結構です", "answered": "utter_gift_card_later"}],
        },
    ]
    assert told(copied) == told_before  # a trainer who follows the guide is told of nothing
    after = state(copied)
    (copied / "actions/gift_card.py").write_text("# filled with life\n")
    assert add("intent", "--from", str(INTENT))[1].startswith("All of it is there already")
    (copied / "actions/gift_card.py").write_bytes(after["actions/gift_card.py"])
    assert state(copied) == after


def test_the_action_that_is_written_says_the_answer_and_keeps_the_houses_style(
    add: Any, copied: Path
) -> None:
    assert add("intent", "--from", str(INTENT))[0] == 0
    file = copied / "actions/gift_card.py"
    spec = importlib.util.spec_from_file_location("gift_card_of_a_test", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    action, dispatcher = module.ActionGiftCard(), CollectingDispatcher()
    tracker: Any = SimpleNamespace(latest_message={})
    assert asyncio.run(action.run(dispatcher, tracker, {})) == []
    assert action.name() == "action_gift_card"
    assert [each["response"] for each in dispatcher.messages] == ["utter_gift_card"]
    config = str(PROJECT / "pyproject.toml")
    for words in (("check",), ("format", "--check")):
        ruff = [str(Path(sys.executable).with_name("ruff")), *words, "--config", config, str(file)]
        assert subprocess.run(ruff, capture_output=True, check=False).returncode == 0, words


@pytest.mark.parametrize(
    ("action", "done"),
    [
        (None, "utter_gift_card"),
        ("action_handoff", "action_handoff"),
        ("restock_form", "restock_form"),
    ],
    ids=["answer", "action", "form"],
)
def test_an_intent_without_an_action_of_its_own(
    add: Any, copied: Path, tmp_path: Path, action: str | None, done: str
) -> None:
    sheet = tmp_path / "sheet.yml"
    text = INTENT.read_text(encoding="utf-8")
    sheet.write_text(
        text.replace("action: new\n", f"action: {action}\n" if action else ""), encoding="utf-8"
    )
    assert add("intent", "--from", str(sheet))[0] == 0
    [rule] = read_yaml(copied / "data/rules/gift_card.yml")["rules"]
    assert rule["steps"] == [{"intent": "gift_card"}, {"action": done}]
    assert not (copied / "actions/gift_card.py").exists()


@pytest.mark.parametrize(
    "way_on", ["{affirm: action_doubt}", "{human_agent: action_doubt}", "{}"], ids=range(3)
)
def test_a_way_on_whose_reply_only_the_bot_knows_is_left_to_the_trainer(
    add: Any, copied: Path, tmp_path: Path, way_on: str
) -> None:
    sheet = tmp_path / "sheet.yml"
    then = "{affirm: action_handoff, deny: utter_gift_card_later}"
    text = INTENT.read_text(encoding="utf-8")
    assert then in text
    sheet.write_text(text.replace(then, way_on), encoding="utf-8")
    assert add("intent", "--from", str(sheet))[0] == 0
    assert read_yaml(copied / "tests/dialogues/en/gift_card.yml") == [
        {
            "dialogue": "I'd like a gift card",
            "turns": [{"said": "I want to buy a gift card", "answered": "utter_gift_card"}],
        }
    ]


@pytest.mark.parametrize(
    ("old", "new", "remedy"),
    [
        ("action: new", "action: action_nothing", "no action 'action_nothing'"),
        ("affirm: action_handoff", "agree: action_handoff", "'agree'"),
        ("deny: utter_gift_card_later", "deny: utter_gift_card_never", "'utter_gift_card_never'"),
        ("then: {affirm", "then: [affirm", "tenin"),
        ("intent: gift_card", "intent: reviews", "another name"),
    ],
    ids=range(5),
)
def test_a_wrong_intent_is_refused_with_the_remedy(
    add: Any, copied: Path, tmp_path: Path, old: str, new: str, remedy: str
) -> None:
    before = state(copied)
    sheet = tmp_path / "sheet.yml"
    sheet.write_text(INTENT.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    code, _, error = add("intent", "--from", str(sheet))
    assert code == 2
    assert remedy in error
    assert state(copied) == before


def test_at_a_terminal_what_is_missing_is_asked_for(copied: Path) -> None:
    """A real terminal: the command asks for sentences until an empty one."""
    mine, theirs = pty.openpty()
    environment = {
        **os.environ,
        "TENIN_ROOT": str(copied),
        "TERM": "xterm",
        "PYTHONPATH": str(PROJECT),
    }
    words = ["add", "example", "--need", "reviews", "--language", "en", "--no-check"]
    process = subprocess.Popen(
        [sys.executable, "-m", "tenin", *words],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=PROJECT, close_fds=True,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    answers = {b"(1)": b"any praise for it\r", b"(2)": b"\r"}
    try:
        while True:
            try:
                seen += os.read(mine, 4096)
            except OSError:  # the terminal's other end is closed
                break
            if b"\x1b[6n" in seen:  # where is the cursor? a terminal answers
                os.write(mine, b"\x1b[1;1R")
                seen = seen.replace(b"\x1b[6n", b"")
            for question in [each for each in answers if each in seen]:
                os.write(mine, answers.pop(question))
    finally:
        process.wait(60)
        os.close(mine)
    assert process.returncode == 0, seen
    assert "any praise for it" in {each.text for each in read_sentences(copied, TRAINED, "en")}
