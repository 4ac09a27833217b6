"""One's own data: seen, taken along, erased, looked back on; by nobody else."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
from sqlalchemy import update

from tenin.channels.continuing import continue_link
from tenin.channels.sessions import new_session
from tenin.clock import utcnow
from tenin.conversation.models import Conversation, SignedIn
from tenin.conversation.transcript import Reply
from tenin.database import write_transaction
from tenin.forgetting import forget_old
from tests.agent import DeskAgent
from tests.customer import Customer
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site

SECRET = "a secret that shop and chat share"


@pytest.fixture
def shop(make_site: SiteMaker) -> Site:
    """A site whose shop signs its customers' tokens."""
    return make_site(IDENTITY_SECRET=SECRET)


def word(customer: str, seconds: float = 600) -> str:
    claims = {"sub": customer, "aud": "tenin", "exp": utcnow() + timedelta(seconds=seconds)}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def signed_in(site: Site, customer: str = "emma", seconds: float = 600) -> Customer:
    begun = site.http().post("/chat/session", json={"customer": word(customer, seconds)})
    assert begun.json()["signed_in"]
    return site.customer(token=begun.json()["token"])


def erase(customer: Customer, **body: Any) -> Any:
    return customer.http.post("/chat/erase", json=body or {"confirm": True})


def history(customer: Customer, before: int | None = None) -> Any:
    return customer.http.get("/chat/history", params={} if before is None else {"before": before})


def test_what_is_kept_is_given_as_a_file(site: Site, customer: Customer) -> None:
    customer.send(text="hello")
    site.answer("Hello")
    answer = customer.http.get("/chat/data")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "no-store"
    [conversation] = answer.json()["conversations"]
    assert [line["text"] for line in conversation["lines"]] == ["hello", "Hello"]
    assert answer.json()["customer"] is None


def test_erased_the_session_ends_and_nothing_is_left(site: Site, customer: Customer) -> None:
    customer.send(text="my secret word")
    conversation = site.answer("I know your secret word")
    stream = site.stream(customer)
    stream.wait_for_state()
    assert erase(customer).status_code == 204
    stream.wait(lambda each: each.ended)
    assert "secret word" not in str(site.rows())
    assert_error(customer.post({"text": "still there?"}), 401, "no_session")
    # A link in a mail opens it no more.
    public = site.settings.copy(
        update={"web": site.settings.web.copy(update={"public_url": "https://chat.example"})}
    )
    link = continue_link(conversation, utcnow(), public)
    assert link is not None
    assert site.http().post(link.removeprefix("https://chat.example")).status_code == 404


@pytest.mark.parametrize("body", [{"confirm": False}, {"confirm": 1}, {"erase": True}])
def test_erasing_is_confirmed(site: Site, customer: Customer, body: dict[str, Any]) -> None:
    headers = {"authorization": f"Bearer {customer.token}"}
    with refused(site, 422, "not_confirmed") as send:
        send("POST", "/chat/erase", json=body, headers=headers)


def test_all_of_it_needs_a_session(site: Site) -> None:
    with refused(site, 401, "no_session") as send:
        send("GET", "/chat/data")
        send("GET", "/chat/history")
        send("POST", "/chat/erase", json={"confirm": True})


def test_erasing_waits_for_the_turn(site: Site, customer: Customer) -> None:
    customer.send(text="Change my order")
    turn = site.claim()
    done: list[Any] = []
    erasing = threading.Thread(target=lambda: done.append(erase(customer)))
    erasing.start()
    erasing.join(1)
    assert erasing.is_alive()
    assert site.commit(turn, Reply("It is changed"))
    erasing.join(20)
    assert [answer.status_code for answer in done] == [204]
    assert [row.status for row in site.inbox(turn.conversation_id)] == ["done"]
    assert "It is changed" not in str(site.rows())


def test_a_turn_that_never_ends_is_told(
    site: Site, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.channels.privacy.PATIENCE", 0.1)
    customer.send(text="hello")
    site.claim()
    assert_error(erase(customer), 409, "turn_runs")
    assert customer.lines()[0]["text"] == "hello"


def test_an_agent_finds_it_ended(site: Site, conversation: str, mei: DeskAgent) -> None:
    mei.take(conversation)
    with write_transaction(site.engine) as session:
        holder = site.customer(token=new_session(session, conversation))
    assert erase(holder).status_code == 204
    assert conversation not in str(mei.conversations())
    assert mei.http.get(f"/desk/api/conversations/{conversation}").status_code == 404
    assert_error(mei.change(conversation, "messages", {"text": "hello?"}), 409, "not_yours")


def test_one_history_over_devices(shop: Site) -> None:
    laptop, phone, oliver = signed_in(shop), signed_in(shop), signed_in(shop, "oliver")
    laptop.send(text="from the laptop")
    shop.answer("Hello laptop", buttons=[("Yes", "/affirm")])
    oliver.send(text="Oliver's")
    body = history(phone).json()
    assert [(line["author"], line["text"]) for line in body["lines"]] == [
        ("customer", "from the laptop"),
        ("bot", "Hello laptop"),
    ]
    assert all(line["buttons"] == [] for line in body["lines"])
    assert (body["before"], 500 < body["seconds"] < 700) == (None, True)
    assert history(phone, body["lines"][1]["id"]).json()["lines"] == body["lines"][:1]
    assert history(oliver).json()["lines"] == []
    kept = phone.http.get("/chat/data").json()
    assert "from the laptop" in str(kept)
    assert "Oliver" not in str(kept)


def test_nobody_sees_it_who_is_not_signed_in_now(shop: Site) -> None:
    laptop, phone, stranger = signed_in(shop), signed_in(shop), shop.customer()
    laptop.send(text="a secret")
    phone.send(text="another")
    assert_error(history(stranger), 403, "sign_in_first")
    assert phone.http.post("/chat/sign-out").status_code == 204
    assert_error(history(phone), 403, "sign_in_first")
    assert_error(phone.http.get("/chat/data"), 403, "sign_in_first")
    assert_error(erase(phone), 403, "sign_in_first")
    late = signed_in(shop)
    assert history(late).status_code == 200
    with write_transaction(shop.engine) as session:
        session.execute(update(SignedIn).values(until=utcnow() - timedelta(seconds=1)))
    assert_error(history(late), 403, "sign_in_first")
    assert [line["text"] for line in laptop.lines()] == ["a secret"]


def test_a_signed_in_customer_erases_all_of_theirs(shop: Site) -> None:
    laptop, phone, oliver = signed_in(shop), signed_in(shop), signed_in(shop, "oliver")
    for each in (laptop, phone, oliver):
        each.send(text="hello")
    assert erase(phone).status_code == 204
    for each in (laptop, phone):
        assert_error(each.post({"text": "x"}), 401, "no_session")
    assert [line["text"] for line in oliver.lines()] == ["hello"]
    assert "emma" not in str(shop.rows())


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "9" * 19, ""])
def test_before_is_a_number(site: Site, customer: Customer, before: str) -> None:
    headers = {"authorization": f"Bearer {customer.token}"}
    with refused(site, 400, "bad_before") as send:
        send("GET", "/chat/history", params={"before": before}, headers=headers)


def test_what_is_old_goes_by_itself(make_site: SiteMaker) -> None:
    site = make_site(RETENTION_CHECK_MINUTES="0.01", RETENTION_WEB_DAYS="3")
    old, fresh = site.customer(), site.customer()
    for each in (old, fresh):
        each.send(text="hello")
        site.answer("Hello")
    with write_transaction(site.engine) as session:
        session.execute(
            update(Conversation)
            .where(Conversation.id == site.conversation(old).id)
            .values(updated_at=utcnow() - timedelta(days=4))
        )
    site.stream(old).wait(lambda each: each.ended)
    assert_error(old.post({"text": "x"}), 401, "no_session")
    assert [line["text"] for line in fresh.lines()] == ["hello", "Hello"]


def test_what_is_not_old_is_kept(site: Site, customer: Customer) -> None:
    customer.send(text="hello")
    conversation = site.answer("Hello")
    assert forget_old(site.engine, site.settings) == []
    later = utcnow() + timedelta(days=site.settings.retention.web_days + 1)
    assert forget_old(site.engine, site.settings, later) == [conversation]
    assert forget_old(site.engine, site.settings, later) == []
