"""Wording: chosen by language, channel and what was said last; complete or named as faulty."""

import logging
from pathlib import Path

import pytest

from tenin.language.languages import load_languages
from tenin.language.menus import Button, Menus, load_menus
from tenin.language.policy import Policy, load_policy
from tenin.language.wording import Responses, WordingError, check, load_responses, say

ROOT = Path(__file__).parents[3]
EN = "condition: [{type: slot, name: language, value: en}]"
ZH = "condition: [{type: slot, name: language, value: zh-Hans}]"
RESPONSES = f"""
responses:
  utter_bye:
    - text: "Bye {{name}}"
      {EN}
    - text: "So long {{name}}"
      {EN}
    - text: "Farewell {{name}}"
      {EN}
    - text: "再见 {{name}}"
      {ZH}
    - text: "bye by mail, {{name}}"
      channel: email
      {EN}
  utter_menu:
    - text: "{{menu_prompt}}"
      {EN}
      custom: {{menu: current}}
    - text: "{{menu_prompt}}"
      {ZH}
      custom: {{menu: current}}
  utter_start:
    - text: "Sorry."
      {EN}
      buttons: [{{title: Help, payload: /human_agent}}]
      custom: {{menu: start, kind: apology}}
    - text: "抱歉。"
      {ZH}
      buttons: [{{title: 帮助, payload: /human_agent}}]
      custom: {{menu: start, kind: apology}}
  utter_topics:
    - text: "Which one?"
      {EN}
      buttons: [{{title: None, payload: /deny}}]
      custom: {{offer: [human_agent, orders]}}
    - text: "哪一个？"
      {ZH}
      buttons: [{{title: 都不是, payload: /deny}}]
      custom: {{offer: [human_agent, orders]}}
  utter_terms:
    - text: "{{returns_days:days}}, {{shop_name}}"
      {EN}
    - text: "{{shop_name}}，{{returns_days:days}}"
      {ZH}
  utter_sent:
    - text: "Due {{expected:date}}, {{total:money}}"
      {EN}
    - text: "{{expected:date}}，{{total:money}}"
      {ZH}
"""
MENUS = """
titles:
  human_agent: {en: A person, zh-Hans: 转人工}
  track_order: {en: Where is it?, zh-Hans: 到哪了}
back: {en: Back, zh-Hans: 返回}
menus:
  start: {title: {en: Menu, zh-Hans: 菜单}, prompt: {en: What?, zh-Hans: 什么？}, choices: [orders]}
  orders:
    title: {en: Orders, zh-Hans: 订单}
    prompt: {en: Which?, zh-Hans: 哪个？}
    choices: [human_agent]
"""
TERMS = """
shop: {name: {en: Kodama, zh-Hans: 木灵}}
returns: {days: 30}
"""


def load(folder: Path, text: str, name: str = "all.yml", policy: Policy | None = None) -> Responses:
    file = folder / "responses" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return load_responses(folder / "responses", default="en", policy=policy)


@pytest.fixture
def responses(tmp_path: Path) -> Responses:
    return load(tmp_path, RESPONSES)


@pytest.fixture
def menus(tmp_path: Path) -> Menus:
    (tmp_path / "menus.yml").write_text(MENUS, encoding="utf-8")
    return load_menus(tmp_path / "menus.yml")


@pytest.fixture
def with_terms(tmp_path: Path) -> Responses:
    return load(tmp_path, RESPONSES, policy=terms(tmp_path, TERMS))


def terms(folder: Path, text: str) -> Policy:
    (folder / "policy.yml").write_text(text, encoding="utf-8")
    return load_policy(folder / "policy.yml", ["en", "zh-Hans"])


def bye(responses: Responses, recent: list[str], language: str = "en", channel: str = "web") -> str:
    return say(responses, "utter_bye", language, channel, {"name": "Mei"}, recent).text


def test_the_language_comes_first_then_the_channel(responses: Responses) -> None:
    assert bye(responses, []) == "Bye Mei"
    assert bye(responses, [], channel="email") == "bye by mail, Mei"
    assert bye(responses, [], "zh-Hans", "email") == "再见 Mei"


def test_what_was_said_is_not_said_again_while_there_are_other_words(responses: Responses) -> None:
    assert bye(responses, ["Bye Mei"]) == "So long Mei"
    assert bye(responses, ["So long Mei", "Bye Mei"]) == "Farewell Mei"
    assert bye(responses, ["Bye Kim"]) == "Bye Mei"


def test_when_all_was_said_the_oldest_is_said(responses: Responses) -> None:
    said = ["Farewell Mei", "Bye Mei", "So long Mei"]
    assert bye(responses, said) == "Farewell Mei"
    assert bye(responses, [*said, "Farewell Mei"]) == "Bye Mei"


def test_values_are_formatted(responses: Responses) -> None:
    values = {"expected": "2026-11-05", "total": ["329", "CNY"]}
    assert say(responses, "utter_sent", "en", values=values).text == "Due November 5, 2026, CN¥329"
    assert say(responses, "utter_sent", "zh-Hans", values=values).text == "2026年11月5日，¥329"


SOMETIMES = f"""
responses:
  utter_mail:
    - text: "Mail?"
      {EN}
      buttons:
        - {{title: Always, payload: /deny}}
        - {{title: Begin, payload: /mail_notices, when: no_mail_yet}}
        - {{title: End, payload: /mail_stop, when: gets_mail}}
"""


@pytest.mark.parametrize(
    ("holds", "shown"),
    [
        ((), ["Always"]),
        (("no_mail_yet",), ["Always", "Begin"]),
        (("gets_mail",), ["Always", "End"]),
        (("gets_mail", "no_mail_yet"), ["Always", "Begin", "End"]),
        (None, ["Always", "Begin", "End"]),
    ],
)
def test_a_button_is_shown_while_its_condition_holds(
    tmp_path: Path, holds: tuple[str, ...] | None, shown: list[str]
) -> None:
    (tmp_path / "mail.yml").write_text(SOMETIMES, encoding="utf-8")
    responses = load_responses(tmp_path, default="en")
    given = {} if holds is None else {"holds": holds}
    said = say(responses, "utter_mail", "en", **given)
    assert [button.title for button in said.buttons] == shown


def test_an_unknown_condition_is_named_with_those_there_are(tmp_path: Path) -> None:
    (tmp_path / "mail.yml").write_text(SOMETIMES.replace("gets_mail", "rains"), encoding="utf-8")
    with pytest.raises(WordingError, match=r"mail\.yml.*no_mail_yet \(or gets_mail\)"):
        load_responses(tmp_path, default="en")


def test_a_button_with_a_condition_in_one_language_alone_is_a_fault(tmp_path: Path) -> None:
    more = SOMETIMES.replace(", when: gets_mail", "").partition("responses:\n  utter_mail:\n")[2]
    text = SOMETIMES + more.replace("value: en", "value: zh-Hans")
    (tmp_path / "mail.yml").write_text(text, encoding="utf-8")
    [fault] = check(load_responses(tmp_path, default="en"), ["en", "zh-Hans"])
    assert "/mail_stop gets_mail" in fault


def test_a_menu_adds_its_buttons_and_prompt(responses: Responses, menus: Menus) -> None:
    said = say(responses, "utter_menu", "zh-Hans", menus=menus, menu="orders")
    assert said.text == "哪个？"
    assert said.buttons == (
        Button("转人工", "/human_agent"),
        Button("返回", '/show_menu{"menu": "start"}'),
    )
    assert said.custom == {"menu": "orders"}
    assert said.key == "utter_menu"


def test_a_named_menu_stands_after_the_responses_own_buttons(
    responses: Responses, menus: Menus
) -> None:
    said = say(responses, "utter_start", "en", menus=menus, menu="orders")
    assert said.buttons == (
        Button("Help", "/human_agent"),
        Button("Orders", '/show_menu{"menu": "orders"}'),
    )
    assert said.custom == {"menu": "start", "kind": "apology"}


PERSON = Button("A person", "/human_agent")
ORDERS = Button("Orders", '/show_menu{"menu": "orders"}')
TRACK = Button("Where is it?", "/track_order")
NONE = Button("None", "/deny")


def test_what_a_wording_offers_gets_its_buttons_after_its_own(
    responses: Responses, menus: Menus
) -> None:
    said = say(responses, "utter_topics", "en", menus=menus)
    assert said.buttons == (NONE, PERSON, ORDERS)
    assert said.custom == {}
    assert say(responses, "utter_topics", "zh-Hans", menus=menus).buttons == (
        Button("都不是", "/deny"),
        Button("转人工", "/human_agent"),
        Button("订单", '/show_menu{"menu": "orders"}'),
    )
    assert say(responses, "utter_topics", "en", menus=menus) == said  # not used up


@pytest.mark.parametrize(
    ("key", "offer", "buttons"),
    [
        ("utter_sent", ["track_order", "orders"], (TRACK, ORDERS)),
        ("utter_topics", ["track_order"], (TRACK, NONE, PERSON, ORDERS)),
        ("utter_topics", ["orders", "track_order", "orders"], (ORDERS, TRACK, NONE, PERSON)),
        ("utter_start", ["track_order"], (TRACK, Button("Help", "/human_agent"), ORDERS)),
    ],
)
def test_what_is_offered_besides_stands_first_and_once(
    responses: Responses, menus: Menus, key: str, offer: list[str], buttons: tuple[Button, ...]
) -> None:
    values = {"expected": "2026-11-05", "total": ["329", "CNY"]}
    assert say(responses, key, "en", values=values, menus=menus, offer=offer).buttons == buttons


def test_what_cannot_be_offered_is_an_error_with_a_remedy(
    tmp_path: Path, responses: Responses, menus: Menus
) -> None:
    with pytest.raises(WordingError, match=r"all\.yml: 'utter_topics' .*'sales' is neither.*add"):
        say(responses, "utter_topics", "en", menus=menus, offer=["sales"])
    with pytest.raises(WordingError, match=r"all\.yml: 'utter_topics' offers topics\. Load menus"):
        say(responses, "utter_topics", "en")
    with pytest.raises(WordingError, match=r"'utter_sent' offers topics\. Load menus"):
        say(responses, "utter_sent", "en", offer=["track_order"])
    gone = load(tmp_path, RESPONSES.replace("menu: start, kind", "menu: sales, kind"))
    with pytest.raises(WordingError, match=r"all\.yml: 'utter_start' .*no menu 'sales'.*Add it"):
        say(gone, "utter_start", "en", menus=menus)


def test_terms_fill_placeholders_in_the_language(with_terms: Responses) -> None:
    assert say(with_terms, "utter_terms", "en").text == "30 days, Kodama"
    assert say(with_terms, "utter_terms", "zh-Hans").text == "木灵，30天"


def test_a_value_given_wins_over_a_term_and_an_empty_slot_hides_none(
    with_terms: Responses,
) -> None:
    said = say(with_terms, "utter_terms", "en", values={"returns_days": 7, "shop_name": None})
    assert said.text == "7 days, Kodama"
    assert say(with_terms, "utter_terms", "en", values={"returns_days": 0}).text.startswith("0 day")


def test_terms_are_those_of_the_language_said(
    with_terms: Responses, caplog: pytest.LogCaptureFixture
) -> None:
    """Where another language stands in, all of the reply is in it."""
    with caplog.at_level(logging.WARNING):
        assert say(with_terms, "utter_terms", "ja").text == "30 days, Kodama"


def test_without_terms_their_placeholders_are_missing_values(responses: Responses) -> None:
    with pytest.raises(WordingError, match=r"'utter_terms' in 'en': .*\{returns_days\}"):
        say(responses, "utter_terms", "en")


@pytest.mark.parametrize("menu", [None, "gone"])
def test_without_a_known_menu_the_first_is_shown(
    responses: Responses, menus: Menus, menu: str | None
) -> None:
    assert say(responses, "utter_menu", "en", menus=menus, menu=menu).text == "What?"


def test_a_missing_language_falls_back_and_is_logged(
    responses: Responses, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert bye(responses, [], "ja") == "Bye Mei"
    assert "'utter_bye' has no wording in 'ja'" in caplog.text


def test_what_cannot_be_said_is_an_error_with_a_remedy(responses: Responses) -> None:
    with pytest.raises(WordingError, match=r"no response 'utter_x'. Add it") as raised:
        say(responses, "utter_x", "en")
    assert isinstance(raised.value, KeyError)
    assert not str(raised.value).startswith(("'", '"'))
    with pytest.raises(WordingError, match=r"all\.yml: 'utter_bye' in 'en': .*\{name\}"):
        say(responses, "utter_bye", "en")
    with pytest.raises(WordingError, match=r"'utter_menu' shows a menu"):
        say(responses, "utter_menu", "en")


def test_a_response_defined_twice_names_both_files(tmp_path: Path, responses: Responses) -> None:
    with pytest.raises(WordingError, match=r"'utter_bye' is in .*again\.yml and in .*all\.yml"):
        load(tmp_path, f"responses:\n  utter_bye:\n    - text: x\n      {EN}\n", "again.yml")


def test_a_response_defined_twice_in_a_file_names_the_line(tmp_path: Path) -> None:
    once = f"  utter_bye:\n    - text: x\n      {EN}\n"
    with pytest.raises(WordingError, match=r"all\.yml, line 5: .*duplicate key .utter_bye.\. "):
        load(tmp_path, "responses:\n" + once + once)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("responses:\n  a:\n    - text: x\n", r"must say its language"),
        (f"responses:\n  a:\n    - txt: x\n      {EN}\n", r"has no text"),
        ("responses:\n  a: []\n", r"'a' has no wording"),
        ("responses: [a]\n", r"must begin with 'responses:'"),
        ("- a\n", r"must begin with 'responses:'"),
        ("responses: {\n", r"all\.yml, line 2: .*Correct the YAML"),
        ("{}\n", r"There is no response"),
        (f"responses:\n  a:\n    - text: x\n      {EN}\n      buttons: [yes]\n", r"buttons or the"),
        (
            f"responses:\n  a:\n    - text: x\n      {EN}\n      custom: {{offer: b}}\n",
            r"offer: \[",
        ),
        (
            f"responses:\n  a:\n    - text: x\n      {EN}\n      custom: {{offer: [1]}}\n",
            r"offer: \[",
        ),
    ],
)
def test_a_faulty_file_is_refused(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(WordingError, match=named):
        load(tmp_path, text)


def test_complete_responses_have_no_faults(responses: Responses, menus: Menus) -> None:
    assert check(responses, ["en", "zh-Hans"], menus) == []


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            f'    - text: "再见 {{name}}"\n      {ZH}\n',
            "",
            "'utter_bye' has no wording in 'zh-Hans'",
        ),
        ("再见 {name}", "再见", "'utter_bye' has other placeholders"),
        ("，{total:money}", "，{total:number}", "'utter_sent' has other placeholders"),
        ("，{total:money}", "，{total:cash}", "unknown format"),
        ("再见 {name}", "再见 {name", "'utter_bye' in 'zh-Hans'"),
        ("title: 帮助, payload: /human_agent", "title: 帮助, payload: /faq", "other buttons"),
        ("custom: {menu: start, kind: apology}", "custom: {menu: sales}", "menu 'sales'"),
        ("custom: {menu: start, kind: apology}", "custom: {menu: start}", "other custom parts"),
        ("{offer: [human_agent, orders]}", "{offer: [human_agent, sales]}", "offers 'sales'"),
        ("{offer: [human_agent, orders]}", "{offer: [orders, human_agent]}", "other custom parts"),
    ],
)
def test_what_is_incomplete_is_named(
    tmp_path: Path, menus: Menus, old: str, new: str, named: str
) -> None:
    assert old in RESPONSES
    faults = check(load(tmp_path, RESPONSES.replace(old, new, 1)), ["en", "zh-Hans"], menus)
    assert any(named in fault and "all.yml" in fault for fault in faults)


def test_a_term_without_a_language_is_named_with_its_file(tmp_path: Path, menus: Menus) -> None:
    policy = terms(tmp_path, TERMS.replace(", zh-Hans: 木灵", ""))
    responses = load(tmp_path, RESPONSES, policy=policy)
    assert check(responses, ["en"], menus) == []
    [fault] = check(responses, ["en", "zh-Hans"], menus)
    assert fault.startswith(f"{tmp_path / 'policy.yml'}: the term 'shop_name'")


def test_the_projects_own_wording_is_complete() -> None:
    languages = load_languages().ready
    policy = load_policy(ROOT / "policy.yml", languages)
    responses = load_responses(ROOT / "data" / "responses", policy=policy)
    assert check(responses, languages, load_menus(ROOT / "menus.yml")) == []
