"""Menus: their buttons in each language, and what is wrong with a file in one clear line."""

from pathlib import Path

import pytest

from tenin.language.languages import load_languages
from tenin.language.menus import Button, MenuError, check_menus, load_menus
from tenin.language.yamlfile import read_yaml

ROOT = Path(__file__).parents[3]
GOOD = """
titles:
  track_order: {en: Where is my order?, zh-Hans: 我的订单到哪了}
  faq/returns_policy: {en: Returns, zh-Hans: 退货}
  human_agent: {en: A person, zh-Hans: 转人工}
back: {en: Back, zh-Hans: 返回}
menus:
  start:
    title: {en: Main menu, zh-Hans: 主菜单}
    prompt: {en: What can I do for you?, zh-Hans: 请问需要什么帮助？}
    choices: [orders, human_agent]
  orders:
    title: {en: Orders, zh-Hans: 订单}
    prompt: {en: What about it?, zh-Hans: 请选择}
    choices: [track_order, faq/returns_policy, later]
  later:
    title: {en: Later, zh-Hans: 以后}
    prompt: {en: And then?, zh-Hans: 然后呢}
    choices: [human_agent]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "menus.yml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def changed(file: Path, old: str, new: str) -> Path:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def test_the_first_menu_has_its_choices_and_no_way_back(file: Path) -> None:
    assert load_menus(file).buttons("start", "en") == (
        Button("Orders", '/show_menu{"menu": "orders"}'),
        Button("A person", "/human_agent"),
    )


def test_a_lower_menu_has_the_way_back_last(file: Path) -> None:
    menus = load_menus(file)
    assert menus.buttons("orders", "zh-Hans") == (
        Button("我的订单到哪了", "/track_order"),
        Button("退货", "/faq/returns_policy"),
        Button("以后", '/show_menu{"menu": "later"}'),
        Button("返回", '/show_menu{"menu": "start"}'),
    )


def test_on_the_third_level_the_way_to_the_first_menu_stands_after_the_way_back(file: Path) -> None:
    assert load_menus(file).buttons("later", "en") == (
        Button("A person", "/human_agent"),
        Button("Back", '/show_menu{"menu": "orders"}'),
        Button("Main menu", '/show_menu{"menu": "start"}'),
    )


def test_a_choice_has_its_button_alone_too(file: Path) -> None:
    menus = load_menus(file)
    assert menus.button("human_agent", "zh-Hans") == Button("转人工", "/human_agent")
    assert menus.button("later", "en") == Button("Later", '/show_menu{"menu": "later"}')
    with pytest.raises(MenuError, match=r"menus\.yml: 'sales' is neither .*or add it under"):
        menus.button("sales", "en")
    with pytest.raises(MenuError, match=r"the title of 'later' isn't there in 'ja'\. Add"):
        menus.button("later", "ja")


def test_the_prompt_is_in_the_language(file: Path) -> None:
    assert load_menus(file).prompt("orders", "zh-Hans") == "请选择"


def test_an_unknown_menu_or_language_is_named(file: Path) -> None:
    menus = load_menus(file)
    with pytest.raises(MenuError, match=r"menus\.yml: there is no menu 'sales'.*start, orders"):
        menus.buttons("sales", "en")
    with pytest.raises(MenuError, match=r"prompt of the menu 'orders'.*'ja'.*Add"):
        menus.prompt("orders", "ja")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (
            "choices: [orders,",
            "choices: [sales, orders,",
            r"'start' offers 'sales'.*Correct the name",
        ),
        (
            "choices: [human_agent]",
            "choices: [orders]",
            r"'later' leads to the menu 'orders'.*Take",
        ),
        (
            "choices: [human_agent]",
            "choices: [start]",
            r"'later' leads to the menu 'start'.*remove it",
        ),
        ("choices: [human_agent]", "choices: [later]", r"'later' leads to the menu 'later'.*Take"),
        ("choices: [human_agent]", "choices: []", r"'later' offers nothing.*List"),
        ("returns_policy, later]", "returns_policy]", r"no menu leads to the menu 'later'.*Add it"),
        ("  start:\n", "  begin:\n", r"no menu 'start'.*Add it"),
        ("  human_agent: {", "  orders: {", r"'orders' in the menu 'start' is a menu and.*Rename"),
        ("back: {en: Back, zh-Hans: 返回}", "back: Back", r"'back' must give a text for each"),
        ("    prompt: {en: And", "    promt: {en: And", r"prompt of the menu 'later' must give"),
        ("titles:", "tiles:", r"'titles' is missing"),
        ("  later:\n", "  orders:\n", r"duplicate key .orders.\. Correct"),
        ("menus:", "menus: [", r"Correct the YAML there"),
    ],
)
def test_what_is_impossible_is_named_with_the_remedy(
    file: Path, old: str, new: str, named: str
) -> None:
    with pytest.raises(MenuError, match=r"menus\.yml(, line \d+)?: .*" + named):
        load_menus(changed(file, old, new))


@pytest.mark.parametrize(
    ("old", "new", "line", "named"),
    [
        ("[orders, human_agent]", "[orders, sales]", 11, "'start' offers 'sales'"),
        ("faq/returns_policy, later]", "sales, later]", 15, "'orders' offers 'sales'"),
        ("[human_agent]\n", "[orders]\n", 19, "'later' leads to the menu 'orders'"),
        ("[human_agent]\n", "\n      - human_agent\n      - start\n", 21, "'later' leads to"),
        (", later]", "]", 16, "no menu leads to the menu 'later'"),
        ("  human_agent: {", "  orders: {", 11, "'orders' in the menu 'start' is a menu"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    file: Path, old: str, new: str, line: int, named: str
) -> None:
    with pytest.raises(MenuError) as raised:
        load_menus(changed(file, old, new))
    assert str(raised.value).startswith(f"{file}, line {line}: ")
    assert named in str(raised.value)


def test_a_fourth_level_is_refused(file: Path) -> None:
    deeper = changed(file, "[human_agent]\n", "[human_agent, deep]\n")
    with deeper.open("a", encoding="utf-8") as out:
        out.write("  deep: {title: {en: D}, prompt: {en: D}, choices: [human_agent]}\n")
    with pytest.raises(MenuError) as raised:
        load_menus(deeper)
    assert str(raised.value) == (
        f"{file}, line 20: the menu 'deep' is on level 4 (deep < later < orders < start), and 3 is "
        f"the most that customers follow. Take it up into a menu before."
    )


def test_menus_that_only_reach_themselves_are_named(file: Path) -> None:
    changed(file, "choices: [orders, human_agent]", "choices: [human_agent]")
    changed(file, "    choices: [human_agent]\n  orders", "    choices: [human_agent]\n  orders")
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.rindex("[human_agent]")] + "[orders]\n", encoding="utf-8")
    with pytest.raises(
        MenuError,
        match=r", line 12: the menu 'orders' is reached from itself \(orders < later\).*Take",
    ):
        load_menus(file)


def test_a_missing_language_is_found(file: Path) -> None:
    menus = load_menus(changed(file, "{en: A person, zh-Hans: 转人工}", "{en: A person}"))
    assert check_menus(menus, ["en"]) == []
    faults = check_menus(menus, ["en", "zh-Hans"])
    assert len(faults) == 1
    assert "'human_agent'" in faults[0]
    assert "zh-Hans" in faults[0]


def test_a_title_of_what_is_no_need_is_found(file: Path) -> None:
    menus = load_menus(file)
    needs = {"track_order", "faq/returns_policy", "human_agent", "greet"}
    assert check_menus(menus, ["en", "zh-Hans"], needs) == []
    assert check_menus(menus, ["en", "zh-Hans"], needs - {"faq/returns_policy"}) == [
        f"{file}, line 4: there is no need 'faq/returns_policy'. Correct the name, or give it "
        f"examples in data/nlu."
    ]
    assert len(check_menus(menus, ["en"], ())) == 3


def test_what_goes_without_the_bot_is_no_need(file: Path) -> None:
    person = "  human_agent: {en: A person, zh-Hans: 转人工}\n"
    menus = load_menus(changed(file, person, person + "  leave_queue: {en: Back, zh-Hans: 返回}\n"))
    needs = {"track_order", "faq/returns_policy", "human_agent", "greet"}
    assert check_menus(menus, ["en", "zh-Hans"], needs) == []
    assert menus.button("leave_queue", "zh-Hans") == Button("返回", "/leave_queue")


def test_the_projects_own_menus_are_complete() -> None:
    languages = load_languages().ready
    needs = {
        entry["intent"]
        for path in (ROOT / "data" / "nlu").rglob("*.yml")
        for entry in read_yaml(path)["nlu"]
        if "intent" in entry
    }
    assert check_menus(load_menus(ROOT / "menus.yml"), languages, needs) == []
