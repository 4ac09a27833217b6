"""`/invoice/<token>`: who has the link reads the invoice, and it is theirs alone."""

from __future__ import annotations

import time
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from tenin.clock import utcnow
from tenin.database import make_engine, read_transaction, write_transaction
from tenin.invoice_page import DOCUMENT_POLICY, routes
from tenin.language.languages import configured
from tenin.pages.rendering import strings
from tenin.shop.invoice_link import InvoiceLink, sign_link
from tenin.shop.models import orders
from tenin.web import CONTENT_SECURITY_POLICY
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import Site
from tests.unit.web.test_web_pages import HTML, Page, assert_safe

READY = configured().ready
LASTS = timedelta(minutes=30)
TITLES = {"en": "Invoice", "zh-Hans": "购物账单", "zh-Hant": "購物明細", "ja": "お買い上げ明細書"}


def order_of(site: Site, status: str) -> str:
    engine = make_engine(site.settings.shop.database_url)
    with read_transaction(engine) as session:
        wanted = select(orders.c.number).where(orders.c.status == status).order_by(orders.c.number)
        found = str(session.execute(wanted).scalars().first())
    engine.dispose()
    return found


def link_to(site: Site, order: str, language: str = "en", lasts: timedelta = LASTS) -> str:
    return f"/invoice/{sign_link(site.settings.secret, InvoiceLink(order, language), lasts)}"


def opened(site: Site, path: str, accepted: str = "en") -> httpx.Response:
    """What a browser gets; whatever it is, it isn't kept, found or told of."""
    answer = site.http({"accept": HTML, "accept-language": accepted}).get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers.get_list("content-security-policy")) == 1
    return answer


def refused(answer: httpx.Response, status: int, kind: str, language: str) -> Page:
    """A page that says in this language what is the matter and what to do."""
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    page = assert_safe(answer)
    words = strings(language)["invoice"][kind]
    assert page.language == language
    assert words["title"] in page.texts
    assert words["text"] in page.texts
    assert "/" in page.links
    return page


def test_there_is_one_route() -> None:
    assert [(route.path, route.methods) for route in routes] == [
        ("/invoice/{token}", {"GET", "HEAD"})
    ]


@pytest.mark.parametrize("language", READY)
def test_the_invoice_is_shown_in_the_language_of_the_link(open_site: Site, language: str) -> None:
    number = order_of(open_site, "delivered")
    answer = opened(open_site, link_to(open_site, number, language), accepted="fr")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    assert page.language == language
    assert TITLES[language] in page.texts
    assert f"INV-{number}" in page.texts
    assert number in page.texts
    assert "size: A4" in answer.text


def test_its_policy_lets_nothing_load_or_run(open_site: Site) -> None:
    answer = opened(open_site, link_to(open_site, order_of(open_site, "delivered")))
    assert answer.headers["content-security-policy"] == DOCUMENT_POLICY
    policy = dict(part.strip().split(" ", 1) for part in DOCUMENT_POLICY.split(";"))
    assert policy.pop("default-src") == "'none'"
    assert policy.pop("style-src") == "'unsafe-inline'"
    assert policy.pop("img-src") == "data:"
    assert set(policy) == {"base-uri", "form-action", "frame-ancestors"}
    assert set(policy.values()) == {"'none'"}
    assert Page(answer.text).loaded == []


@pytest.mark.parametrize("language", READY)
def test_an_expired_link_says_to_ask_again_in_its_own_language(
    open_site: Site, language: str
) -> None:
    number = order_of(open_site, "delivered")
    path = link_to(open_site, number, language, timedelta(seconds=-1))
    page = refused(opened(open_site, path, accepted="fr"), 410, "expired", language)
    assert number not in page.text


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("how", ["made up", "altered", "cut off", "of another secret", "endless"])
def test_a_link_that_is_not_ours_opens_nothing(open_site: Site, how: str, language: str) -> None:
    number = order_of(open_site, "delivered")
    good = link_to(open_site, number, "en")
    link = InvoiceLink(number, "en")
    path = {
        "made up": "/invoice/no.such.token",
        "altered": good[:-6] + ("A" if good[-6] != "A" else "B") + good[-5:],
        "cut off": good[:-1],
        "of another secret": f"/invoice/{sign_link('another' * 8, link, LASTS)}",
        "endless": "/invoice/" + "x" * 5_000,
    }[how]
    page = refused(opened(open_site, path, accepted=language), 404, "bad", language)
    assert number not in page.text


def test_a_customers_token_opens_none(site: Site) -> None:
    """Nor does the desk's, or the chat's: each proves one thing."""
    customer = site.customer()
    agent = site.agent()
    for token in (customer.token, agent.http.cookies["tenin_desk"]):
        refused(opened(site, f"/invoice/{token}"), 404, "bad", "en")


@pytest.mark.parametrize("language", READY)
def test_a_cancelled_order_has_none(open_site: Site, language: str) -> None:
    for number in (order_of(open_site, "cancelled"), "209912319999"):
        path = link_to(open_site, number, language)
        refused(opened(open_site, path), 404, "none", language)


def test_a_shop_that_does_not_answer_is_asked_again(make_site: SiteMaker) -> None:
    site = make_site()
    number = order_of(site, "delivered")
    engine = make_engine(site.settings.shop.database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE invoices RENAME TO gone")
    for language in READY:
        answer = opened(site, link_to(site, number, language))
        page = refused(answer, 503, "failed", language)
        assert strings(language)["invoice"]["again"] in page.texts
        assert "?" in page.links
        assert int(answer.headers["retry-after"]) > 0
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO invoices")
    engine.dispose()
    assert opened(site, link_to(site, number)).status_code == 200


def test_a_shop_that_is_too_slow_is_not_waited_for(make_site: SiteMaker) -> None:
    site = make_site(ACTIONS_DEADLINE_SECONDS="0.5")
    path = link_to(site, order_of(site, "delivered"))
    engine = make_engine(site.settings.shop.database_url)
    with write_transaction(engine):  # the shop waits to write its number
        began = time.monotonic()
        refused(opened(site, path), 503, "failed", "en")
        assert time.monotonic() - began < 4
    engine.dispose()


def test_the_link_ends_when_it_says(open_site: Site) -> None:
    number = order_of(open_site, "delivered")
    secret, link = open_site.settings.secret, InvoiceLink(number, "en")
    for minutes, status in ((29, 200), (31, 410)):
        token = sign_link(secret, link, LASTS, utcnow() - timedelta(minutes=minutes))
        assert opened(open_site, f"/invoice/{token}").status_code == status


def test_looking_at_a_link_is_no_other_method(open_site: Site) -> None:
    path = link_to(open_site, order_of(open_site, "delivered"))
    http = open_site.http()
    head = http.head(path)
    assert (head.status_code, head.text) == (200, "")
    assert head.headers["cache-control"] == "no-store"
    assert http.post(path).status_code == 405
