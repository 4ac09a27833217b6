"""What the desk begins with: read with clear errors, put into a new database once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.conversation import transcript
from tenin.conversation.models import MIGRATIONS, VERSION_TABLE
from tenin.database import check_schema, make_engine, read_transaction, write_transaction
from tenin.desk.desk_file import DeskFile, DeskFileError, check_desk_file, load_desk_file
from tenin.desk.models import CannedReply, Skill
from tenin.desk.promises import OurDesk, desk_of
from tenin.desk.seed import seed
from tenin.settings import load_settings
from tenin.start import migrate_all
from tests.answers import voice
from tests.system import PROJECT
from tests.unit.conversation.conftest import engine, postgres_engine, postgres_url, sqlite_engine

__all__ = ["engine", "postgres_engine", "postgres_url", "sqlite_engine"]

NOW = datetime(2026, 11, 23, 2, tzinfo=timezone.utc)
GOOD = """\
skills:
  returns:
    titles: {en: Returns, ja: 返品}
    categories: [return_item, faq/returns_policy]
  orders:
    titles: {en: Orders, ja: 注文}
    categories: [track_order]
canned:
  - shortcut: wait
    texts: {en: "One moment", ja: "少々お待ちください"}
  - shortcut: check
    skill: orders
    texts: {en: "{agent} looks up {order}, {customer}.", ja: "{order}を確認します"}
questions:
  - categories: [return_item]
    asks: {en: "What is wrong?", ja: "どうされましたか"}
    answers:
      - {en: "Too small", ja: "小さい"}
      - {en: "Something else", ja: "その他"}
"""
NEEDS = {"return_item", "faq/returns_policy", "track_order"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "desk.yml"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One transaction on each kind of database."""
    with write_transaction(engine) as session:
        yield session


def test_it_is_read_in_its_order(file: Path) -> None:
    desk = load_desk_file(file)
    assert [skill.id for skill in desk.skills] == ["returns", "orders"]
    assert desk.skills[0].categories == ("return_item", "faq/returns_policy")
    assert [(canned.shortcut, canned.skill) for canned in desk.canned] == [
        ("wait", None),
        ("check", "orders"),
    ]
    assert check_desk_file(desk, ["en", "ja"], NEEDS) == []


def test_without_a_file_the_desk_is_empty(tmp_path: Path) -> None:
    assert load_desk_file(tmp_path / "desk.yml") == DeskFile(tmp_path / "desk.yml")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_question_of_a_need(file: Path, language: str) -> None:
    desk = load_desk_file(file)
    reply = desk.question_for("return_item", language)
    assert reply is not None
    assert (reply.text, list(reply.buttons)) == {
        "en": ("What is wrong?", [("Too small", "/inform"), ("Something else", "/inform")]),
        "ja": ("どうされましたか", [("小さい", "/inform"), ("その他", "/inform")]),
    }[language]
    assert desk.question_for("track_order", language) is None
    assert desk.question_for(None, language) is None
    assert desk.question_for("return_item", "de") is None


@pytest.mark.parametrize(
    ("old", "new", "named", "remedy"),
    [
        ("skills:", "skill:", "skills", "no more"),
        ("skills:", "skills: [", "desk.yml, line", "Correct the YAML"),
        ("  returns:", "  Returns:", "line 2: 'Returns'", "small letters"),
        ("[track_order]", "[return_item]", "'return_item' asks for 'returns'", "Take it out"),
        ("[track_order]", "track_order", "line 5", "name the needs"),
        ("{en: Orders, ja: 注文}", "Orders", "line 5", "Write {en"),
        ("{en: Orders, ja: 注文}", "{en: Orders, ja: ''}", "line 5", "Write {en"),
        ("shortcut: check", "shortcut: wait", "canned reply 2 (wait)", "Give it one"),
        ("shortcut: check", "shortcut: a b", "canned reply 2 (a b)", "Give it one"),
        ("skill: orders", "skill: order", "canned reply 2 (check): there is no skill", "Correct"),
        ("{agent}", "{name}", "{name} can't be filled in", "{agent}, {customer}, {order}"),
        ("{agent}", "{agent:date}", "{agent} can't be filled in", "without a format"),
        ("{agent}", "{agent", "canned reply 2 (check)", "brace"),
        ("canned:\n  - shortcut: wait", "canned:\n  - wait", "desk.yml", "Correct the YAML"),
        ("  - categories: [return_item]", "  - categories: []", "question 1", "name the needs"),
        ('      - {en: "Something else", ja: "その他"}\n', "", "question 1", "two to six"),
        (
            "questions:",
            "questions:\n"
            "  - {categories: [return_item], asks: {en: x}, answers: [{en: a}, {en: b}]}",
            "question 2: there is a question about 'return_item'",
            "Remove it",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(
    file: Path, old: str, new: str, named: str, remedy: str
) -> None:
    assert GOOD.count(old) == 1
    file.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(DeskFileError) as caught:
        load_desk_file(file)
    assert str(file) in str(caught.value)
    assert named in str(caught.value)
    assert remedy in str(caught.value)


def test_what_lacks_a_language_or_names_no_need_is_found(file: Path) -> None:
    desk = load_desk_file(file)
    faults = check_desk_file(desk, ["en", "zh-Hans"], NEEDS)
    assert len(faults) == 7  # two titles, two replies, a question and two answers
    assert all("'zh-Hans'" in fault for fault in faults)
    faults = check_desk_file(desk, ["en"], NEEDS - {"return_item"})
    assert len(faults) == 2  # the skill and the question
    assert all("'return_item'" in fault for fault in faults)


def test_a_new_desk_begins_with_them_once(file: Path, session: Session) -> None:
    desk = load_desk_file(file)
    assert seed(session, desk, NOW) == (2, 2)
    skill = session.get(Skill, "returns")
    assert skill.titles == {"en": "Returns", "ja": "返品"}
    assert skill.categories == ["return_item", "faq/returns_policy"]
    canned = session.execute(select(CannedReply).order_by(CannedReply.place)).scalars().all()
    assert [(each.shortcut, each.skill) for each in canned] == [("wait", None), ("check", "orders")]
    assert canned[0].texts == {"en": "One moment", "ja": "少々お待ちください"}
    # What leads have removed stays removed.
    for each in canned:
        session.delete(each)
    session.flush()
    assert seed(session, desk, NOW) == (0, 0)
    assert session.execute(select(CannedReply)).first() is None


def test_what_is_there_already_is_left_alone(file: Path, session: Session) -> None:
    session.add(Skill(id="vip", titles={}, categories=[]))
    session.flush()
    assert seed(session, load_desk_file(file), NOW) == (0, 2)
    assert [skill.id for skill in session.execute(select(Skill)).scalars()] == ["vip"]


def test_an_empty_file_leaves_the_beginning_for_later(file: Path, session: Session) -> None:
    assert seed(session, DeskFile(file), NOW) == (0, 0)
    assert seed(session, load_desk_file(file), NOW) == (2, 2)


def test_another_process_may_be_first(file: Path, engine: Engine) -> None:
    desk = load_desk_file(file)
    for expected in ((2, 2), (0, 0)):
        with write_transaction(engine) as session:
            assert seed(session, desk) == expected


def test_bringing_the_database_up_to_date_begins_the_desk(file: Path) -> None:
    settings, told = load_settings(file.parent, {}), list[str]()
    migrate_all(settings, told.append)
    assert [line for line in told if "desk" in line] == [
        "desk       it begins with 2 skills and 2 canned replies"
    ]
    migrate_all(settings, told.append)
    assert sum("begins with" in line for line in told) == 1
    engine = make_engine(settings.database.url)
    check_schema(engine, MIGRATIONS, VERSION_TABLE)
    with read_transaction(engine) as session:
        assert len(session.execute(select(Skill)).all()) == 2
    engine.dispose()


def test_the_desk_asks_about_the_category_in_the_language(session: Session) -> None:
    policy = voice().responses.policy
    assert policy is not None
    desk = desk_of(load_settings(PROJECT, {}), policy)
    about = transcript.new_conversation(session, "web", "zh-Hans", NOW)
    assert desk.question(session, about) is None
    about.category = "exchange_item"
    reply = desk.question(session, about)
    assert reply is not None
    assert "商品" in reply.text
    assert ("尺码不合适", "/inform") in reply.buttons
    assert OurDesk(desk.schedule, desk.settings).question(session, about) is None
