"""What the desk shows of an errand: what was asked for, of which order, whose, and what failed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from actions.errands import ERRANDS, TRACK
from actions.order_details import WISHES
from actions.order_words import item_choices
from tenin.conversation import tracker
from tenin.conversation.identity import remember_proof, sign_out
from tenin.conversation.transcript import Reply
from tenin.database import write_transaction
from tenin.language.languages import configured
from tenin.pages.rendering import strings
from tenin.shop.interface import OrderItem
from tests.agent import DeskAgent
from tests.customer import Customer
from tests.unit.web.served import Site

NUMBER, OTHER = "202611190042", "202611190043"
SHOES = OrderItem("12", "KS-101", "Moss Shoes", "38", None, 1, 10)  # type: ignore[arg-type]


def knows(site: Site, conversation: str, **slots: Any) -> None:
    """The bot has come to know these slots."""
    events = [
        {"event": "slot", "timestamp": time.time(), "name": name, "value": value}
        for name, value in slots.items()
    ]
    with write_transaction(site.engine) as session:
        tracker.append(session, conversation, events)


def proves(site: Site, conversation: str, number: str) -> None:
    with write_transaction(site.engine) as session:
        remember_proof(session, conversation, number)


def test_without_an_errand_there_is_none(mei: DeskAgent, conversation: str) -> None:
    assert mei.look(conversation)["errands"] == []


def test_the_errand_with_its_proved_order_and_what_was_wished(
    site: Site, mei: DeskAgent, customer: Customer
) -> None:
    choices = [(each["title"], each["payload"]) for each in item_choices([SHOES], "exchange_item")]
    customer.send(text="Too tight")
    conversation = site.answer("Which one?", buttons=choices)
    detail = {"size": ["39"], "colour": ["navy"], "words": {"navy": "dark blue"}}
    knows(
        site,
        conversation,
        order_need="exchange_item",
        order=NUMBER,
        order_number=NUMBER,
        order_item="12",
        order_detail=detail,
        order_quote=[{"response": "utter_quote_free"}],
    )
    assert mei.look(conversation)["errands"] == [
        {
            "failed": False,
            "need": "exchange_item",
            "order": NUMBER,
            "proved": True,
            "item": "Moss Shoes (38)",
            "wish": {"size": ["39"], "colour": ["dark blue"]},
        }
    ]


def test_a_number_that_was_only_said_is_not_proved(
    site: Site, mei: DeskAgent, conversation: str
) -> None:
    knows(site, conversation, order_need="cancel_order", order_number="2026 1119-0042")
    [errand] = mei.look(conversation)["errands"]
    assert (errand["order"], errand["proved"]) == (NUMBER, False)
    proves(site, conversation, NUMBER)
    assert mei.look(conversation)["errands"][0]["proved"] is True
    with write_transaction(site.engine) as session:
        sign_out(session, conversation)
    assert mei.look(conversation)["errands"][0]["proved"] is False
    knows(site, conversation, order_number=None)
    [errand] = mei.look(conversation)["errands"]
    assert (errand["order"], errand["proved"]) == (None, None)


def test_what_the_shop_failed_to_do_comes_first(
    site: Site, mei: DeskAgent, conversation: str
) -> None:
    request = {
        "need": "change_address",
        "order": NUMBER,
        "item": None,
        "detail": {"address": "1 New Street"},
    }
    knows(site, conversation, order_request=request, order_need="track_order", order_number=OTHER)
    failed, about = mei.look(conversation)["errands"]
    assert failed == {
        "failed": True,
        "need": "change_address",
        "order": NUMBER,
        "proved": None,  # the slot doesn't tell
        "item": None,
        "wish": {"address": ["1 New Street"]},
    }
    assert (about["failed"], about["need"], about["order"]) == (False, "track_order", OTHER)
    proves(site, conversation, NUMBER)
    assert mei.look(conversation)["errands"][0]["proved"] is True


def test_a_button_of_another_conversation_names_no_item(
    site: Site, mei: DeskAgent, conversation: str
) -> None:
    other = site.customer()
    other.send(text="mine")
    choices = item_choices([SHOES], "return_item")
    site.commit(
        site.claim("mine"), Reply("Which?", [(each["title"], each["payload"]) for each in choices])
    )
    knows(site, conversation, order_need="return_item", order=NUMBER, order_item="12")
    assert mei.look(conversation)["errands"][0]["item"] is None


def test_handed_back_it_is_over(site: Site, mei: DeskAgent, conversation: str) -> None:
    knows(site, conversation, order_need="invoice", order_request={"need": "invoice"})
    assert len(mei.look(conversation)["errands"]) == 2
    mei.take(conversation)
    assert len(mei.look(conversation)["errands"]) == 2
    mei.hand_back(conversation)
    assert mei.look(conversation)["errands"] == []


@pytest.mark.parametrize("language", configured().ready)
def test_every_errand_and_wish_has_its_words(language: str) -> None:
    words = strings(language)["desk"]["errand"]
    assert words["need"].keys() == {*ERRANDS, TRACK}
    assert {*WISHES, "address"} <= words.keys()
