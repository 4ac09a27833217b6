"""Who a conversation's customer is: for as long as a token or a proof is good, and no longer."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from tenin.conversation.identity import (
    OtherCustomerError,
    customer_of,
    owner_of,
    proved_orders,
    remember_proof,
    sign_in,
    sign_out,
)
from tenin.conversation.transcript import NoSuchConversation
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import START, Room, after, at_once, breaks_whole, new_key

HOUR = timedelta(hours=1)
every_kind = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def bind(engine: Engine, conversation: str, customer: str = "7", until: float = 600) -> bool:
    with write_transaction(engine) as session:
        return sign_in(session, conversation, customer, after(until))


def who(engine: Engine, conversation: str, seconds: float = 0) -> str | None:
    with read_transaction(engine) as session:
        return customer_of(session, conversation, after(seconds))


def prove(engine: Engine, conversation: str, order: str, seconds: float = 0) -> None:
    with write_transaction(engine) as session:
        remember_proof(session, conversation, order, after(seconds))


def proved(
    engine: Engine, conversation: str, seconds: float = 0, within: timedelta = HOUR
) -> frozenset[str]:
    with read_transaction(engine) as session:
        return proved_orders(session, conversation, within, after(seconds))


def test_a_customer_is_bound_until_the_token_expires(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    assert who(room.engine, conversation) is None
    assert bind(room.engine, conversation, until=600)
    assert who(room.engine, conversation, 599) == "7"
    assert who(room.engine, conversation, 600) is None
    assert who(room.engine, other) is None
    assert who(room.engine, "no such conversation") is None
    with read_transaction(room.engine) as session:
        assert owner_of(session, conversation) == "7"
        assert owner_of(session, other) is None


def test_a_newer_token_lasts_longer_and_an_older_one_takes_nothing_away(room: Room) -> None:
    conversation = room.begin()
    assert bind(room.engine, conversation, until=600)
    assert not bind(room.engine, conversation, until=900)
    assert not bind(room.engine, conversation, until=300)
    assert who(room.engine, conversation, 899) == "7"


@pytest.mark.parametrize("ended", ["no", "expired", "signed out"])
def test_another_customer_never_gets_in(room: Room, ended: str) -> None:
    conversation = room.begin()
    bind(room.engine, conversation, "7", until=-60 if ended == "expired" else 600)
    if ended == "signed out":
        with write_transaction(room.engine) as session:
            sign_out(session, conversation)
    before = room.dump()
    with pytest.raises(OtherCustomerError):
        bind(room.engine, conversation, "8")
    assert room.dump() == before
    assert who(room.engine, conversation) == ("7" if ended == "no" else None)


def test_signing_out_ends_the_binding_and_what_was_proved_here_alone(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    for each in (conversation, other):
        bind(room.engine, each)
        prove(room.engine, each, "20261120001")
    with write_transaction(room.engine) as session:
        sign_out(session, conversation)
    assert who(room.engine, conversation) is None
    assert proved(room.engine, conversation) == frozenset()
    assert who(room.engine, other) == "7"
    assert proved(room.engine, other) == {"20261120001"}
    assert not bind(room.engine, conversation, until=900)  # the same customer comes back
    assert who(room.engine, conversation) == "7"


def test_without_a_conversation_there_is_nobody_to_bind(room: Room) -> None:
    with pytest.raises(NoSuchConversation):
        bind(room.engine, "0" * 32)
    with pytest.raises(NoSuchConversation), write_transaction(room.engine) as session:
        sign_out(session, "0" * 32)


def test_a_sign_out_is_whole_or_nothing(room: Room) -> None:
    conversation = room.begin()
    bind(room.engine, conversation)
    prove(room.engine, conversation, "20261120001")

    def act() -> None:
        with write_transaction(room.engine) as session:
            sign_out(session, conversation)

    breaks_whole(room, act)


def test_of_two_customers_at_once_one_gets_in(room: Room) -> None:
    conversation = room.begin()
    found = at_once(4, lambda number: bind(room.engine, conversation, f"customer {number % 2}"))
    bound = who(room.engine, conversation)
    assert [each for each in found if each is True] == [True]
    refused = [number for number, each in enumerate(found) if isinstance(each, Exception)]
    assert all(isinstance(found[number], OtherCustomerError) for number in refused)
    assert {f"customer {number % 2}" for number in refused} == {
        "customer 1" if bound == "customer 0" else "customer 0"
    }


def test_one_order_proved_at_once_is_proved_once(room: Room) -> None:
    found = at_once(4, lambda _: prove(room.engine, "a", "20261120001"))
    assert found == [None] * 4
    assert len(room.tables("proved_order")["proved_order"]) == 1


@every_kind
@given(
    proofs=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("1234"), st.integers(0, 10_000)),
        max_size=12,
    ),
    minutes=st.integers(1, 120),
    asked=st.integers(0, 20_000),
)
def test_what_was_proved_counts_for_its_time_in_its_conversation(
    room: Room, proofs: list[tuple[str, str, int]], minutes: int, asked: int
) -> None:
    talk = {name: new_key() for name in "ab"}
    latest: dict[tuple[str, str], int] = {}
    for name, order, seconds in proofs:
        prove(room.engine, talk[name], order, seconds)
        latest[name, order] = max(seconds, latest.get((name, order), 0))
    for name, conversation in talk.items():
        expected = {
            order
            for (where, order), seconds in latest.items()
            if where == name and seconds > asked - minutes * 60
        }
        within = timedelta(minutes=minutes)
        assert proved(room.engine, conversation, asked, within) == expected


@every_kind
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["in", "out"]), st.sampled_from("78"), st.integers(-100, 1_000)),
        max_size=10,
    ),
    asked=st.integers(-100, 1_000),
)
def test_nobody_but_the_first_is_ever_signed_in(
    room: Room, steps: list[tuple[str, str, int]], asked: int
) -> None:
    conversation = room.begin()
    first: str | None = None
    until: int | None = None
    for step, customer, seconds in steps:
        if step == "out":
            with write_transaction(room.engine) as session:
                sign_out(session, conversation)
            until = None
            continue
        first = first or customer
        if customer == first:
            bind(room.engine, conversation, customer, seconds)
            until = seconds if until is None else max(until, seconds)
        else:
            with pytest.raises(OtherCustomerError):
                bind(room.engine, conversation, customer, seconds)
    expected = first if until is not None and until > asked else None
    assert who(room.engine, conversation, asked) == expected


def test_moments_are_moments_in_any_zone(room: Room) -> None:
    conversation = room.begin()
    local: datetime = after(600).astimezone()
    with write_transaction(room.engine) as session:
        sign_in(session, conversation, "7", local)
    assert who(room.engine, conversation, 599) == "7"
    assert local > START
