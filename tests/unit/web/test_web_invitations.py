"""Invitations over HTTP: who is told of, who is invited, and the chat that comes of it."""

from __future__ import annotations

import itertools
import json
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from tenin.clock import utcnow
from tenin.conversation.models import Conversation, Line
from tenin.database import read_transaction, write_transaction
from tenin.desk.models import Agent
from tenin.invitation import visits
from tenin.invitation.models import Invited, Visitor
from tenin.pages.rendering import strings
from tests.customer import Customer
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import refused
from tests.unit.web.served import Site

PAGE = {
    "kind": "product",
    "path": "/p/tent?ref=lin@example.com#a",
    "title": "Nest 2",
    "sku": "KT-601",
}
CART = {"kind": "cart", "path": "/cart", "cart": {"count": 2, "value": 1800.5, "currency": "CNY"}}
NOBODYS = {"per_page": 0, "rules": [], "by_hand": None}


def own_id(held_out: bool = False) -> str:
    """A new visitor's id, of those who are held out or not."""
    for _ in itertools.count():
        found = uuid.uuid4().hex
        if visits.is_held_out(visits.visitor_id(found), 10) == held_out:
            return found
    raise AssertionError


class Browser:
    """A visitor's browser at the shop's pages."""

    def __init__(self, site: Site, language: str = "en", *, held_out: bool = False) -> None:
        self.http, self.language, self.id = site.http(), language, own_id(held_out)

    def see(self, page: dict[str, Any] = PAGE, **rest: Any) -> dict[str, Any]:
        body = {"visitor": self.id, "language": self.language, "page": page, **rest}
        answer = self.http.post("/chat/visits", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ask(self, name: str) -> int | None:
        body = {"visitor": self.id, "invitation": name}
        answer = self.http.post("/chat/invitations", json=body)
        assert answer.status_code == 200, answer.text
        found: int | None = answer.json()["show"]
        return found

    def answer(self, number: object, answer: str) -> httpx.Response:
        body = {"visitor": self.id, "answer": answer}
        return self.http.post(f"/chat/invitations/{number}", json=body)

    def chat(self, site: Site, number: int | None = None) -> tuple[Customer, dict[str, Any]]:
        body = {"language": self.language, "visitor": self.id, "invitation": number}
        answer = self.http.post("/chat/session", json=body)
        assert answer.status_code == 201, answer.text
        found = answer.json()
        return site.customer(token=found["token"]), found


def rows(site: Site, model: Any) -> list[Any]:
    with read_transaction(site.engine) as session:
        return list(session.execute(select(model)).scalars())


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant", "ja"])
def test_a_page_is_told_the_rules_in_its_language(site: Site, language: str) -> None:
    found = Browser(site, language).see()
    assert found["by_hand"] is None
    assert found["per_page"] == 1
    texts = {rule["name"]: rule["text"] for rule in found["rules"]}
    assert texts.pop("lingers_at_product") is None
    assert len(texts) >= 4
    assert all(texts.values())


def test_nothing_beyond_the_page_is_kept(site: Site) -> None:
    browser = Browser(site)
    browser.see()
    [visitor] = rows(site, Visitor)
    assert visitor.page["path"] == "/p/tent"
    assert browser.id not in json.dumps(site.rows(), default=str)


def test_a_page_that_says_the_same_again_is_not_written_again(site: Site) -> None:
    browser = Browser(site)
    answer = browser.see()
    [first] = rows(site, Visitor)
    assert browser.see() == answer
    [again] = rows(site, Visitor)
    assert again.seen_at == first.seen_at
    browser.see(ordered={"value": 12, "currency": "EUR"})
    [ordered] = rows(site, Visitor)
    assert ordered.order_value == "12.00"
    browser.see(CART)
    [moved] = rows(site, Visitor)
    assert moved.page["kind"] == "cart"
    assert moved.seen_at > first.seen_at


@pytest.mark.parametrize("header", ["sec-gpc", "dnt"])
def test_who_will_not_be_followed_is_not(site: Site, header: str) -> None:
    browser = Browser(site)
    browser.http.headers[header] = "1"
    assert browser.see() == NOBODYS
    assert browser.ask("compares") is None
    assert rows(site, Visitor) == []


def test_one_is_shown_once_and_dismissed(site: Site) -> None:
    browser = Browser(site)
    browser.see()
    number = browser.ask("compares")
    assert number is not None
    assert browser.ask("reads_on") is None
    assert Browser(site).answer(number, "dismissed").status_code == 404
    assert browser.answer(number, "dismissed").status_code == 204
    assert browser.answer(2**70, "dismissed").status_code == 404
    [row] = rows(site, Invited)
    assert (row.answer, row.invitation, row.page, row.sku) == (
        "dismissed",
        "compares",
        "product",
        "KT-601",
    )


def test_who_is_held_out_is_never_invited(site: Site) -> None:
    browser = Browser(site, held_out=True)
    browser.see()
    assert browser.ask("compares") is None
    [row] = rows(site, Invited)
    assert row.held_out


def test_a_text_that_was_accepted_stands_first_in_the_chat(site: Site) -> None:
    browser = Browser(site, "ja")
    text = {rule["name"]: rule["text"] for rule in browser.see()["rules"]}["compares"]
    number = browser.ask("compares")
    customer, session = browser.chat(site, number)
    assert session["greeted"] is True
    assert [line["text"] for line in customer.lines()] == [text]
    [row] = rows(site, Invited)
    assert row.conversation_id == site.conversation(customer).id
    assert site.inbox(row.conversation_id) == []


def test_at_a_product_the_bot_opens_once_in_place_of_its_welcome(site: Site) -> None:
    browser = Browser(site)
    browser.see()
    customer, session = browser.chat(site, browser.ask("lingers_at_product"))
    assert session["greeted"] is True
    conversation = site.conversation(customer).id
    assert site.woken() == [conversation]
    assert customer.post({"event": "opened"}).status_code == 200
    [row] = site.inbox(conversation)
    assert (row.kind, row.payload) == ("event", '/page_lingering{"product": "KT-601"}')


def test_a_person_is_promised_while_one_is_free_and_called_at_once(site: Site) -> None:
    browser = Browser(site)
    browser.see(CART)
    assert browser.ask("worth_a_person") is None
    site.agent("Mei")
    number = browser.ask("worth_a_person")
    customer, session = browser.chat(site, number)
    assert session["greeted"] is True
    conversation = site.conversation(customer)
    assert (conversation.owner, conversation.reason) == ("queue", "invited")
    assert [line["author"] for line in customer.lines()][:2] == ["bot", "system"]


def test_an_invitation_of_another_or_dismissed_begins_an_ordinary_chat(site: Site) -> None:
    browser, other = Browser(site), Browser(site)
    browser.see()
    other.see()
    number = browser.ask("compares")
    customer, session = other.chat(site, number)
    assert (session["greeted"], customer.lines()) == (False, [])
    browser.answer(number, "dismissed")
    customer, session = browser.chat(site, number)
    assert (session["greeted"], customer.lines()) == (False, [])
    assert {row.chatted_at is None for row in rows(site, Visitor)} == {False}


def test_who_is_invited_by_hand_finds_that_agent(site: Site) -> None:
    browser = Browser(site)
    browser.see()
    site.agent("Mei")
    [me] = [agent.id for agent in rows(site, Agent) if agent.name == "Mei"]
    with write_transaction(site.engine) as session:
        visitor = visits.visitor_id(browser.id)
        assert visits.invite_by_hand(session, visitor, me, "Mei", "Shall I show you?")
    by_hand = browser.see()["by_hand"]
    assert (by_hand["text"], by_hand["agent"]) == ("Shall I show you?", "Mei")
    customer, session = browser.chat(site, by_hand["id"])
    assert session["greeted"] is True
    conversation = site.conversation(customer)
    assert (conversation.owner, conversation.agent_id) == ("agent", me)
    last = customer.lines()[-1]
    assert (last["author"], last["name"], last["text"]) == ("agent", "Mei", "Shall I show you?")


def test_what_a_visitor_ordered_is_kept(site: Site) -> None:
    browser = Browser(site)
    browser.see(CART, ordered={"value": "1800.50", "currency": "CNY"})
    [visitor] = rows(site, Visitor)
    assert (visitor.order_value, visitor.order_currency) == ("1800.50", "CNY")
    assert visitor.page["cart_value"] == "1800.50"


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ({"kind": "home", "path": "javascript:x"}, {"path": "/"}),
        ({"kind": "home", "path": "/" + "a" * 999}, {"path": "/" + "a" * 199}),
        ({"kind": "home", "title": "a\0b"}, {"title": ""}),
        ({"kind": "home", "title": 1, "cart": []}, {"title": "", "cart_items": 0}),
        ({"kind": "product", "sku": 'x"}'}, {"sku": None}),
        (
            {"kind": "cart", "cart": {"count": True, "value": "NaN", "currency": "CNY"}},
            {"cart_value": None},
        ),
        (
            {"kind": "cart", "cart": {"count": -1, "value": -5, "currency": "CNY"}},
            {"cart_items": 0},
        ),
        ({"kind": "cart", "cart": {"value": 5, "currency": "yuan"}}, {"cart_value": None}),
    ],
)
def test_what_a_page_says_wrongly_is_left_out(
    site: Site, page: dict[str, Any], kept: dict[str, Any]
) -> None:
    Browser(site).see(page)
    [visitor] = rows(site, Visitor)
    assert kept.items() <= visitor.page.items()


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("visits", {"page": PAGE}, "no_visitor"),
        ("visits", {"visitor": "short", "page": PAGE}, "no_visitor"),
        ("visits", {"visitor": "a" * 15 + "\0", "page": PAGE}, "no_visitor"),
        ("visits", {"visitor": "a" * 20}, "no_page"),
        ("visits", {"visitor": "a" * 20, "page": {"kind": "x"}}, "no_page"),
        ("visits", {"visitor": "a" * 20, "page": []}, "no_page"),
        ("invitations", {"visitor": "a" * 20}, "no_such_invitation"),
        ("invitations", {"visitor": "a" * 20, "invitation": []}, "no_such_invitation"),
        ("invitations/1", {"visitor": "a" * 20, "answer": "shown"}, "no_answer"),
        ("session", {"visitor": 1}, "no_visitor"),
        ("session", {"visitor": "a" * 20, "invitation": "1"}, "no_such_invitation"),
        ("session", {"visitor": "a" * 20, "invitation": True}, "no_such_invitation"),
    ],
)
def test_what_is_sent_wrongly_is_refused_with_the_remedy(
    site: Site, path: str, body: dict[str, Any], code: str
) -> None:
    answer = site.http().post(f"/chat/{path}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert answer.json()["error"]["remedy"]
    assert rows(site, Visitor) == []


def test_an_agent_sees_who_browses_and_invites_one(site: Site) -> None:
    browser, other, out = Browser(site), Browser(site), Browser(site, held_out=True)
    for each in (other, out):
        each.see({"kind": "home", "title": "Kodama"})
    browser.see(PAGE)
    browser.see(CART | {"title": "Cart"})
    mei = site.agent("Mei")
    [first, second] = mei.http.get("/desk/api/visitors").json()["visitors"]
    assert (first["page"]["title"], first["page"]["cart_value"]) == ("Cart", "1800.50")
    assert len(first["products"]) == 1
    assert first["products"][0]
    assert second["page"]["title"] == "Kodama"
    assert (first["visits"], first["conversation"], first["invited"]) == (1, None, False)

    call = f"/desk/api/visitors/{first['id']}/invite"
    assert mei.http.post(call, json={"text": " Shall I help? "}).status_code == 204
    assert mei.http.get("/desk/api/visitors").json()["visitors"][0]["invited"]
    assert browser.see()["by_hand"]["text"] == "Shall I help?"
    browser.chat(site)
    chatting = mei.http.get("/desk/api/visitors").json()["visitors"][0]
    assert chatting["conversation"] is not None
    answer = mei.http.post(call, json={"text": "Again"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "visitor_gone")
    assert "visitor_invited" in json.dumps(site.rows()["audit_entry"], default=str)


@pytest.mark.parametrize("visitor", ["x", "0" * 64, "%00" * 64])
def test_nobody_who_is_not_there_is_invited(site: Site, visitor: str) -> None:
    answer = site.agent("Mei").http.post(
        f"/desk/api/visitors/{visitor}/invite", json={"text": "Hello"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "visitor_gone")


def accepted(browser: Browser, customer: Customer, number: int | None) -> int:
    body = {"visitor": browser.id, "answer": "accepted"}
    answer = customer.http.post(f"/chat/invitations/{number}", json=body)
    return answer.status_code


def test_who_has_a_chat_already_goes_on_in_it(site: Site, customer: Customer) -> None:
    customer.send(text="hello")
    site.answer("Hello!")
    customer.lines()
    browser = Browser(site)
    browser.see()
    number = browser.ask("lingers_at_product")
    assert accepted(browser, customer, number) == 204
    assert accepted(browser, customer, number) == 204
    conversation = site.conversation(customer).id
    payloads = [row.payload for row in site.inbox(conversation)]
    assert payloads == [None, '/page_lingering{"product": "KT-601"}']
    [row] = rows(site, Invited)
    assert (row.answer, row.conversation_id) == ("accepted", conversation)


def chat_of(browser: Browser, customer: Customer) -> dict[str, Any]:
    """The browser's next word comes with the session that it has."""
    headers = {"authorization": f"Bearer {customer.token}"}
    body = {"visitor": browser.id, "language": "en", "page": PAGE}
    answer = browser.http.post("/chat/visits", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_who_tells_of_pages_from_a_chat_is_chatting(site: Site, customer: Customer) -> None:
    customer.send(text="hello")
    browser = Browser(site)
    browser.see()
    assert rows(site, Visitor)[0].chatted_at is None
    chat_of(browser, customer)
    [visitor] = rows(site, Visitor)
    assert visitor.conversation_id == site.conversation(customer).id
    assert visits.is_chatting(visitor)
    assert browser.ask("compares") is None
    browser.see()
    assert rows(site, Visitor)[0].conversation_id == visitor.conversation_id


def test_a_chat_of_before_is_none_of_this_visit(site: Site, customer: Customer) -> None:
    customer.send(text="hello")
    long_ago = utcnow() - timedelta(minutes=31)
    with write_transaction(site.engine) as session:
        for model, column in ((Line, "at"), (Conversation, "created_at")):
            session.execute(update(model).values({column: long_ago}))
    browser = Browser(site)
    chat_of(browser, customer)
    [visitor] = rows(site, Visitor)
    assert visitor.chatted_at is None
    customer.send(text="hello again")
    chat_of(browser, customer)
    [visitor] = rows(site, Visitor)
    assert visits.is_chatting(visitor)


def test_a_page_is_told_by_no_session_that_is_none(site: Site) -> None:
    body = {"visitor": own_id(), "language": "en", "page": PAGE}
    with refused(site, 401, "no_session") as send:
        send("POST", "/chat/visits", json=body, headers={"authorization": "Bearer nobody"})


def test_who_chats_sees_what_is_known_of_them_as_a_visitor(site: Site, customer: Customer) -> None:
    browser, other = Browser(site), Browser(site)
    browser.see(ordered={"value": 12.5, "currency": "EUR"})
    number = browser.ask("compares")
    other.see()
    chat_of(browser, customer)
    assert accepted(browser, customer, number) == 204
    [visitor] = customer.http.get("/chat/data").json()["visitors"]
    assert (visitor["page"]["path"], visitor["products"]) == ("/p/tent", ["KT-601"])
    assert (visitor["visits"], visitor["order_value"]) == (1, "12.50")
    [invited] = visitor["invitations"]
    assert (invited["invitation"], invited["shown"]) == ("compares", True)
    assert (invited["answer"], invited["sku"]) == ("accepted", "KT-601")
    assert invited["text"]
    assert site.customer().http.get("/chat/data").json()["visitors"] == []

    assert customer.http.post("/chat/erase", json={"confirm": True}).status_code == 204
    assert [row.id for row in rows(site, Visitor)] == [visits.visitor_id(other.id)]
    assert rows(site, Invited) == []


def test_who_is_with_a_person_is_left_in_peace(
    site: Site, customer: Customer, conversation: str
) -> None:
    browser = Browser(site)
    browser.see()
    number = browser.ask("compares")
    before = len(customer.lines())
    assert accepted(browser, customer, number) == 204
    assert len(customer.lines()) == before


def test_an_invitation_is_accepted_for_no_session_that_is_none(site: Site) -> None:
    browser = Browser(site)
    browser.see()
    number = browser.ask("compares")
    headers = {"authorization": "Bearer nobody"}
    body = {"visitor": browser.id, "answer": "accepted"}
    answer = site.http().post(f"/chat/invitations/{number}", json=body, headers=headers)
    assert answer.status_code == 401


def test_who_agrees_no_longer_is_forgotten(site: Site) -> None:
    browser, other = Browser(site), Browser(site)
    for each in (browser, other):
        each.see()
        each.ask("compares")
    answer = browser.http.post("/chat/visits/forget", json={"visitor": browser.id})
    assert answer.status_code == 204
    assert [row.id for row in rows(site, Visitor)] == [visits.visitor_id(other.id)]
    assert len(rows(site, Invited)) == 1


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant", "ja"])
def test_leads_see_what_inviting_adds(site: Site, language: str) -> None:
    lead = site.agent("Lea", "lead")
    lead.http.headers["accept-language"] = language
    path = "/desk/leads/invitations"
    words = strings(language)["leads"]["invitations"]
    assert words["nothing"] in lead.http.get(path).text
    began = utcnow() - timedelta(days=2)
    with write_transaction(site.engine) as session:
        for number in range(60):
            out = number % 2 == 0
            chatted = began + timedelta(hours=1) if number % (10 if out else 3) == 0 else None
            session.add(
                Visitor(
                    id=f"{number:064}",
                    held_out=out,
                    language=language,
                    first_seen=began,
                    began_at=began,
                    seen_at=began,
                    visits=1,
                    page={},
                    products=[],
                    chatted_at=chatted,
                )
            )
            session.flush()
            session.add(
                Invited(
                    visitor_id=f"{number:064}",
                    invitation="compares",
                    held_out=out,
                    promises_person=False,
                    page="home",
                    at=began,
                    answer="dismissed" if number == 1 else "shown",
                )
            )
    text = lead.http.get(path).text
    assert "compares" in text
    assert "33.3%" in text  # of those invited
    assert "20.0%" in text  # of those held out
    assert "+13.3%" in text
    assert words["too_few"] not in text
    assert site.agent("Mei").http.get(path).status_code == 403


def test_a_flood_of_visits_is_refused_before_anything_is_kept(make_site: SiteMaker) -> None:
    site = make_site(LIMITS_VISITS_BY_ADDRESS=2)
    Browser(site).see()
    Browser(site).see()
    body = {"visitor": own_id(), "page": PAGE}
    answer = site.http().post("/chat/visits", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_visits")
    assert len(rows(site, Visitor)) == 2


def test_a_flood_of_files_is_refused_before_they_are_read(make_site: SiteMaker) -> None:
    site = make_site(LIMITS_UPLOADS_BY_SESSION=1)
    customer = site.customer()
    headers = {"idempotency-key": "a", "x-file-name": "a.png"}
    codes = [
        customer.http.post("/chat/files", content=b"x", headers=headers).json()["error"]["code"]
        for _ in range(2)
    ]
    assert codes == ["no_person_serves", "too_many_uploads"]
