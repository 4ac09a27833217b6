"""The stream: all that was said, from any line on, and what is said while it is open."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import time
from urllib.parse import urlsplit

import pytest

from tenin.conversation.transcript import Reply
from tenin.conversation.wake import wake
from tests.agent import DeskAgent
from tests.customer import Customer
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import Site
from tests.unit.web.streams import Stream


def listeners(site: Site) -> int:
    """How many listeners the hub holds, to one conversation or to all."""
    hub = site.hub
    return len(hub._to_all) + sum(len(group) for group in hub._by_conversation.values())


def assert_nobody_listens(site: Site, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while listeners(site) or site.hub._by_conversation:
        assert time.monotonic() < deadline, f"{listeners(site)} listeners are left"
        time.sleep(0.02)


def test_it_begins_at_the_beginning_and_then_tells_the_state(
    site: Site, customer: Customer
) -> None:
    customer.send(text="hello")
    site.answer("One", "Two", buttons=[("Menu", "/show_menu")])
    stream = site.stream(customer)
    stream.wait_for_state(owner="bot", agent=None, working=False)
    assert [event.name for event in stream.events] == ["line", "line", "line", "state"]
    assert [event.id for event in stream.events] == [1, 2, 3, None]
    assert [(line["id"], line["author"]) for line in stream.lines()] == [
        (1, "customer"),
        (2, "bot"),
        (3, "bot"),
    ]
    assert stream.texts() == ["hello", "One", "Two"]
    assert all(
        line.keys() == {"id", "author", "name", "text", "buttons", "cards", "at", "key"}
        and line["at"].endswith("Z")
        for line in stream.lines()
    )
    assert stream.headers["cache-control"] == "no-store"
    assert stream.headers["x-accel-buffering"] == "no"


def test_cards_come_as_they_were_made(site: Site, customer: Customer) -> None:
    card = {
        "kind": "product",
        "title": "Trail <b>jacket</b>",
        "text": "Warm",
        "price": 329.0,
        "currency": "CNY",
        "url": "/#JK-1",
        "image": "/static/products/jackets.svg",
    }
    customer.send(text="a jacket?")
    site.commit(site.claim(), Reply("This one", (), [card]))
    assert customer.lines()[-1]["cards"] == [card]


def test_an_empty_conversation_has_a_state(site: Site, customer: Customer) -> None:
    stream = site.stream(customer)
    stream.wait_for_state(owner="bot", agent=None, working=False)
    assert stream.lines() == []


@pytest.mark.parametrize(
    ("given", "first"), [("0", 1), ("", 1), (" 2 ", 3), ("0000000003", 4), ("5", 6), ("9", 0)]
)
def test_it_goes_on_after_the_last_line_that_was_seen(
    site: Site, customer: Customer, given: str, first: int
) -> None:
    for number in range(1, 7):
        customer.send(text=f"text {number}")
    path, headers = "/chat/stream", {"authorization": f"Bearer {customer.token}"}
    with Stream(site.url, path, {**headers, "last-event-id": given}) as stream:
        stream.wait_for_state(working=True)
        assert [line["id"] for line in stream.lines()] == (list(range(first, 7)) if first else [])


def test_a_long_conversation_comes_whole_before_the_state(site: Site) -> None:
    customer = site.customer()
    customer.send(text="tell me everything")
    site.answer(*(f"part {number}" for number in range(1, 451)))
    stream = site.stream(customer)
    stream.wait_for_state(working=False)
    assert stream.texts()[1:] == [f"part {number}" for number in range(1, 451)]
    assert [event.id for event in stream.events] == [*range(1, 452), None]
    assert [line["id"] for line in customer.lines()] == [*range(1, 452)]


def test_what_another_process_commits_comes_within_a_second_or_so(
    site: Site, customer: Customer
) -> None:
    customer.send(text="hello")
    stream = site.stream(customer)
    stream.wait_for_state(working=True)
    turn = site.claim()
    began = time.monotonic()
    site.commit(turn, Reply("Nobody was woken"))
    assert stream.wait_for_text("Nobody was woken").at - began < 3  # the poll: once a second
    stream.wait_for_state(working=False)
    assert stream.count("state") == 2


def test_a_wake_up_brings_it_at_once(make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenin.app.POLL_SECONDS", 3600.0)
    site = make_site()
    customer, other = site.customer(), site.customer()
    customer.send(text="hello")
    stream, elsewhere = site.stream(customer), site.stream(other)
    stream.wait_for_state(working=True)
    elsewhere.wait_for_state(working=False)
    conversation = site.answer("Wake up")
    time.sleep(1.5)
    assert stream.texts() == ["hello"]  # no poll in this site
    began = time.monotonic()
    wake(site.settings.web.port, conversation)
    assert stream.wait_for_text("Wake up").at - began < 1
    # Anything may come in at this port.
    for junk in ("", "nobody", "\0", "x" * 4_000, conversation.upper(), "ключ"):
        wake(site.settings.web.port, junk)
    customer.send(text="still there?")
    stream.wait_for_text("still there?")
    assert stream.texts() == ["hello", "Wake up", "still there?"]
    assert elsewhere.count("line") == 0


def test_the_state_tells_who_owns_and_whether_the_bot_works(
    site: Site, customer: Customer, mei: DeskAgent
) -> None:
    stream = site.stream(customer)
    stream.wait_for_state(working=False)
    customer.send(text="hello")
    stream.wait_for_state(working=True, owner="bot")
    turn = site.claim()
    site.commit(turn, Reply("A person?"), wanted="asked")
    stream.wait_for_state(owner="queue", agent=None, working=False)
    mei.take(turn.conversation_id)
    stream.wait_for_state(owner="agent", agent="Mei", working=False)
    customer.send(text="thank you")
    stream.wait_for_text("thank you")
    mei.hand_back(turn.conversation_id)
    stream.wait_for_state(owner="bot", agent=None, working=False)
    states = stream.states()
    assert all(before != after for before, after in itertools.pairwise(states))
    keys = {"owner", "agent", "language", "working", "agent_typing"}
    keys |= {"waiting", "ratings", "contact"}
    assert all(state.keys() == keys for state in states)
    assert len(states) == 5
    # The turn's own reply and the queue's message left together, before the change was told.
    names = [event.name for event in stream.events]
    said = stream.texts()
    assert said.index("A person?") == 1
    assert names[: names.index("state", 3) + 1] == [
        "state",
        "line",
        "state",
        "line",
        "line",
        "state",
    ]


def test_silence_is_filled_with_comments(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.channels.stream.HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr("tenin.desk.routes.SESSION_SECONDS", 0.1)
    site = make_site()
    customer, mei = site.customer(), site.agent()
    chat, desk = site.stream(customer), site.stream(mei)
    chat.wait(lambda stream: stream.count(":") >= 5)
    desk.wait(lambda stream: stream.count(":") >= 5)
    assert chat.count("state") == 1
    customer.send(text="not silent")
    chat.wait_for_text("not silent")
    desk.wait(lambda stream: stream.count("changed") >= 1)
    beats = chat.count(":")
    chat.wait(lambda stream: stream.count(":") > beats + 2)


def test_many_streams_at_once_each_carry_their_own(site: Site) -> None:
    customers = [site.customer() for _ in range(20)]
    # Two tabs each; the second comes when something was said already.
    streams = [site.stream(customer) for customer in customers]
    for number, customer in enumerate(customers):
        customer.send(text=f"I am {number}")
    streams += [site.stream(customer) for customer in customers]
    assert listeners(site) == 40
    for number in range(20):
        site.answer(f"Hello {number}")
    for which, stream in enumerate(streams):
        number = which % 20
        stream.wait_for_text(f"Hello {number}")
        assert stream.texts() == [f"I am {number}", f"Hello {number}"]
    for stream in streams:
        stream.close()
    assert_nobody_listens(site)


def test_who_goes_away_leaves_no_listener_behind(
    site: Site, customer: Customer, mei: DeskAgent
) -> None:
    for _ in range(3):
        streams = [site.stream(customer), site.stream(customer), site.stream(mei)]
        for stream in streams:
            stream.wait(lambda stream: bool(stream.events))
        assert listeners(site) == 3
        streams[0].close()
        customer.send(text="to the others")
        streams[1].wait_for_text("to the others")
        streams[2].wait(lambda stream: stream.count("changed") >= 1)
        streams[1].close()
        streams[2].close()
        assert_nobody_listens(site)


def test_who_only_asks_for_the_headers_does_not_listen(
    site: Site, customer: Customer, mei: DeskAgent
) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in mei.http.cookies.items())
    where = urlsplit(site.url).netloc
    with contextlib.closing(http.client.HTTPConnection(where, timeout=5)) as connection:
        for path, headers in (
            ("/chat/stream", {"authorization": f"Bearer {customer.token}"}),
            ("/desk/stream", {"cookie": cookie}),
        ):
            connection.request("HEAD", path, headers=headers)
            answer = connection.getresponse()
            assert answer.read() == b""
            assert answer.status == 200
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            connection.request("GET", "/health")  # the same connection serves on
            assert connection.getresponse().read() == b'{"status":"ok"}'
            assert_nobody_listens(site)


def test_what_the_browser_showed_is_delivered(
    site: Site, customer: Customer, mei: DeskAgent
) -> None:
    customer.send(text="hello")
    conversation = site.answer("One", "Two", "Three")
    desk = site.stream(mei)
    desk.wait(lambda stream: stream.count(":") >= 1)

    def at_the_desk() -> dict[int, str | None]:
        return {line["id"]: line["delivery"] for line in mei.look(conversation)["lines"]}

    assert at_the_desk() == {1: None, 2: "pending", 3: "pending", 4: "pending"}
    assert customer.http.post("/chat/received", json={"line": 3}).status_code == 204
    desk.wait(lambda stream: stream.count("changed") >= 1)
    assert at_the_desk() == {1: None, 2: "delivered", 3: "delivered", 4: "pending"}
    # Less, or the same again, changes nothing; more than there is means all there is.
    before = site.rows()
    for line in (0, 1, 3):
        assert customer.http.post("/chat/received", json={"line": line}).status_code == 204
    assert site.rows() == before
    assert customer.http.post("/chat/received", json={"line": 2**31 - 1}).status_code == 204
    assert at_the_desk()[4] == "delivered"
    customer.send(text="more")
    site.answer("Four")
    assert at_the_desk()[6] == "pending"
    assert site.outbox(conversation) == {
        2: "delivered",
        3: "delivered",
        4: "delivered",
        6: "pending",
    }
