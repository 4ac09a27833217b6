"""Asked for an invoice, the customer gets a link that opens it, for as long as is said."""

from __future__ import annotations

from datetime import timedelta

import pytest

from actions import context
from tenin.clock import utcnow
from tenin.keys import ExpiredTokenError
from tenin.language.languages import configured
from tenin.pages.rendering import STATIC
from tenin.shop.invoice_link import InvoiceLink, read_link
from tests.answers import is_wording_of
from tests.unit.actions.counter import Counter, cards, payloads, shown
from tests.unit.actions.errand import Errand, order_of

READY = configured().ready
LIN = "lin.xiaoyu@example.com"


@pytest.mark.parametrize("language", READY)
def test_the_answer_has_a_link_to_the_invoice(counter: Counter, language: str) -> None:
    errand, number = Errand(counter, language), order_of(counter, LIN, "shipped")
    errand.proves(number)
    answer = counter.run(
        "action_order", sender=errand.sender, language=language, order_need="invoice", order=number
    )
    [said] = shown(answer, language)
    assert is_wording_of("utter_invoice_ready", language, said.text)
    for named in (number, f"INV-{number}", "30"):
        assert named in said.text
    assert "30.0" not in said.text
    assert payloads(said) == ["/human_agent"]
    [card] = cards(said)
    assert card.keys() == {"kind", "title", "url", "image"}
    assert (card["kind"], card["title"]) == ("invoice", f"INV-{number}")
    assert (STATIC / card["image"].removeprefix("/static/")).is_file()
    path, _, token = card["url"].rpartition("/")
    assert path == "/invoice"
    secret = context.settings().secret
    assert read_link(secret, token) == InvoiceLink(number, language)
    read_link(secret, token, utcnow() + timedelta(minutes=29))
    with pytest.raises(ExpiredTokenError):
        read_link(secret, token, utcnow() + timedelta(minutes=30))
    invoice = context.shop_of_orders().invoice(number, language)
    assert invoice is not None
    assert invoice.number in said.text


def test_how_long_it_holds_is_a_setting(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENIN_INVOICE_LINK_MINUTES", "1")
    context.settings.cache_clear()
    errand, number = Errand(counter), order_of(counter, LIN, "shipped")
    errand.proves(number)
    answer = counter.run(
        "action_order", sender=errand.sender, language="en", order_need="invoice", order=number
    )
    [said] = shown(answer, "en")
    assert "1 minute;" in str(said.text)
    token = cards(said)[0]["url"].rpartition("/")[2]
    with pytest.raises(ExpiredTokenError):
        read_link(context.settings().secret, token, utcnow() + timedelta(minutes=1))


def test_there_is_no_link_without_a_proof_or_an_invoice(counter: Counter) -> None:
    errand, cancelled = Errand(counter), order_of(counter, LIN, "cancelled")
    errand.proves(cancelled)
    for number in (cancelled, order_of(counter, LIN, "shipped")):
        answer = counter.run(
            "action_order", sender=errand.sender, language="en", order_need="invoice", order=number
        )
        [said] = shown(answer, "en")
        assert cards(said) == []
        assert "/invoice" not in str(answer["responses"])
