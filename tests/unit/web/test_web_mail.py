"""Mail from the chat: agreed to, sent by the web tier itself, and seen at the desk."""

from __future__ import annotations

import time
from typing import Any

from tenin.conversation import consent
from tenin.conversation.notices import notify
from tenin.database import read_transaction, write_transaction
from tests.mail_server import mail_server
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site

ADDRESS = "lin@shop.example"
MAIL = {
    "EMAIL_HOST": "127.0.0.1",
    "EMAIL_TLS": "plain",
    "EMAIL_SENDER": "service@kodama.example",
}
PATIENCE = 20


def consented(site: Site, conversation: str) -> str | None:
    with read_transaction(site.engine) as session:
        return consent.consented_address(session, conversation)


def test_a_notice_reaches_one_who_has_left(make_site: SiteMaker) -> None:
    with mail_server() as server:
        site = make_site(**MAIL, EMAIL_PORT=server.port)
        customer, mei = site.customer(), site.agent()
        customer.send(text="Tell me when it is here")
        conversation = site.answer("We will")
        assert customer.http.post("/chat/mail", json={"address": ADDRESS}).status_code == 204
        server.answers = ["554 never"]
        for key in ("first", "second"):
            with write_transaction(site.engine) as session:
                values = {"agent": "Mei"}
                notify(session, conversation, "utter_agent_joined", values, site.voice, key=key)
        deadline = time.monotonic() + PATIENCE
        while True:
            seen: list[Any] = [line["mail"] for line in mei.look(conversation)["lines"]]
            if "pending" not in seen:
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert seen == [None, None, "failed", "delivered"]
        [mail] = server.received
        assert mail["To"] == ADDRESS
    lines = customer.lines()
    assert len(lines) == 4
    assert all("mail" not in line for line in lines)


def test_agreed_and_withdrawn(make_site: SiteMaker) -> None:
    site = make_site(**MAIL)
    customer = site.customer()
    conversation = site.conversation(customer).id
    assert customer.http.post("/chat/mail", json={"address": ADDRESS}).status_code == 204
    assert consented(site, conversation) == ADDRESS
    for _ in range(2):
        assert customer.http.post("/chat/mail", json={"address": None}).status_code == 204
        assert consented(site, conversation) is None


def test_what_is_no_address_is_refused(make_site: SiteMaker) -> None:
    site = make_site(**MAIL)
    headers = {"authorization": f"Bearer {site.customer().token}"}
    bodies: list[tuple[dict[str, Any], str]] = [
        ({}, "no_address"),
        ({"address": 7}, "no_address"),
        ({"address": [ADDRESS]}, "no_address"),
        ({"address": ""}, "bad_address"),
        ({"address": "lin"}, "bad_address"),
        ({"address": f"{ADDRESS}\r\nBcc: x@shop.example"}, "bad_address"),
    ]
    for body, code in bodies:
        with refused(site, 422, code) as send:
            send("POST", "/chat/mail", json=body, headers=headers)


def test_where_no_mail_is_sent_none_is_promised(site: Site) -> None:
    customer = site.customer()
    answer = customer.http.post("/chat/mail", json={"address": ADDRESS})
    assert_error(answer, 409, "no_mail")
    assert customer.http.post("/chat/mail", json={"address": None}).status_code == 204
