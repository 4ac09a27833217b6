"""Errands about an order: found, quoted, agreed to, done once; and nobody else's order."""

from __future__ import annotations

import re
from datetime import date, datetime, timezone

import pytest
from sqlalchemy import update

from actions import context
from tenin.conversation.identity import customer_of
from tenin.database import read_transaction, write_transaction
from tenin.language.entities import resolve_days
from tenin.language.languages import configured
from tenin.shop.interface import Cancel, ShopError
from tenin.shop.models import orders
from tests.unit.actions.counter import Counter
from tests.unit.actions.errand import MINE, QUESTION, Errand, order_of

READY = configured().ready
OTHER = "chen.siyuan@example.com"


@pytest.fixture
def counter(counter_today: Counter) -> Counter:
    """The shop's counter, today."""
    return counter_today


def signed_in(counter: Counter, language: str = "en") -> Errand:
    errand = Errand(counter, language)
    errand.signs_in(MINE)
    return errand


def number_in(payload: str) -> str:
    found = re.search(r'"order_number": "(\d+)"', payload)
    assert found, payload
    return found[1]


@pytest.mark.parametrize("language", READY)
def test_a_signed_in_customer_returns_an_item_of_the_last_order_in_four_turns(
    counter: Counter, language: str
) -> None:
    errand = signed_in(counter, language)
    assert errand.says("return_item") == ["utter_ask_order"]
    newest = errand.offered[0]
    assert errand.says(newest[1:]) == ["utter_ask_order_item"]
    assert errand.says(errand.offered[0][1:]) == [
        "utter_plan_return",
        "utter_quote_refund",
        QUESTION,
    ]
    assert errand.says("affirm") == ["utter_done_return"]
    assert errand.turns <= 4
    assert re.search(r"[0-9A-Z-]{5,}", errand.words)
    [refund] = context.shop_of_orders().refunds(number_in(newest))
    assert refund.state == "requested"


def test_an_item_that_is_named_is_not_asked_for(counter: Counter) -> None:
    errand = signed_in(counter)
    answer = errand.says("return_item", named=[("product", "KS-101")])
    assert answer == ["utter_plan_return", "utter_quote_refund", QUESTION]
    assert order_of(counter, MINE, "delivered") in errand.words


def test_a_category_names_it_too(counter: Counter) -> None:
    errand = signed_in(counter)
    answer = errand.says("return_item", named=[("category", "shoes")])
    assert answer == ["utter_plan_return", "utter_quote_refund", QUESTION]


def test_a_day_names_an_order(counter: Counter) -> None:
    order = next(
        order
        for order in context.shop_of_orders().orders(_id(counter), "en", 50)
        if order.status == "packed"
    )
    errand = signed_in(counter)
    answer = errand.says("cancel_order", named=[("date", order.placed_on.isoformat())])
    assert answer[-1] == QUESTION
    assert order.number in errand.words


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "last week"), ("zh-Hans", "上周"), ("zh-Hant", "上週"), ("ja", "先週")],
)
def test_a_week_names_an_order(counter: Counter, language: str, said: str) -> None:
    """The value as the NLU gives it, seen from the week after that of an order."""
    number = order_of(counter, MINE, "packed")
    with write_transaction(counter.shop) as session:  # a Wednesday on which nobody else ordered
        placed_at = datetime(2019, 3, 6, 4, tzinfo=timezone.utc)
        session.execute(update(orders).where(orders.c.number == number).values(placed_at=placed_at))
    days = resolve_days(said, date(2019, 3, 12))
    assert days is not None
    errand = signed_in(counter, language)
    answer = errand.says("cancel_order", named=[("date", "/".join(map(str, days)))])
    assert answer[-1] == QUESTION
    assert number in errand.words


def test_a_time_that_names_no_order_leaves_the_one_talked_about(counter: Counter) -> None:
    number = order_of(counter, MINE, "packed")
    for named, answer in (
        ([("date", "2019-03-04/2019-03-10")], "utter_ask_order_detail_address"),
        ([], "utter_ask_order_detail_address"),
    ):
        errand = signed_in(counter)
        errand.says("cancel_order", named=[("order_number", number)])
        assert errand.says("change_address", "i am away then", named) == [answer]
        assert errand.slots["order"] == number


def _id(counter: Counter) -> str:
    errand = signed_in(counter)
    with read_transaction(counter.conversations) as session:
        found = customer_of(session, errand.sender)
    assert found is not None
    return found


@pytest.mark.parametrize("language", READY)
def test_an_order_is_cancelled_once_after_a_yes(counter: Counter, language: str) -> None:
    errand, number = Errand(counter, language), order_of(counter, MINE, "paid")
    errand.proves(number)
    assert errand.says("cancel_order") == ["utter_plan_cancel", "utter_quote_refund", QUESTION]
    assert context.shop_of_orders().order(number, "en").status == "paid"  # type: ignore[union-attr]
    assert errand.says("affirm") == ["utter_done_cancel"]
    assert context.shop_of_orders().order(number, "en").status == "cancelled"  # type: ignore[union-attr]
    assert errand.says("cancel_order") == ["utter_not_allowed_cancelled"]


def test_a_turn_that_runs_again_does_it_once(counter: Counter) -> None:
    errand, number = Errand(counter), order_of(counter, MINE, "paid")
    errand.proves(number)
    errand.says("cancel_order")
    slots = {**errand.slots, "order_confirmed": True}
    answers = [
        counter.run(
            "action_order", sender=errand.sender, message_id="inbox-9", need="affirm", **slots
        )
        for _ in range(2)
    ]
    assert answers[0]["responses"][0]["response"] == "utter_done_cancel"
    assert answers[1]["responses"] == answers[0]["responses"]


def test_a_no_changes_nothing(counter: Counter) -> None:
    errand, number = Errand(counter), order_of(counter, MINE, "paid")
    errand.proves(number)
    errand.says("cancel_order")
    assert errand.says("deny") == ["utter_order_kept"]
    assert context.shop_of_orders().order(number, "en").status == "paid"  # type: ignore[union-attr]


@pytest.mark.parametrize("language", READY)
def test_what_has_left_is_explained_with_what_can_be_done(counter: Counter, language: str) -> None:
    errand = Errand(counter, language)
    errand.proves(order_of(counter, MINE, "shipped"))
    assert errand.says("cancel_order") == ["utter_not_allowed_shipped"]
    assert "/return_item" in errand.offered
    assert "/human_agent" in errand.offered
    assert errand.says("change_address") == ["utter_not_allowed_shipped"]
    assert errand.says("return_item") == ["utter_not_allowed_not_delivered"]


@pytest.mark.parametrize("language", READY)
def test_the_new_address_is_never_said_back(counter: Counter, language: str) -> None:
    errand = Errand(counter, language)
    errand.proves(order_of(counter, MINE, "paid"))
    assert errand.says("change_address") == ["utter_ask_order_detail_address"]
    assert errand.says("faq/shipping_cost", "what does delivery cost?") == []
    address = "Flat 2, 18 Caoxi Road North, Shanghai 200030"
    answer = errand.says("inform", address)
    assert answer == ["utter_plan_address", "utter_quote_free", QUESTION]
    assert "Caoxi" not in errand.words
    assert errand.says("affirm") == ["utter_done_address"]
    assert "Caoxi" not in errand.words


def test_another_size_is_understood_beside_the_one_bought(counter: Counter) -> None:
    errand = signed_in(counter)
    answer = errand.says(
        "exchange_item",
        "the trail runners in 38 are too tight, 39 please",
        [("product", "KS-101"), ("size", "38"), ("size", "39")],
    )
    assert answer[0] == "utter_plan_exchange", errand.words
    assert "39" in errand.words
    assert errand.says("affirm") == ["utter_done_exchange"]


def test_what_is_missing_of_an_exchange_is_asked(counter: Counter) -> None:
    errand = signed_in(counter)
    assert errand.says("exchange_item", named=[("product", "KS-101")]) == ["utter_ask_order_detail"]
    assert errand.says("inform", "39", [("size", "39")])[0] == "utter_plan_exchange"


def test_fewer_pieces_before_it_leaves(counter: Counter) -> None:
    errand = signed_in(counter)
    answer = errand.says("change_order", named=[("product", "KC-301"), ("quantity", "1")])
    assert answer == ["utter_plan_change", "utter_quote_refund", QUESTION]
    assert errand.says("affirm") == ["utter_done_change"]


def test_it_is_hurried_without_being_asked(counter: Counter) -> None:
    errand = Errand(counter)
    errand.proves(order_of(counter, MINE, "shipped"))
    assert errand.says("delivery_urge") == ["utter_done_urge"]


@pytest.mark.parametrize("language", READY)
def test_refunds_and_invoices_are_looked_up(counter: Counter, language: str) -> None:
    errand = Errand(counter, language)
    errand.proves(order_of(counter, MINE, "cancelled"))
    assert errand.says("refund_status") == ["utter_refund_paid"]
    assert errand.says("invoice") == ["utter_invoice_none"]
    other = Errand(counter, language)
    other.proves(order_of(counter, MINE, "shipped"))
    assert other.says("refund_status") == ["utter_refund_none"]
    assert other.says("invoice") == ["utter_invoice_ready"]


def test_money_back_is_a_cancel_or_a_return(counter: Counter) -> None:
    errand = Errand(counter)
    errand.proves(order_of(counter, MINE, "paid"))
    assert errand.says("refund_request")[0] == "utter_plan_cancel"
    other = Errand(counter)
    other.proves(order_of(counter, MINE, "delivered"))
    assert other.says("refund_request") == ["utter_ask_order_item"]


@pytest.mark.parametrize("language", READY)
def test_others_prove_the_order_after_its_terms(counter: Counter, language: str) -> None:
    errand, number = Errand(counter, language), order_of(counter, MINE, "paid")
    assert errand.says("cancel_order") == [
        "utter_cancel_order",
        "utter_ask_order_form_order_number",
    ]
    assert errand.says("inform", number, [("order_number", number)]) == [
        "utter_ask_order_form_contact"
    ]
    answer = errand.says("inform", MINE, [("email", MINE)])
    assert answer == ["utter_plan_cancel", "utter_quote_refund", QUESTION]
    assert MINE not in errand.words


def test_somebody_elses_order_is_as_one_that_is_not_there(counter: Counter) -> None:
    """Also for whoever is signed in, and whatever was proved before."""
    theirs = order_of(counter, OTHER, "delivered")
    answers = []
    for number in (theirs, "209912319999"):
        errand = signed_in(counter)
        first = errand.says("return_item", named=[("order_number", number)])
        then = errand.says("inform", MINE, [("email", MINE)])
        answers.append((first, then, errand.slots))
    for first, then, slots in answers:
        assert first == ["utter_return_item", "utter_ask_order_form_contact"]
        assert then == ["utter_order_not_proved"]
        assert slots["order"] is None
        assert slots["order_number"] is None


def test_a_slot_alone_opens_no_order(counter: Counter) -> None:
    """The end looks again whose order it is: the proof may have run out."""
    number = order_of(counter, OTHER, "delivered")
    for need in ("invoice", "refund_status", "cancel_order"):
        answer = counter.run(
            "action_order", language="en", order_need=need, order=number, order_confirmed=True
        )
        assert [each["response"] for each in answer["responses"]] == ["utter_order_not_proved"]


def test_five_failed_proofs_close_the_door(counter: Counter) -> None:
    errand = Errand(counter)
    proof = [("order_number", "209912319999"), ("email", "nobody@example.com")]
    for _ in range(5):
        assert errand.says("cancel_order", named=proof) == ["utter_order_not_proved"]
    assert errand.says("cancel_order", named=proof) == ["utter_order_locked"]


@pytest.mark.parametrize("language", READY)
def test_a_shop_that_does_not_answer(
    counter: Counter, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An apology with a person, and the request is kept for that person."""
    errand, number = Errand(counter, language), order_of(counter, MINE, "paid")
    errand.proves(number)
    errand.says("cancel_order")

    def down(*_: object) -> None:
        raise ShopError("down")

    with monkeypatch.context() as patched:
        patched.setattr(type(context.shop_of_orders()), "change", down)
        assert errand.says("affirm") == ["utter_order_shop_failed"]
    assert errand.offered == ["/human_agent"]
    assert errand.slots["order_request"]["need"] == "cancel_order"
    assert errand.slots["order_request"]["order"] == number
    assert context.shop_of_orders().quote(Cancel(number)).allowed
    assert errand.says("cancel_order")[0] == "utter_plan_cancel"
    assert errand.says("deny") == ["utter_order_kept"]
    assert errand.slots["order_request"] is None


def test_another_errand_in_the_middle_takes_its_place(counter: Counter) -> None:
    errand = signed_in(counter)
    assert errand.says("return_item") == ["utter_ask_order"]
    assert errand.says("cancel_order") == ["utter_ask_order"]
    assert errand.offered[0].startswith("/cancel_order")


def test_what_answers_nothing_is_left_to_the_rules(counter: Counter) -> None:
    errand = signed_in(counter)
    assert errand.says("return_item") == ["utter_ask_order"]
    for need in ("faq/shipping_cost", "affirm", "doubt_price", "thanks", "nlu_fallback"):
        assert errand.says(need) == [], need
    assert errand.slots["requested_slot"] == "order"


def test_an_item_named_when_asked_for_begins_no_other_errand(counter: Counter) -> None:
    errand = Errand(counter)
    errand.proves(order_of(counter, MINE, "delivered"))
    assert errand.says("return_item") == ["utter_ask_order_item"]
    answer = errand.says("change_order", "the Side Street Sling", [("product", "KB-404")])
    assert answer == ["utter_plan_return", "utter_quote_refund", QUESTION]
