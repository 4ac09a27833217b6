"""Files at the desk: seen by those who serve, sent by the one who has the conversation."""

from __future__ import annotations

import uuid
from urllib.parse import quote

import httpx
import pytest

from tests.agent import DeskAgent
from tests.customer import Customer
from tests.sent_files import HTML, PDF, SCRIPT, bomb, colours, picture
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error, refused
from tests.unit.web.served import Site

NOBODY = "0" * 32


def send(
    agent: DeskAgent, conversation_id: str, data: bytes, name: str = "label.png", key: str = ""
) -> httpx.Response:
    headers = {"idempotency-key": key or uuid.uuid4().hex, "x-file-name": quote(name)}
    address = f"/desk/api/conversations/{conversation_id}/files"
    return agent.http.post(address, content=data, headers=headers)


@pytest.fixture
def taken(mei: DeskAgent, conversation: str) -> str:
    """A conversation that Mei serves."""
    mei.take(conversation)
    return conversation


def test_an_agents_file_reaches_the_customer(
    site: Site, mei: DeskAgent, customer: Customer, taken: str
) -> None:
    answer = send(mei, taken, picture("PNG") + SCRIPT, "返品ラベル.png")
    assert answer.status_code == 202
    line = customer.lines()[-1]
    assert (line["id"], line["author"], line["name"]) == (answer.json()["line"], "agent", "Mei")
    assert line["key"] is None
    [card] = line["cards"]
    assert card["name"] == "返品ラベル.png"
    got = customer.http.get(f"/chat/files/{card['id']}")
    assert colours(got.content)[:2] == ["red", "blue"]
    assert SCRIPT not in got.content
    assert mei.look(taken)["lines"][-1]["delivery"] == "pending"
    customer.http.post("/chat/received", json={"line": line["id"]})
    assert mei.look(taken)["lines"][-1]["delivery"] == "delivered"


def test_all_who_serve_see_the_files(
    site: Site, mei: DeskAgent, lin: DeskAgent, customer: Customer, taken: str
) -> None:
    headers = {"idempotency-key": "a-key", "x-file-name": "slip.pdf"}
    customer.http.post("/chat/files", content=PDF, headers=headers).raise_for_status()
    [card] = mei.look(taken)["lines"][-1]["cards"]
    for agent in (mei, lin):
        got = agent.http.get(f"/desk/api/files/{card['id']}")
        assert (got.status_code, got.content) == (200, PDF)
        assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''slip.pdf"
        policies = got.headers.get_list("content-security-policy")
        assert policies == ["default-src 'none'; sandbox"]
        assert got.headers["cache-control"] == "private, no-store"
        assert_error(agent.http.get(f"/desk/api/files/{NOBODY}"), 404, "no_such_file")
    with refused(site, 401, "not_signed_in") as ask:
        ask("GET", f"/desk/api/files/{card['id']}")
        ask("GET", "/desk/api/files")
    with refused(site, 401, "not_signed_in", customer.http) as ask:
        ask("GET", f"/desk/api/files/{card['id']}")


def test_a_trainer_sees_no_files(site: Site, mei: DeskAgent, taken: str) -> None:
    send(mei, taken, PDF, "a.pdf")
    [card] = mei.look(taken)["lines"][-1]["cards"]
    trainer = site.agent("Tao", "trainer")
    assert_error(trainer.http.get(f"/desk/api/files/{card['id']}"), 403, "not_allowed")


def test_only_who_has_the_conversation_sends(
    site: Site, mei: DeskAgent, lin: DeskAgent, taken: str
) -> None:
    headers = {"idempotency-key": "a-key", "x-file-name": "a.png"}
    address = f"/desk/api/conversations/{taken}/files"
    with refused(site, 409, "not_yours", lin.http) as ask:
        ask("POST", address, content=picture(), headers=headers)
    with refused(site, 404, "no_such_conversation", mei.http) as ask:
        for named in (NOBODY, "x"):
            there = f"/desk/api/conversations/{named}/files"
            ask("POST", there, content=picture(), headers=headers)
    mei.http.headers.pop("x-tenin-desk")
    with refused(site, 403, "not_from_the_desk", mei.http) as ask:
        ask("POST", address, content=picture(), headers=headers)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        pytest.param(b"", 422, "file_empty", id="empty"),
        pytest.param(HTML, 415, "file_type", id="html"),
        pytest.param(bomb(), 422, "image_too_large", id="bomb"),
    ],
)
def test_an_agents_file_is_checked_too(
    site: Site, mei: DeskAgent, taken: str, data: bytes, status: int, code: str
) -> None:
    headers = {"idempotency-key": "a-key", "x-file-name": "a.png"}
    with refused(site, status, code, mei.http) as ask:
        address = f"/desk/api/conversations/{taken}/files"
        ask("POST", address, content=data, headers=headers)


def test_an_agents_file_sent_again_is_one(site: Site, mei: DeskAgent, taken: str) -> None:
    first, again = (send(mei, taken, PDF, "a.pdf", key="one") for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    mei.hand_back(taken)
    assert send(mei, taken, PDF, "a.pdf", key="one").json() == first.json()
    assert_error(send(mei, taken, PDF, "a.pdf", key="two"), 409, "not_yours")


def test_an_agent_hears_what_may_be_sent(make_site: SiteMaker) -> None:
    site = make_site(CHAT_FILE_TYPES="jpeg,pdf", CHAT_MAX_FILES=1)
    mei, customer = site.agent(), site.customer()
    assert mei.http.get("/desk/api/files").json() == {
        "types": ["image/jpeg", "application/pdf"],
        "endings": [".jpg", ".pdf"],
        "max_bytes": 10_000_000,
    }
    customer.send(text="A person, please")
    conversation_id = site.answer("One moment", wanted="asked")
    mei.take(conversation_id)
    assert send(mei, conversation_id, PDF, "a.pdf").status_code == 202
    assert_error(send(mei, conversation_id, PDF, "b.pdf"), 409, "too_many_files")
