"""A message is in the inbox once it is acknowledged, and in it once."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.agent import DeskAgent
from tests.customer import Customer
from tests.unit.web.served import Site, plain_client

TEXTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> &amp; &lt;b&gt; \"quoted\" 'single'",
    "Robert'); DROP TABLE conversation;--",
    "' OR '1'='1' /* */ %s %(id)s ? :id",
    "{{ 7 * 7 }} {number} ${name} %d \\n \\u0041",
    "first\n\nsecond\r\nthird\rfourth\tend",
    "id: 9\nevent: state\ndata: {}\n\n: here",
    "line\u2028separator\u2029and\x85next",
    "中文、日本語、한국어，العربية, 👩‍👩‍👧‍👦, e\u0301, \ufeff and \u200b",
    "\ufffe\uffff\U0010ffff \x7f",
    "/human_agent",
    '/restart{"a": 1}',
    "null",
]


def test_a_text_is_a_line_and_waits_for_the_bot(site: Site, customer: Customer) -> None:
    answer = customer.post({"text": "  Where is my order?\n"}, key="key-1")
    assert (answer.status_code, answer.json()) == (202, {"line": 1})
    conversation = site.conversation(customer)
    [row] = site.inbox(conversation.id)
    assert (row.kind, row.text, row.payload) == ("text", "Where is my order?", None)
    assert (row.external_id, row.status, row.line_number) == ("key-1", "waiting", 1)
    assert (row.language, row.address) == ("en", "127.0.0.1")
    [line] = customer.lines()
    assert line["key"] == "key-1"
    assert (line["author"], line["name"], line["text"]) == ("customer", None, "Where is my order?")
    assert site.woken() == [conversation.id]


def test_a_button_stands_for_what_the_server_offered(site: Site, customer: Customer) -> None:
    customer.send(text="hello")
    conversation = site.answer("Which?", buttons=[("Delivery", '/show_menu{"menu": "delivery"}')])
    [_, line] = customer.lines()
    [button] = line["buttons"]
    assert button.keys() == {"id", "title"}
    assert "show_menu" not in json.dumps(customer.lines())

    assert customer.send(button=button["id"]) == 3
    assert customer.send(button=button["id"]) == 4  # as often as it is pressed
    row = site.inbox(conversation)[1]
    assert (row.kind, row.text) == ("button", "Delivery")
    assert row.payload == '/show_menu{"menu": "delivery"}'
    assert [line["text"] for line in customer.lines()][2:] == ["Delivery", "Delivery"]


def test_the_pages_event_is_no_line_and_happens_once(site: Site, customer: Customer) -> None:
    first, again = customer.post({"event": "opened"}), customer.post({"event": "opened"})
    assert (first.status_code, first.json()) == (202, {"line": None})
    assert (again.status_code, again.json()) == (200, {"line": None})
    [row] = site.inbox(site.conversation(customer).id)
    assert (row.kind, row.text, row.payload) == ("event", "", "/page_opened")
    assert customer.lines() == []


def test_no_key_of_a_text_is_that_of_the_pages_event(site: Site, customer: Customer) -> None:
    assert customer.post({"event": "opened"}, key="opened").status_code == 202
    for number, key in enumerate(["opened", "event-opened", "event_opened"], 1):
        answer = customer.post({"text": f"text {number}"}, key=key)
        assert (answer.status_code, answer.json()) == (202, {"line": number})
    assert len(site.inbox(site.conversation(customer).id)) == 4


def test_the_same_key_is_the_same_message(site: Site, customer: Customer) -> None:
    customer.send(text="hello")
    conversation = site.answer("Yes?", buttons=[("Menu", "/show_menu")])
    button = customer.lines()[-1]["buttons"][0]["id"]
    for number, body in ((3, {"text": "once"}), (4, {"button": button})):
        answers = [customer.post(body, key=f"key-{number}") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [202, 200, 200]
        assert [answer.json() for answer in answers] == [{"line": number}] * 3
    # Also when the bot has answered meanwhile, and when what comes under it is another text.
    site.answer("An answer")
    site.answer("Another")
    before = site.rows()
    for body in ({"text": "once"}, {"text": "something else"}):
        answer = customer.post(body, key="key-3")
        assert (answer.status_code, answer.json()) == (200, {"line": 3})
    assert site.rows() == before
    assert len(site.inbox(conversation)) == 3

    other = site.customer()
    answer = other.post({"text": "once"}, key="key-3")
    assert (answer.status_code, answer.json()) == (202, {"line": 1})


def test_the_same_key_eight_times_at_once_is_one_message(site: Site, customer: Customer) -> None:
    together = threading.Barrier(8)

    def send(_: int) -> httpx.Response:
        with plain_client(site.url) as http:
            http.get("/health")  # connected
            together.wait(10)
            return http.post(
                "/chat/messages",
                json={"text": "only once"},
                headers={"authorization": f"Bearer {customer.token}", "idempotency-key": "one"},
            )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert {answer.text for answer in answers} == {'{"line":1}'}
    assert len(site.inbox(site.conversation(customer).id)) == 1
    assert [line["text"] for line in customer.lines()] == ["only once"]


def test_many_at_once_are_all_there_in_the_order_of_their_numbers(site: Site) -> None:
    customers = [site.customer() for _ in range(4)]
    wanted = [(customer, f"text {number}") for number in range(8) for customer in customers]

    def send(pair: tuple[Customer, str]) -> int | None:
        customer, text = pair
        line: int | None = customer.post({"text": text}).json()["line"]
        return line

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(send, wanted))
    for which, customer in enumerate(customers):
        assert sorted(numbers[which::4]) == list(range(1, 9))
        said = {line["id"]: line["text"] for line in customer.lines()}
        given = {
            pair[1]: number
            for pair, number in zip(wanted, numbers, strict=True)
            if pair[0] is customer
        }
        assert said == {number: text for text, number in given.items()}


@pytest.mark.parametrize("sign", ["a", "字", "😀", "\n"], ids=ascii)
def test_the_longest_text_is_taken_whole(site: Site, customer: Customer, sign: str) -> None:
    text = "x" + sign * 3_998 + "x"
    answer = customer.http.post(
        "/chat/messages",
        content=json.dumps({"text": text}),  # beyond ASCII in its longest form
        headers={"idempotency-key": "long"},
    )
    assert answer.status_code == 202
    assert [line["text"] for line in customer.lines()] == [text]


def test_what_is_said_comes_back_as_it_was(site: Site, mei: DeskAgent) -> None:
    customer = site.customer()
    for text in TEXTS:
        customer.send(text=text)
    conversation = site.conversation(customer)
    assert [row.text for row in site.inbox(conversation.id)] == TEXTS
    assert [row.payload for row in site.inbox(conversation.id)] == [None] * len(TEXTS)
    assert conversation.owner == "bot"  # no text asks for anything by itself

    stream = site.stream(customer)
    stream.wait(lambda stream: len(stream.texts()) >= len(TEXTS))
    assert stream.texts() == TEXTS
    mei.take(conversation.id)
    for text in TEXTS:
        mei.write(conversation.id, text)
    seen = [line["text"] for line in mei.look(conversation.id)["lines"]]
    assert seen[: len(TEXTS)] == TEXTS
    assert seen[-len(TEXTS) :] == TEXTS
    stream.wait(lambda stream: len(stream.texts()) >= 2 * len(TEXTS) + 1)
    assert stream.texts()[-len(TEXTS) :] == TEXTS
    assert stream.states()[-1]["owner"] == "agent"


def test_the_language_follows_what_is_written(site: Site, customer: Customer) -> None:
    customer.send(text="Where is my order?")
    customer.send(text="我的订单到哪里了？")
    conversation = site.conversation(customer)
    assert conversation.language == "zh-Hans"
    assert [row.language for row in site.inbox(conversation.id)] == ["en", "zh-Hans"]


def test_a_forwarded_address_from_no_proxy_of_ours_is_not_believed(
    site: Site, customer: Customer
) -> None:
    customer.http.headers["x-forwarded-for"] = "203.0.113.9"
    customer.send(text="hello")
    [row] = site.inbox(site.conversation(customer).id)
    assert row.address == "127.0.0.1"
