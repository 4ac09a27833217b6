"""At the desk: who may take, write and hand back, and what customers and agents see of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tenin.conversation import tracker
from tenin.conversation.transcript import Reply
from tenin.conversation.wake import wake
from tenin.database import read_transaction
from tests.agent import DeskAgent
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error
from tests.unit.web.served import Site


def test_from_the_queue_to_an_agent_and_back_to_the_bot(
    site: Site, customer: Customer, mei: DeskAgent, conversation: str
) -> None:
    stream = site.stream(customer)
    stream.wait_for_state(owner="queue")
    site.woken(0)
    seen = mei.look(conversation)
    assert (seen["owner"], seen["epoch"], seen["reason"]) == ("queue", 1, "asked")
    assert [(line["author"], line["delivery"], line["visibility"]) for line in seen["lines"]] == [
        ("customer", None, "all"),
        ("bot", "pending", "all"),
        ("system", "pending", "all"),
    ]

    taken = mei.take(conversation)
    account = mei.http.get("/desk/api/me").json()["agent"]
    me = {"id": account["id"], "name": account["name"]}
    assert (taken["owner"], taken["agent"], taken["epoch"]) == ("agent", me, 2)
    assert taken["waiting_since"] is None
    assert is_wording_of("utter_agent_joined", "en", taken["lines"][-1]["text"])
    stream.wait_for_state(owner="agent", agent="Mei")

    answer = mei.change(conversation, "messages", {"text": "  Hello, <b>how</b> can I help? "})
    assert (answer.status_code, answer.json()) == (202, {"line": 5})
    event = stream.wait_for_text("Hello, <b>how</b> can I help?")
    assert (event.id, event.data["author"], event.data["name"]) == (5, "agent", "Mei")
    assert event.data["key"] is None
    customer.send(text="Thank you")
    assert mei.look(conversation)["lines"][-1]["text"] == "Thank you"
    assert site.woken() == []

    back = mei.change(conversation, "handback", {"epoch": 2})
    assert back.status_code == 200
    assert (back.json()["owner"], back.json()["agent"], back.json()["epoch"]) == ("bot", None, 3)
    assert (back.json()["reason"], back.json()["asked"]) == (None, 0)
    stream.wait_for_state(owner="bot", agent=None)
    assert is_wording_of("utter_handed_back", "en", stream.texts()[-1])
    assert stream.lines()[-1]["buttons"]
    assert site.woken() == [conversation]
    with read_transaction(site.engine) as session:
        remembered = tracker.load(session, conversation)
    assert [(event["event"], event.get("name")) for event in remembered[-8:]] == [
        ("active_loop", None),
        ("slot", "requested_slot"),
        ("slot", "person_wanted"),
        ("slot", "second_need"),
        ("slot", "second_need_waiting"),
        ("slot", "order_need"),
        ("slot", "order_request"),
        ("action", "action_listen"),
    ]

    # The bot goes on with what is said from now on, and with nothing else.
    customer.send(text="And my order?")
    site.commit(site.claim("And my order?"), Reply("It is on its way"))
    stream.wait_for_text("It is on its way")


def test_an_agent_may_take_what_the_bot_still_has(
    site: Site, customer: Customer, mei: DeskAgent
) -> None:
    customer.send(text="hello")
    conversation = site.conversation(customer).id
    assert mei.take(conversation)["owner"] == "agent"
    assert [row.status for row in site.inbox(conversation)] == ["person"]


def test_of_two_agents_at_once_one_gets_it(
    site: Site, mei: DeskAgent, lin: DeskAgent, conversation: str
) -> None:
    epoch = mei.look(conversation)["epoch"]
    together = threading.Barrier(2)

    def take(agent: DeskAgent) -> httpx.Response:
        agent.http.get("/desk/api/me")  # connected
        together.wait(10)
        return agent.change(conversation, "take", {"epoch": epoch})

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(take, (mei, lin)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert_error(lost, 409, "changed_meanwhile")
    winner = ("Mei", "Lin")[[answer.status_code for answer in answers].index(200)]
    seen = mei.look(conversation)
    assert (seen["agent"]["name"], seen["epoch"]) == (winner, epoch + 1)
    joined = [line for line in seen["lines"] if line["author"] == "system"]
    assert len(joined) == 2  # the queue's and one change-over


def test_the_same_key_is_the_same_line(
    site: Site, customer: Customer, mei: DeskAgent, conversation: str
) -> None:
    mei.take(conversation)
    path = f"/desk/api/conversations/{conversation}/messages"
    customer.post({"text": "the customer's own"}, key="a-key")
    answers = [
        mei.http.post(path, json={"text": "once"}, headers={"idempotency-key": "a-key"})
        for _ in range(3)
    ]
    assert {answer.text for answer in answers} == {'{"line":6}'}
    assert [line["text"] for line in customer.lines()].count("once") == 1


def test_what_a_turn_said_too_late_is_the_desks_alone(
    site: Site, customer: Customer, mei: DeskAgent
) -> None:
    customer.send(text="hello")
    turn = site.claim("hello")
    stream = site.stream(customer)
    mei.take(turn.conversation_id)
    assert not site.commit(turn, Reply("Too late", [("Menu", "/show_menu")]), wanted="asked")
    mei.write(turn.conversation_id, "In time")
    stream.wait_for_text("In time")
    assert "Too late" not in stream.texts()
    assert [line["id"] for line in stream.lines()] == [1, 2, 4]
    assert [line["text"] for line in customer.lines()] == stream.texts()

    [late] = [line for line in mei.look(turn.conversation_id)["lines"] if line["id"] == 3]
    assert (late["text"], late["author"]) == ("Too late", "bot")
    assert (late["visibility"], late["delivery"]) == ("desk", "suppressed")
    customer.http.post("/chat/received", json={"line": 4})
    assert site.outbox(turn.conversation_id) == {
        2: "delivered",
        3: "suppressed",
        4: "delivered",
    }
    # A button that the customer never saw was never offered.
    answer = customer.post({"button": late["buttons"][0]["id"]})
    assert_error(answer, 404, "no_such_button")


def test_the_list_puts_first_whoever_waits_longest(
    site: Site, mei: DeskAgent, lin: DeskAgent
) -> None:
    def asking(name: str) -> str:
        customer = site.customer()
        customer.send(text=name)
        return site.answer("…", wanted="asked")

    def chatting(name: str) -> str:
        customer = site.customer()
        customer.send(text=name)
        return site.answer("…")

    theirs, mine = asking("lin's"), asking("mei's")
    lin.take(theirs)
    mei.take(mine)
    bots = [chatting("older"), chatting("newer")]
    waiting = [asking("first"), asking("second")]
    site.customer()  # who has said nothing is no conversation yet
    assert [each["id"] for each in mei.conversations()] == [*waiting, mine, theirs, *bots[::-1]]
    assert [each["id"] for each in lin.conversations()] == [*waiting, theirs, mine, *bots[::-1]]
    keys = {"id", "owner", "agent", "epoch", "language", "reason", "asked", "waiting_since"} | {
        *("category", "skill", "priority", "signs", "awaiting", "offered", "promised", "unread"),
    }
    assert all(each.keys() == keys | {"updated_at", "last"} for each in mei.conversations())
    assert mei.look(mine).keys() == keys | {
        *("updated_at", "last", "errands", "rating", "lines"),
    }


def test_the_latest_lines_of_a_very_long_conversation(
    site: Site, customer: Customer, mei: DeskAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.desk.views.WHOLE", 3)
    for number in range(5):
        customer.send(text=f"text {number}")
    seen = mei.look(site.conversation(customer).id)
    assert [line["text"] for line in seen["lines"]] == ["text 2", "text 3", "text 4"]


def test_streams_hear_of_every_change_at_once(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenin.app.POLL_SECONDS", 3600.0)  # nothing here waits for the poll
    site = make_site()
    customer, mei = site.customer(), site.agent("Mei")
    desks = [site.stream(mei), site.stream(site.agent("Lin"))]
    chat = site.stream(customer)
    chat.wait_for_state(owner="bot")
    conversation = site.conversation(customer).id

    def act_and_hear(act: Callable[[], object], lines: int) -> None:
        before = [desk.count("changed") for desk in desks]
        act()
        for desk, count in zip(desks, before, strict=True):
            desk.wait(lambda desk, count=count: desk.count("changed") > count)
        chat.wait(lambda chat: len(chat.lines()) == lines)

    def answer() -> None:
        site.answer("Yes?", buttons=[("Person", "/human_agent")])
        wake(site.settings.web.port, conversation)

    act_and_hear(lambda: customer.send(text="hello"), 1)
    act_and_hear(answer, 2)
    act_and_hear(lambda: customer.http.post("/chat/received", json={"line": 2}), 2)
    [button] = chat.lines()[1]["buttons"]
    act_and_hear(lambda: customer.send(button=button["id"]), 4)
    act_and_hear(lambda: mei.take(conversation), 5)
    act_and_hear(lambda: mei.write(conversation, "hello"), 6)
    act_and_hear(lambda: mei.hand_back(conversation), 7)
    for desk in desks:
        assert {event.name for event in desk.events} == {":", "changed"}
        assert all(
            event.data == {"conversation": conversation}
            for event in desk.events
            if event.name == "changed"
        )
