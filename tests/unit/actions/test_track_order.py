"""Where is my order: told to whoever proves it, and to nobody else, not even that it exists."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import pytest

from actions import context
from tenin.database import write_transaction
from tenin.language.languages import configured
from tenin.shop.models import ORDER_STATUSES
from tests.unit.actions.counter import Answer, Counter, cards, said, shown, slots_set, words

UNKNOWN = "209912319999"
WRONG = "someone.else@example.com"
RESET = {"order_number": None, "contact": None}


@pytest.mark.parametrize("language", configured().ready)
@pytest.mark.parametrize("status", ORDER_STATUSES)
def test_an_order_proved_by_e_mail(counter: Counter, status: str, language: str) -> None:
    number, email, _ = counter.order(status)
    answer = counter.track(number, email.upper(), language=language)
    assert said(answer) == [f"utter_order_{status}"]
    assert answer["events"] == []  # both slots stay: the customer need not say them again
    assert number in words(answer, language)
    assert [attempt.proved for attempt in counter.attempts()] == [True]


@pytest.mark.parametrize("status", ORDER_STATUSES)
def test_a_proved_order_comes_with_a_card_of_its_facts(counter: Counter, status: str) -> None:
    number, email, _ = counter.order(status)
    [refused] = shown(counter.track(number, WRONG), "en")
    assert cards(refused) == []
    [message] = shown(counter.track(number, email), "en")
    [card] = cards(message)
    assert (card["kind"], card["title"], card["number"]) == ("order", number, number)
    assert card["status"] == status
    assert card["items"]
    assert all(item["name"] and item["quantity"] > 0 for item in card["items"])
    assert card["total"] > 0
    assert (card["delivered_on"] is not None) == (status == "delivered")
    assert json.loads(json.dumps(card)) == card


@pytest.mark.parametrize("status", ORDER_STATUSES)
def test_an_order_proved_by_phone(counter: Counter, status: str) -> None:
    number, _, phone = counter.order(status)
    spaced = f" {number[:4]} {number[4:]}"
    assert said(counter.track(spaced, phone.replace(" ", "-"))) == [f"utter_order_{status}"]


@pytest.mark.parametrize(
    ("language", "day"), [("en", "March"), ("zh-Hans", "月"), ("zh-Hant", "月"), ("ja", "月")]
)
def test_a_shipped_order_says_by_whom_and_until_when(
    counter: Counter, language: str, day: str
) -> None:
    number, email, _ = counter.order("shipped")
    answer = counter.track(number, email, language=language)
    [response] = answer["responses"]
    text = words(answer, language)
    assert all(response[name] in text for name in ("order_number", "carrier", "tracking_number"))
    assert day in text


def test_the_carrier_is_named_in_the_language(counter: Counter) -> None:
    number, email, _ = counter.order("shipped")
    names = {
        language: counter.track(number, email, language=language)["responses"][0]["carrier"]
        for language in ("en", "zh-Hans")
    }
    assert names["en"].isascii()
    assert not names["zh-Hans"].isascii()


def not_proved(counter: Counter) -> list[Answer]:
    """A wrong contact of each kind, an unknown number with each kind, and both at once."""
    number, email, _ = counter.order("shipped")
    _, other_email, other_phone = counter.order("delivered")
    assert other_email != email
    pairs = [
        (number, WRONG),
        (number, other_email),
        (number, other_phone),
        (number, "not a contact at all"),
        (number, ""),
        (UNKNOWN, email),
        (UNKNOWN, WRONG),
        ("no number", WRONG),
        ("", ""),
        (number[:-1], email),
    ]
    return [counter.track(*pair, sender=f"c{i}") for i, pair in enumerate(pairs)]


@pytest.mark.parametrize("language", configured().ready)
def test_a_wrong_contact_and_an_unknown_number_get_one_answer(
    counter: Counter, language: str
) -> None:
    first, *others = not_proved(counter)
    assert said(first) == ["utter_order_not_proved"]
    assert slots_set(first) == RESET
    assert all(answer == first for answer in others)
    assert words(first, language)
    assert not any(attempt.proved for attempt in counter.attempts())


@pytest.mark.parametrize("number", [UNKNOWN, "x", "'; DROP TABLE orders; --", "９" * 40])
def test_a_wrong_contact_and_an_unknown_number_are_the_same_statements(
    counter: Counter, number: str
) -> None:
    """On both databases, so that neither an answer nor its time tells an order from none."""
    known, email, _ = counter.order("shipped")
    counter.track(known, WRONG, sender="first")  # opens the connections
    asked = []
    for order_number, contact in ((known, WRONG), (number, WRONG), (number, email)):
        with counter.watched() as ran:
            answer = counter.track(order_number, contact, sender=f"c-{len(asked)}")
        assert said(answer) == ["utter_order_not_proved"]
        asked.append(ran)
    assert asked[0] == asked[1] == asked[2]
    assert {database for database, _ in asked[0]} == {"conversations", "shop"}
    assert any("INSERT INTO proof_attempt" in sql for _, sql in asked[0])
    assert any("FROM (SELECT" in sql and "orders" in sql for _, sql in asked[0])


def test_the_proof_makes_a_difference_to_the_statements(counter: Counter) -> None:
    """Or the test above would compare nothing."""
    number, email, _ = counter.order("shipped")
    counter.track(number, WRONG, sender="first")
    asked = []
    for contact in (WRONG, email):
        with counter.watched() as ran:
            counter.track(number, contact, sender=f"c-{contact}")
        asked.append(ran)
    assert asked[0] != asked[1]
    assert len(asked[0]) < len(asked[1])


def test_each_count_alone_locks_after_five(counter: Counter) -> None:
    """One conversation, one order number, one address, each with all else different."""
    number, email, _ = counter.order("shipped")
    tries = {
        "conversation": lambda i: counter.track(
            f"{UNKNOWN}{i}", WRONG, sender="same", address=f"192.0.2.{i}"
        ),
        "order": lambda i: counter.track(number, WRONG, sender=f"o{i}", address=f"198.51.100.{i}"),
        "address": lambda i: counter.track(
            f"{UNKNOWN}7{i}", WRONG, sender=f"a{i}", address="203.0.113.9"
        ),
    }
    for kind, attempt in tries.items():
        for i in range(5):
            assert said(attempt(i)) == ["utter_order_not_proved"], kind
        locked = attempt(5)
        assert said(locked) == ["utter_order_locked"], kind
        assert slots_set(locked) == RESET
        assert 29 <= locked["responses"][0]["minutes"] <= 30
        for language in configured().ready:
            assert str(locked["responses"][0]["minutes"]) in words(locked, language)

    # Somebody else, elsewhere, with an order of their own, is not kept out.
    other, other_email, _ = counter.order("paid")
    elsewhere = counter.track(other, other_email, sender="else", address="192.0.2.99")
    assert said(elsewhere) == ["utter_order_paid"]
    # Who is locked out is so with the right proof too, by each of the three.
    for rest in (
        {"sender": "same", "address": "192.0.2.100"},
        {"sender": "else again", "address": "203.0.113.9"},
    ):
        assert said(counter.track(other, other_email, **rest)) == ["utter_order_locked"]
    assert said(counter.track(number, email, sender="owner")) == ["utter_order_locked"]


def test_behind_a_closed_door_the_shop_is_not_asked(counter: Counter) -> None:
    number, email, _ = counter.order("shipped")
    for _ in range(5):
        counter.track(number, WRONG)
    for order_number, contact in ((number, email), (UNKNOWN, WRONG)):
        with counter.watched() as ran:
            assert said(counter.track(order_number, contact)) == ["utter_order_locked"]
        assert {database for database, _ in ran} == {"conversations"}
    assert len(counter.attempts()) == 5


def test_one_number_in_several_spellings_is_one_order(counter: Counter) -> None:
    number, email, _ = counter.order("shipped")
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    split = f"{number[:6]}-{number[6:]}"
    for i, spelling in enumerate([number, f"#{number}", wide, f" {number} ", split]):
        counter.track(spelling, WRONG, sender=f"c{i}")
    assert said(counter.track(number, email, sender="owner")) == ["utter_order_locked"]


def test_a_message_that_comes_again_counts_once(counter: Counter) -> None:
    """A turn that failed after the action runs again with the same message."""
    for _ in range(7):
        answer = counter.track(UNKNOWN, WRONG, message_id="inbox-1")
        assert said(answer) == ["utter_order_not_proved"]
    for i in range(2, 6):
        assert said(counter.track(UNKNOWN, WRONG, message_id=f"inbox-{i}")) == [
            "utter_order_not_proved"
        ]
    assert said(counter.track(UNKNOWN, WRONG, message_id="inbox-6")) == ["utter_order_locked"]
    # The last that was allowed is so again, and gives the same answer.
    assert said(counter.track(UNKNOWN, WRONG, message_id="inbox-5")) == ["utter_order_not_proved"]
    assert len(counter.attempts()) == 5


def test_a_proved_message_that_comes_again_is_answered_again(counter: Counter) -> None:
    number, email, _ = counter.order("shipped")
    answers = [counter.track(number, email, message_id="inbox-1") for _ in range(8)]
    assert all(answer == answers[0] for answer in answers)
    assert said(answers[0]) == ["utter_order_shipped"]
    assert [attempt.proved for attempt in counter.attempts()] == [True]


def test_who_proves_their_orders_is_never_locked_out(counter: Counter) -> None:
    number, email, _ = counter.order("shipped")
    for _ in range(12):
        assert said(counter.track(number, email)) == ["utter_order_shipped"]


def test_a_restart_opens_no_door(counter: Counter) -> None:
    for _ in range(5):
        counter.track(UNKNOWN, WRONG)
    counter.restart()
    assert said(counter.track(UNKNOWN, WRONG)) == ["utter_order_locked"]


def test_the_limits_are_those_of_the_settings(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENIN_PROOF_FAILURES", "2")
    monkeypatch.setenv("TENIN_PROOF_WINDOW_MINUTES", "3")
    with Counter() as counter:
        for _ in range(2):
            assert said(counter.track(UNKNOWN, WRONG)) == ["utter_order_not_proved"]
        locked = counter.track(UNKNOWN, WRONG)
        assert said(locked) == ["utter_order_locked"]
        assert locked["responses"][0]["minutes"] <= 3


def test_an_action_keeps_its_deadline(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process holds the database: an error in time, and the try counts once afterwards."""
    monkeypatch.setenv("TENIN_ACTIONS_DEADLINE_SECONDS", "0.3")
    with Counter() as counter:
        counter.room.begin()
        held, done = threading.Event(), threading.Event()

        def hold() -> None:
            with write_transaction(counter.conversations):
                held.set()
                done.wait(10)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait(10)
        timer = threading.Timer(1.0, done.set)  # else the thread left behind waits five seconds
        timer.start()
        with pytest.raises(asyncio.TimeoutError):
            counter.track(UNKNOWN, WRONG, message_id="inbox-1")
        done.set()
        holder.join()
        timer.join()
        assert context.settings().actions.deadline_seconds == 0.3
        assert said(counter.track(UNKNOWN, WRONG, message_id="inbox-1")) == [
            "utter_order_not_proved"
        ]
        assert len(counter.attempts()) == 1
