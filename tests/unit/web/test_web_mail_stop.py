"""The link at the foot of a mail: looked at it changes nothing, one click ends the mail."""

from __future__ import annotations

import httpx
import jwt
import pytest

from tenin.channels.customer_token import issue_token, load_rules
from tenin.channels.mail_stop import PURPOSE, stop_link
from tenin.conversation import consent, delivery
from tenin.conversation.notices import notify
from tenin.database import read_transaction, write_transaction
from tenin.demo_shop import LASTS
from tenin.keys import key_for
from tenin.language.languages import configured
from tenin.pages.rendering import strings
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import Site
from tests.unit.web.test_web_mail import MAIL

ADDRESS = "lin@shop.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def mailing(make_site: SiteMaker) -> Site:
    """A site that sends mail nowhere: each stays in the outbox."""
    return make_site(**MAIL, EMAIL_PORT=9, WEB_PUBLIC_URL="https://chat.kodama.example/shop")


def mailed(site: Site, language: str = "en", address: str = ADDRESS) -> tuple[str, int]:
    """A conversation with a mail in the outbox, and the mail's number there."""
    conversation = site.conversation(site.customer(language)).id
    with write_transaction(site.engine) as session:
        consent.give_consent(session, conversation, address)
        values = {"agent": "Mei"}
        notify(session, conversation, "utter_agent_joined", values, site.voice, key="k")
    rows = [row for row in site.rows()["outbox"] if row["conversation_id"] == conversation]
    return conversation, next(row["id"] for row in rows if row["channel"] == "email")


def path_of(site: Site, number: int) -> str:
    link = stop_link(number, site.settings)
    assert link is not None
    base, _, token = link.rpartition("/mail/stop/")
    assert base == "https://chat.kodama.example/shop"
    return f"/mail/stop/{token}"


def consented(site: Site, conversation: str) -> str | None:
    with read_transaction(site.engine) as session:
        return consent.consented_address(session, conversation)


def shows(answer: httpx.Response, language: str, state: str) -> bool:
    return strings(language)["mail_stop"][state]["title"] in answer.text


@pytest.mark.parametrize("language", configured().ready)
def test_looking_changes_nothing_and_pressing_stops(mailing: Site, language: str) -> None:
    conversation, number = mailed(mailing, language)
    http, path = mailing.http({"accept-language": "en"}), path_of(mailing, number)
    before = mailing.rows()["mail_consent"]
    for _ in range(2):
        seen = http.get(path)
        assert seen.status_code == 200
        assert shows(seen, language, "ask")
        assert '<form method="post">' in seen.text
    assert http.head(path).status_code == 200
    assert mailing.rows()["mail_consent"] == before
    pressed = http.post(path)
    assert pressed.status_code == 200
    assert shows(pressed, language, "done")
    assert consented(mailing, conversation) is None
    for again in (http.get(path), http.post(path)):
        assert shows(again, language, "done")
    for page in (seen, pressed):
        assert f'lang="{language}"' in page.text
        assert ADDRESS not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert "form-action 'self'" in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "same-origin"


def test_one_click_as_mail_programs_do_it(mailing: Site) -> None:
    """RFC 8058: a POST by a stranger, without cookies, that is not led elsewhere."""
    conversation, number = mailed(mailing)
    answer = mailing.http().post(path_of(mailing, number), data=ONE_CLICK)
    assert (answer.status_code, answer.history) == (200, [])
    assert consented(mailing, conversation) is None
    assert delivery.claim_mail(mailing.engine, attempts=99) is None
    statuses = {row["status"] for row in mailing.rows()["outbox"] if row["channel"] == "email"}
    assert "delivered" not in statuses


def test_all_mail_to_that_address_ends_and_no_other(mailing: Site) -> None:
    stopped, number = mailed(mailing)
    same, _ = mailed(mailing, address=ADDRESS.upper())
    other, _ = mailed(mailing, address="mei@shop.example")
    assert mailing.http().post(path_of(mailing, number)).status_code == 200
    gone = [consented(mailing, each) for each in (stopped, same, other)]
    assert gone == [None, None, "mei@shop.example"]


def test_an_old_mail_says_nothing_of_a_newer_address(mailing: Site) -> None:
    """Who was written to by mistake can't stop the mail of whom it was meant for."""
    conversation, number = mailed(mailing, address="typo@shop.example")
    with write_transaction(mailing.engine) as session:
        consent.give_consent(session, conversation, ADDRESS)
    assert mailing.http().post(path_of(mailing, number)).status_code == 200
    assert consented(mailing, conversation) == ADDRESS


def forged(site: Site, number: int) -> dict[str, str]:
    """Tokens that are not those of a mail: for another purpose, by another key, or spoilt."""
    good = path_of(site, number).rpartition("/")[2]
    claims = {"aud": PURPOSE, "sub": str(number)}
    rules = load_rules(site.settings)
    assert rules is not None
    head, body, signature = good.split(".")
    key = key_for(site.settings.secret, PURPOSE)
    return {
        "another purpose": jwt.encode({**claims, "aud": "tenin"}, key),
        "no purpose": jwt.encode({"sub": str(number)}, key),
        "the secret itself": jwt.encode(claims, site.settings.secret),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "a customer's": issue_token(str(number), rules, LASTS),
        "spoilt": f"{head}.{body}.{signature[:-2]}AA",
        "cut": good[:-5],
        "no number": jwt.encode({**claims, "sub": "abc"}, key),
        "below": jwt.encode({**claims, "sub": "-1"}, key),
        "beyond": jwt.encode({**claims, "sub": str(2**70)}, key),
        "no such mail": jwt.encode({**claims, "sub": "999999"}, key),
        "not a token": "abc",
        "not ASCII": "%E6%9C%A8",
        "endless": "a" * 3000,
    }


def test_what_is_no_link_of_ours_stops_nothing(mailing: Site) -> None:
    conversation, number = mailed(mailing)
    for name, token in forged(mailing, number).items():
        for language in ("en", "ja"):
            http = mailing.http({"accept-language": language})
            for answer in (http.get(f"/mail/stop/{token}"), http.post(f"/mail/stop/{token}")):
                assert answer.status_code == 404, name
                assert shows(answer, language, "gone"), name
    assert consented(mailing, conversation) == ADDRESS


def test_the_token_of_a_mail_opens_nothing_else(mailing: Site) -> None:
    _, number = mailed(mailing)
    token = path_of(mailing, number).rpartition("/")[2]
    http = mailing.http()
    assert http.get("/desk/api/me", cookies={"tenin_desk": token}).status_code == 401
    bearer = {"authorization": f"Bearer {token}"}
    assert http.get("/chat/stream", headers=bearer).status_code == 401
    begun = http.post("/chat/session", json={"language": "en", "customer": token})
    assert begun.json()["signed_in"] is False
