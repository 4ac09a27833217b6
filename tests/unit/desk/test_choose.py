"""Who is offered a conversation: by skill, language, room, last time, and who is longest idle."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenin.desk.routing import Candidate, Wanted, choose, suits

NOON = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
MEI = Candidate("mei", ("returns",), ("en", "zh-Hans"), 2, 0, NOON)
KEN = Candidate("ken", (), ("ja",), 2, 0, NOON)
ADA = Candidate("ada", (), (), 2, 0, NOON)
ANYTHING = Wanted(None, "en", None, ())


def chosen(wanted: Wanted, *agents: Candidate) -> str | None:
    found = choose(agents, wanted)
    return None if found is None else found.id


def test_only_who_speaks_the_language_and_has_the_skill() -> None:
    assert chosen(replace(ANYTHING, language="ja"), MEI, KEN) == "ken"
    assert chosen(replace(ANYTHING, language="zh-Hant"), MEI, KEN) is None
    assert chosen(replace(ANYTHING, skill="payment"), MEI) is None
    assert chosen(replace(ANYTHING, skill="payment"), MEI, ADA) == "ada"


def test_who_has_the_skill_goes_before_who_may_anything() -> None:
    busy = replace(MEI, load=1)
    assert chosen(replace(ANYTHING, skill="returns"), ADA, busy) == "mei"


def test_nobody_gets_more_than_they_can_hold() -> None:
    assert chosen(ANYTHING, replace(ADA, load=2)) is None
    assert chosen(ANYTHING, replace(ADA, load=2), replace(MEI, load=1)) == "mei"


def test_the_least_busy_for_their_capacity_then_the_longest_idle() -> None:
    wide = replace(ADA, id="wide", capacity=10, load=2)
    assert chosen(ANYTHING, replace(ADA, load=1), wide) == "wide"
    rested = replace(ADA, id="rested", idle_since=NOON - timedelta(minutes=5))
    assert chosen(ANYTHING, ADA, rested) == "rested"


def test_the_agent_of_last_time_is_asked_first_if_there_and_free() -> None:
    wanted = replace(ANYTHING, last_agent="mei")
    assert chosen(wanted, ADA, replace(MEI, load=1)) == "mei"
    assert chosen(wanted, ADA, replace(MEI, load=2)) == "ada"
    assert chosen(wanted, ADA) == "ada"


def test_who_let_it_pass_is_asked_again_only_after_all_others() -> None:
    wanted = replace(ANYTHING, last_agent="mei", passed_over=("mei",))
    assert chosen(wanted, replace(ADA, load=1), MEI) == "ada"
    assert chosen(wanted, MEI) == "mei"


names = st.sampled_from(["a", "b", "c", "d", "e"])
skills = st.sets(st.sampled_from(["returns", "payment"])).map(tuple)
languages = st.sets(st.sampled_from(["en", "ja", "zh-Hans"])).map(tuple)
agents = st.lists(
    st.builds(
        Candidate,
        names,
        skills,
        languages,
        st.integers(1, 3),
        st.integers(0, 4),
        st.integers(0, 60).map(lambda minutes: NOON - timedelta(minutes=minutes)),
    ),
    unique_by=lambda each: each.id,
)
wishes = st.builds(
    Wanted,
    st.none() | st.sampled_from(["returns", "payment"]),
    st.sampled_from(["en", "ja", "zh-Hans"]),
    st.none() | names,
    st.sets(names).map(tuple),
)


@given(agents, wishes)
def test_whoever_can_be_asked_is_and_the_order_of_the_list_is_no_matter(
    there: list[Candidate], wanted: Wanted
) -> None:
    found = choose(there, wanted)
    able = [each for each in there if suits(each, wanted) and each.load < each.capacity]
    assert (found is None) == (not able)
    assert found is None or found in able
    assert choose(there[::-1], wanted) == found
    if any(each.id not in wanted.passed_over for each in able):
        assert found is not None
        assert found.id not in wanted.passed_over


@pytest.mark.parametrize("skill", [None, "returns"])
def test_an_agent_without_skills_or_languages_serves_all(skill: str | None) -> None:
    assert suits(ADA, Wanted(skill, "zh-Hant", None, ()))
