"""The queue of outgoing messages, in a real browser against answers made to order."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.widget.module_site import ModuleSite, wait_until

QUEUE = """async (options) => {
  const { Outgoing } = await import("/static/common/outgoing.js");
  const { Store } = await import("/static/common/device.js");
  window.unknown = 0;
  window.queue = new Outgoing({
    store: new Store(),
    prefix: "test.outgoing.",
    post: ({ key, body }, signal) => fetch("/post", {
      method: "POST", signal, body: JSON.stringify(body),
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    }),
    onUnknown: () => { window.unknown += 1; },
    limits: { least: 10, most: 50 },
    patience: 400,
    ...options,
  });
  window.states = () => queue.entries.map(({ text, state }) => [text, state]);
  window.kept = () => Object.keys(localStorage).filter((name) => name.startsWith("test.outgoing."));
}"""
SAY = "(texts) => texts.map((text) => queue.add({ text }, text).key)"


def test_messages_go_in_order_one_at_a_time(site: ModuleSite, page: Page) -> None:
    page.evaluate(QUEUE, {})
    keys = page.evaluate(SAY, ["a", "b", "c"])
    page.wait_for_timeout(100)
    assert site.posts == [], "nothing is sent before resume()"
    assert page.evaluate("kept().length") == 3
    page.evaluate("queue.resume()")
    wait_until(page, "states().every(([, state]) => state === 'sent')")
    assert site.posts == [(key, {"text": text}) for key, text in zip(keys, "abc", strict=True)]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key) for key in keys)
    assert page.evaluate("queue.entries.map(({ line }) => line)") == [1, 2, 3]
    assert page.evaluate("kept()") == []


@pytest.mark.parametrize("trouble", [503, 500, 429, 408, "never"])
def test_passing_trouble_repeats_the_same_key_and_keeps_the_order(
    site: ModuleSite, page: Page, trouble: int | str
) -> None:
    site.answers = [trouble, trouble, 200]
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume()")
    a, b = page.evaluate(SAY, ["a", "b"])
    wait_until(page, "states().every(([, state]) => state === 'sent')")
    assert [key for key, _ in site.posts] == [a, a, a, b]


def test_lost_network_repeats_the_same_key(site: ModuleSite, page: Page) -> None:
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume()")
    page.context.set_offline(True)
    [key] = page.evaluate(SAY, ["a"])
    wait_until(page, "states()[0][1] === 'retrying'")
    assert site.posts == []
    page.context.set_offline(False)
    wait_until(page, "states()[0][1] === 'sent'")
    assert [posted for posted, _ in site.posts] == [key]


def test_reload_loses_nothing_and_doubles_nothing(site: ModuleSite, page: Page) -> None:
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume()")
    [first] = page.evaluate(SAY, ["sent before"])
    wait_until(page, "states()[0][1] === 'sent'")
    site.answers = [503] * 1000
    keys = page.evaluate(SAY, ["x", "y"])
    wait_until(page, "states()[1][1] === 'retrying'")
    page.reload()
    site.answers = []
    page.evaluate(QUEUE, {})
    assert page.evaluate("states()") == [["x", "waiting"], ["y", "waiting"]]
    posted = len(site.posts)
    page.evaluate("queue.resume()")
    wait_until(page, "states().every(([, state]) => state === 'sent')")
    assert [key for key, _ in site.posts[posted:]] == keys
    assert [key for key, _ in site.posts].count(first) == 1
    assert page.evaluate("kept()") == []


def test_line_that_comes_by_the_stream_ends_the_sending(site: ModuleSite, page: Page) -> None:
    site.answers = ["never"]
    page.evaluate(QUEUE, {"patience": 60_000, "limits": {"least": 60_000, "most": 60_000}})
    page.evaluate("queue.resume()")
    a, b = page.evaluate(SAY, ["a", "b"])
    wait_until(page, "states()[0][1] === 'sending'")
    page.wait_for_timeout(200)
    page.evaluate("(key) => queue.forget(key)", a)
    wait_until(page, "states()[0][1] === 'sent'")
    assert page.evaluate("[states(), kept()]") == [[["b", "sent"]], []]
    assert [key for key, _ in site.posts] == [a, b]


def test_refused_message_says_why_and_lets_the_next_go(site: ModuleSite, page: Page) -> None:
    site.answers = [422]
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume()")
    a, b = page.evaluate(SAY, ["a", "b"])
    wait_until(page, "states()[1][1] === 'sent'")
    assert page.evaluate("queue.entries[0].error") == {
        "status": 422,
        "code": "made_up",
        "message": "No.",
        "remedy": "",
    }
    assert page.evaluate("kept()") == [f"test.outgoing.{a}"]
    page.reload()
    page.evaluate(QUEUE, {})
    assert page.evaluate("states()") == [["a", "refused"]], "until the customer has seen to it"
    page.evaluate("queue.resume()")
    page.evaluate("(key) => queue.retry(key)", a)
    wait_until(page, "states()[0][1] === 'sent'")
    assert [key for key, _ in site.posts] == [a, b, a]


def test_refused_event_is_not_left_lying_about(site: ModuleSite, page: Page) -> None:
    site.answers = [422]
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume(); queue.add({ event: 'opened' })")
    wait_until(page, "states().length === 0")
    assert len(site.posts) == 1


def test_unknown_session_stops_until_there_is_another(site: ModuleSite, page: Page) -> None:
    site.answers = [401]
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume()")
    [key] = page.evaluate(SAY, ["a"])
    wait_until(page, "unknown === 1")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(200)
    assert len(site.posts) == 1
    page.evaluate("queue.add({ event: 'opened' }, '', { first: true }); queue.resume()")
    wait_until(page, "states()[0][1] === 'sent'")
    assert [body for _, body in site.posts] == [{"text": "a"}, {"event": "opened"}, {"text": "a"}]
    assert site.posts[2][0] == key


def test_queue_works_where_storage_is_refused(site: ModuleSite, page: Page) -> None:
    page.evaluate(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })"
    )
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume()")
    page.evaluate(SAY, ["a"])
    wait_until(page, "states()[0][1] === 'sent'")


def test_what_is_too_much_waits_as_long_as_told(site: ModuleSite, page: Page) -> None:
    site.answers, site.retry_after = [429], 2
    page.evaluate(QUEUE, {})
    page.evaluate("queue.resume()")
    a, b = page.evaluate(SAY, ["a", "b"])
    wait_until(page, "queue.until > Date.now()")
    assert page.evaluate("queue.until - Date.now()") <= 2_000
    page.evaluate("queue.resume()")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(1_000)
    assert [key for key, _ in site.posts] == [a], "whatever happens meanwhile"
    wait_until(page, "states().every(([, state]) => state === 'sent')")
    assert [key for key, _ in site.posts] == [a, a, b]
    assert page.evaluate("queue.until") == 0


Tabs = Callable[..., list[Page]]


@pytest.fixture
def tabs(page: Page) -> Tabs:
    """Tabs of one browser that share the queue, the first with options of its own."""

    def make(count: int, **options: object) -> list[Page]:
        opened = [page, *(page.context.new_page() for _ in range(count - 1))]
        for tab in opened[1:]:
            tab.goto(page.url)
        for tab in opened:
            tab.evaluate(QUEUE, options if tab is page else {})
            tab.evaluate("queue.resume()")
        return opened

    return make


def test_tabs_share_the_queue_and_each_message_is_sent_once(site: ModuleSite, tabs: Tabs) -> None:
    opened = tabs(5)
    texts = [f"{number}" for number in range(15)]
    for number, text in enumerate(texts):
        opened[number % 5].evaluate(SAY, [text])
    for tab in opened:
        wait_until(tab, "states().length === 15 && states().every(([, s]) => s === 'sent')")
        assert tab.evaluate("kept()") == []
    said = dict(site.posts)  # a key twice is one message
    assert len(said) == 15
    assert sorted(body["text"] for body in said.values()) == sorted(texts)
    assert len(site.posts) < 30, "and not each tab tries each"


def test_what_a_closed_tab_had_not_sent_another_sends(site: ModuleSite, tabs: Tabs) -> None:
    site.answers = [503] * 1000
    first, other = tabs(2)
    keys = other.evaluate(SAY, ["a", "b"])
    wait_until(first, "states().length === 2")
    other.close()
    site.answers = []
    wait_until(first, "states().every(([, state]) => state === 'sent')")
    assert list(dict(site.posts)) == keys


def test_a_tab_that_is_held_up_holds_no_other_up(site: ModuleSite, tabs: Tabs) -> None:
    site.answers = ["never"]
    stuck, other = tabs(2, patience=60_000)
    [a] = stuck.evaluate(SAY, ["a"])
    wait_until(stuck, "states()[0][1] === 'sending'")
    wait_until(other, "states().length === 1")
    [b] = other.evaluate(SAY, ["b"])
    wait_until(other, "states().every(([, state]) => state === 'sent')")
    assert [key for key, _ in site.posts] == [a, a, b], "in order, by the same key"
    wait_until(stuck, "states().every(([, state]) => state === 'sent')")


def test_a_refusal_is_seen_and_seen_to_in_any_tab(site: ModuleSite, tabs: Tabs) -> None:
    site.answers = [422, 422]
    one, other = tabs(2)
    a, b = one.evaluate(SAY, ["a", "b"])
    for tab in (one, other):
        wait_until(tab, "states().length === 2 && states().every(([, s]) => s === 'refused')")
        assert tab.evaluate("queue.entries[0].error.code") == "made_up"
    other.evaluate("(key) => queue.retry(key)", a)
    other.evaluate("(key) => queue.forget(key)", b)
    for tab in (one, other):
        wait_until(tab, "states().length === 1 && states()[0][1] === 'sent'")
    sent = [key for key, _ in site.posts]
    assert sent[:2] == [a, b]
    assert set(sent[2:]) == {a}
