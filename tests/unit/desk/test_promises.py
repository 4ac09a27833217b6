"""What is promised to whom: by the hours, who is there, the queue and how long services took."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.conversation import transcript
from tenin.conversation.models import Awaiting, Conversation, Handoff, Outcome
from tenin.conversation.people import Kind, Promise
from tenin.database import write_transaction
from tenin.desk.hours import HOLIDAYS, HOURS, default_schedule, load_schedule
from tenin.desk.models import Agent, DeskSetting, Role, Skill
from tenin.desk.promises import OurDesk, desk_of, minutes, recent_services
from tenin.desk.schedule import DAYS, ScheduleError, as_json, read_schedule
from tenin.desk.waiting import in_minutes, wait_range
from tenin.language.policy import Policy
from tenin.settings import DeskSettings, load_settings
from tests.answers import voice
from tests.system import PROJECT
from tests.unit.conversation.conftest import engine, postgres_engine, postgres_url, sqlite_engine

__all__ = ["engine", "postgres_engine", "postgres_url", "sqlite_engine"]

# A Monday, 10:00 in Shanghai.
NOW = datetime(2026, 11, 23, 2, tzinfo=timezone.utc)
WEEK = {day: [["09:00", "21:00"]] for day in DAYS}
SCHEDULE = read_schedule({"zone": "Asia/Shanghai", "week": WEEK})
DESK = OurDesk(SCHEDULE, DeskSettings())


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One transaction on each kind of database."""
    with write_transaction(engine) as session:
        yield session


def waiting(session: Session, since: int = 0, language: str = "en", **rest: Any) -> Conversation:
    """A conversation in the queue, `since` seconds after NOW."""
    made = transcript.new_conversation(session, "web", language, NOW)
    made.owner, made.waiting_since = "queue", NOW + timedelta(seconds=since)
    for name, value in rest.items():
        setattr(made, name, value)
    session.flush()
    return made


def agent(session: Session, name: str = "mei", seen: int = 0, **rest: Any) -> Agent:
    """An agent who is online, seen so many seconds ago."""
    made = Agent(
        **{
            "id": name,
            "login": name,
            "name": name.title(),
            "role": Role.AGENT.value,
            "capacity": 2,
            "presence": "online",
            "seen_at": NOW - timedelta(seconds=seen),
            "active": True,
            "created_at": NOW,
            **rest,
        }
    )
    session.add(made)
    session.flush()
    return made


numbers = itertools.count(1)


def service(session: Session, lasted: int, ended: int = 60, **rest: Any) -> Handoff:
    """A service that lasted so many seconds and ended so many before NOW."""
    about = transcript.new_conversation(session, "web", "en", NOW)
    ended_at = NOW - timedelta(seconds=ended)
    made = Handoff(
        **{
            "conversation_id": about.id,
            "reason": "asked",
            "language": "en",
            "awaiting": Awaiting.LIVE.value,
            "asked_at": ended_at - timedelta(seconds=lasted + 30),
            "taken_at": ended_at - timedelta(seconds=lasted),
            "ended_at": ended_at,
            "outcome": Outcome.RESOLVED.value,
            **rest,
        }
    )
    session.add(made)
    session.flush()
    return made


def serving(session: Session, who: str, seconds: int) -> None:
    """A conversation that an agent has had for so long."""
    about = waiting(session, owner="agent", agent_id=who, waiting_since=None)
    taken_at = NOW - timedelta(seconds=seconds)
    running = service(session, 0, taken_at=taken_at, ended_at=None, outcome=None, agent_id=who)
    about.handoff_id = running.id
    session.flush()


def promise(session: Session, about: Conversation, now: datetime = NOW) -> Promise:
    return DESK.promise(session, about, now)


def range_of(place: int, servers: int, busy: list[float], recent: list[float]) -> Promise:
    """What is promised for this state of the queue."""
    seconds = wait_range(place, servers, busy, recent)
    low, high = minutes(seconds)
    return Promise(Kind.PLACE, {"place": place, "low": low, "high": high}, seconds)


def test_a_place_and_a_range(session: Session) -> None:
    agent(session, capacity=2)
    agent(session, "lin", capacity=1)
    serving(session, "mei", 100)
    service(session, 500)
    service(session, 300, ended=30)
    first, second = waiting(session), waiting(session, 5)
    assert promise(session, first) == range_of(1, 3, [100.0], [300.0, 500.0])
    assert promise(session, second) == range_of(2, 3, [100.0], [300.0, 500.0])


def test_a_message_is_a_message_at_any_hour(session: Session) -> None:
    agent(session)
    left = waiting(session, awaiting=Awaiting.MESSAGE.value)
    for hours in (0, 14):
        assert promise(session, left, NOW + timedelta(hours=hours)) == Promise(Kind.MESSAGE)


def test_closed_says_when_it_opens(session: Session) -> None:
    agent(session)
    asking = waiting(session)
    night = NOW + timedelta(hours=14)
    opens = datetime(2026, 11, 24, 9, tzinfo=SCHEDULE.zone)
    told = promise(session, asking, night)
    assert told == Promise(Kind.CLOSED, {"place": 1, "opens": opens})
    assert told.values["opens"].isoformat() == "2026-11-24T09:00:00+08:00"


def test_what_leads_have_set_holds(session: Session) -> None:
    agent(session)
    asking = waiting(session)
    hours = {"zone": "Europe/Berlin", "week": {"mon": [["08:00", "10:00"]]}}
    session.add(DeskSetting(name=HOURS, value=hours, updated_at=NOW))
    session.flush()
    told = promise(session, asking)
    assert (told.kind, told.values["opens"].isoformat()) == (
        Kind.CLOSED,
        "2026-11-23T08:00:00+01:00",
    )
    holidays = [{"date": "2026-11-23", "name": "Fair", "spans": []}]
    session.add(DeskSetting(name=HOLIDAYS, value=holidays, updated_at=NOW))
    session.flush()
    assert promise(session, asking).values["opens"].isoformat() == "2026-11-30T08:00:00+01:00"


def test_holidays_alone_leave_the_week_as_it_is(session: Session) -> None:
    holidays = [{"date": "2026-11-23", "name": "Fair", "spans": [["11:00", "12:00"]]}]
    session.add(DeskSetting(name=HOLIDAYS, value=holidays, updated_at=NOW))
    session.flush()
    found = load_schedule(session, SCHEDULE)
    assert as_json(found) == (as_json(SCHEDULE)[0], holidays)


def test_hours_that_cannot_be_read_give_way(session: Session, caplog: Any) -> None:
    session.add(DeskSetting(name=HOURS, value={"zone": "nowhere"}, updated_at=NOW))
    session.flush()
    assert load_schedule(session, SCHEDULE) == SCHEDULE
    assert "policy.yml's are used" in caplog.text


def test_a_shop_that_never_opens_promises_no_opening(session: Session) -> None:
    session.add(DeskSetting(name=HOURS, value={"zone": "UTC", "week": {}}, updated_at=NOW))
    agent(session)
    assert promise(session, waiting(session)) == Promise(Kind.NOBODY, {"place": 1})


@pytest.mark.parametrize(
    "who",
    [
        {"presence": "away"},
        {"active": False},
        {"seen": 61},
        {"seen_at": None},
        {"skills": ["returns"]},
        {"languages": ["ja", "zh-Hans"]},
        {"presence": "busy"},
    ],
    ids=str,
)
def test_nobody_who_could_serve_is_there(session: Session, who: dict[str, Any]) -> None:
    agent(session, **who)
    asking = waiting(session, skill="orders")
    assert promise(session, asking) == Promise(Kind.NOBODY, {"place": 1})


@pytest.mark.parametrize(
    "who",
    [{}, {"seen": 60}, {"skills": ["returns", "orders"]}, {"languages": ["en"]}],
    ids=str,
)
def test_somebody_who_can_serve_is_there(session: Session, who: dict[str, Any]) -> None:
    agent(session, **who)
    asking = waiting(session, skill="orders")
    assert promise(session, asking) == range_of(1, 2, [], [])


def test_whoever_is_busy_counts_by_what_they_serve(session: Session) -> None:
    agent(session, presence="busy", capacity=5)
    serving(session, "mei", 40)
    assert promise(session, waiting(session)) == range_of(1, 1, [40.0], [])


def test_what_others_serve_is_not_counted(session: Session) -> None:
    agent(session)
    agent(session, "lin", skills=["returns"])
    serving(session, "lin", 40)
    assert promise(session, waiting(session, skill="orders")) == range_of(1, 2, [], [])


def test_closing_comes_before_the_end_of_the_range(session: Session) -> None:
    agent(session)
    asking = waiting(session)
    closes = datetime(2026, 11, 23, 21, tzinfo=SCHEDULE.zone)
    seconds = wait_range(1, 2, [], [])
    told = promise(session, asking, closes - timedelta(seconds=seconds[1]))
    assert told.kind is Kind.NOBODY  # nobody's page has been seen since the morning
    session.get(Agent, "mei").seen_at = closes.astimezone(timezone.utc)
    session.flush()
    told = promise(session, asking, closes - timedelta(seconds=seconds[1]))
    assert told == range_of(1, 2, [], [])
    told = promise(session, asking, closes - timedelta(seconds=seconds[1] - 1))
    low, high = minutes(seconds)
    assert told == Promise(
        Kind.CLOSING, {"place": 1, "low": low, "high": high, "closes": closes}, seconds
    )


def test_recent_services_are_the_newest_of_a_month(session: Session) -> None:
    month = 30 * 24 * 3600
    service(session, 7, ended=month + 1)
    service(session, 6, ended=month)
    service(session, 5, awaiting=Awaiting.MESSAGE.value)
    service(session, 4, outcome=Outcome.RETURNED.value)
    service(session, 3, taken_at=None)
    service(session, 2, ended=10, outcome=Outcome.TRANSFERRED.value)
    service(session, 1, ended=20)
    assert recent_services(session, None, NOW) == [2.0, 1.0, 6.0]


def test_of_many_services_two_hundred_count(session: Session) -> None:
    for number in range(205):
        service(session, number, ended=number)
    assert recent_services(session, None, NOW) == [float(number) for number in range(200)]


def test_twenty_services_of_the_same_skill_say_enough(session: Session) -> None:
    service(session, 900, ended=1, skill="returns")
    for number in range(19):
        service(session, 100, ended=10 + number, skill="orders")
    assert recent_services(session, "orders", NOW) == [900.0, *[100.0] * 19]
    service(session, 50, ended=2, skill="orders")
    assert recent_services(session, "orders", NOW) == [50.0, *[100.0] * 19]
    assert len(recent_services(session, "returns", NOW)) == 21


def test_the_skill_of_a_need(session: Session) -> None:
    session.add(Skill(id="returns", titles={}, categories=["return_item", "exchange_item"]))
    session.add(Skill(id="orders", titles={}, categories=["track_order"]))
    session.flush()
    asked = ("exchange_item", "track_order", "greet", None)
    assert [DESK.skill_for(session, need) for need in asked] == ["returns", "orders", None, None]
    # What no account can do isn't waited for.
    agent(session, skills=["orders"], presence="away")
    assert [DESK.skill_for(session, need) for need in asked] == [None, "orders", None, None]
    agent(session, "lin", active=False)
    assert DESK.skill_for(session, "exchange_item") is None
    agent(session, "ken")
    assert DESK.skill_for(session, "exchange_item") == "returns"


MOMENT = datetime(2026, 11, 24, 9, tzinfo=SCHEDULE.zone)
WAIT = {"place": 1, "low": 3, "high": 8}
TO_BOT, TO_MESSAGE = "/leave_queue", "/leave_message"
NINE = {
    "en": "Tuesday 24 November, 9:00 (China Time)",
    "zh-Hans": "11月24日周二 9:00（中国时间）",
    "zh-Hant": "11月24日 週二 9:00（中國時間）",
    "ja": "11月24日(火) 9:00（中国時間）",
}


@pytest.mark.parametrize("language", NINE)
@pytest.mark.parametrize(
    ("key", "values", "buttons"),
    [
        ("utter_handoff_queued", WAIT, [TO_BOT]),
        ("utter_handoff_waiting", WAIT, [TO_BOT]),
        ("utter_handoff_nobody", {"place": 7}, [TO_MESSAGE, TO_BOT]),
        ("utter_handoff_closing", {**WAIT, "closes": MOMENT}, [TO_MESSAGE, TO_BOT]),
        ("utter_handoff_closed", {"place": 7, "opens": MOMENT}, [TO_MESSAGE, TO_BOT]),
        ("utter_handoff_message", {}, []),
        ("utter_handoff_elsewhere", {}, []),
        ("utter_handoff_unreachable", {}, [TO_MESSAGE]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_promise_is_said_in_many_words(
    key: str, values: dict[str, Any], buttons: list[str], language: str
) -> None:
    """All that is promised, and nothing else: no hours in a place, no place in an opening."""
    said: list[str] = []
    for _ in range(4):
        reply = voice().reply(key, language, "web", said, **values)
        assert [payload for _, payload in reply.buttons] == buttons
        said.append(reply.text)
    assert len(set(said)) == 3
    assert said[3] == said[0]
    for text in said:
        if "opens" in values:
            assert NINE[language] in text
        else:
            numbers = {str(value) for value in values.values() if isinstance(value, int)}
            numbers |= {"9", "00"} if "closes" in values else set()
            assert set(re.findall(r"\d+", text)) == numbers


@pytest.mark.parametrize("seconds", [(0, 0), (0, 30), (60, 60), (119, 121), (600, 2000), (0, 9000)])
def test_a_range_in_minutes_holds_what_it_tells(seconds: tuple[int, int]) -> None:
    low, high = minutes(seconds)
    assert 1 <= low < high
    assert low == max(1, in_minutes(*seconds)[0])
    assert high * 60 >= seconds[1]
    assert low * 60 <= max(60, seconds[0])


def test_the_desk_of_the_project() -> None:
    settings = load_settings(PROJECT, {"TENIN_DESK_GONE_SECONDS": "5"})
    policy = voice().responses.policy
    assert policy is not None
    desk = desk_of(settings, policy)
    assert desk.settings.gone_seconds == 5
    assert desk.schedule == SCHEDULE


@pytest.mark.parametrize("name", ["hours_opens", "hours_closes", "hours_time_zone"])
def test_hours_that_policy_does_not_give_are_named(name: str) -> None:
    policy = voice().responses.policy
    assert policy is not None
    without = Policy(policy.path, {**policy.shared, name: None}, policy.by_language)
    with pytest.raises(ScheduleError, match=r"policy\.yml: hours: .* under 'hours'"):
        default_schedule(without)
