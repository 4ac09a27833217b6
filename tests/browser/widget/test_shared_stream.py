"""One stream for all tabs, in a real browser: who has it, who takes over, what each tab shows."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from tests.browser.widget.module_site import LINES, ModuleSite, wait_until

JOIN = """async (name) => {
  const { SharedStream } = await import("/static/common/shared_stream.js");
  window.events = [];
  window.states = [];
  window.refused = [];
  window.opened = 0;
  window.lines = () => events.filter(({ type }) => type === "line").map(({ data }) => Number(data));
  window.stream = new SharedStream({
    name,
    limits: { least: 10, most: 50 },
    silence: 60_000,
    connect: (lastEventId, signal) => {
      window.opened += 1;
      const headers = { "Last-Event-ID": lastEventId };
      return fetch("/stream", { signal, headers, cache: "no-store" });
    },
    onEvent: (event) => events.push(event),
    onState: (state) => states.push(state),
    onRefused: (status) => refused.push(status),
  });
  stream.start();
}"""
ALL = list(range(1, LINES + 1))

Tabs = Callable[[int], list[Page]]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.set_offline(True)  # each tab that is closed leaves the stream to the next
    context.close()


@pytest.fixture
def blank_tabs(context: BrowserContext, site: ModuleSite) -> Tabs:
    def make(count: int) -> list[Page]:
        tabs = [context.new_page() for _ in range(count)]
        for tab in tabs:
            tab.goto(site.url)
        return tabs

    return make


@pytest.fixture
def tabs(blank_tabs: Tabs) -> Tabs:
    def make(count: int) -> list[Page]:
        tabs = blank_tabs(count)
        for tab in tabs:
            tab.evaluate(JOIN, "one")
        return tabs

    return make


def shows_all(tab: Page, lines: int = LINES) -> None:
    wait_until(tab, f"lines().length >= {lines}")
    assert tab.evaluate("lines()") == list(range(1, lines + 1))


def leaders(tabs: list[Page]) -> list[Page]:
    return [tab for tab in tabs if tab.evaluate("opened") > 0]


def test_all_tabs_show_the_same_over_one_stream(site: ModuleSite, tabs: Tabs) -> None:
    opened = tabs(4)
    for tab in opened:
        shows_all(tab)
        wait_until(tab, "stream.state === 'online'")
    assert site.streams == [""]
    assert len(leaders(opened)) == 1


def test_a_tab_that_comes_later_has_the_history_at_once(site: ModuleSite, tabs: Tabs) -> None:
    [first] = tabs(1)
    shows_all(first)
    [late] = tabs(1)
    shows_all(late)
    assert late.evaluate("[opened, stream.state]") == [0, "online"]
    assert site.streams == [""]


@pytest.mark.parametrize("end", ["close", "crash", "stop", "pagehide", "freeze"])
def test_another_tab_takes_over_and_nothing_is_lost_or_doubled(
    site: ModuleSite, tabs: Tabs, end: str
) -> None:
    site.connections = ["silent", "two", "silent", "all"]
    leader, second, third = tabs(3)
    for tab in (leader, second, third):
        shows_all(tab, 1)
    if end == "close":
        leader.close()
    elif end == "crash":
        with contextlib.suppress(Error):
            leader.goto("chrome://crash", timeout=5_000)
        leader.close()
    elif end == "stop":
        leader.evaluate("stream.stop()")
    elif end == "pagehide":
        leader.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    else:
        leader.evaluate("document.dispatchEvent(new Event('freeze'))")
    for tab in (second, third):
        shows_all(tab, 4)
    assert site.streams[:3] == ["", "1", "3"]
    assert len(leaders([second, third])) == 1


def test_a_page_that_comes_back_catches_up_and_follows(site: ModuleSite, tabs: Tabs) -> None:
    site.connections = ["silent", "all"]
    leader, other = tabs(2)
    shows_all(leader, 1)
    shows_all(other, 1)
    leader.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    shows_all(other)
    assert leader.evaluate("lines()") == [1]
    leader.evaluate(
        "window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    )
    shows_all(leader)
    assert leader.evaluate("opened") == 1
    assert site.streams == ["", "1"]


def test_a_leader_that_is_held_up_is_replaced(site: ModuleSite, tabs: Tabs) -> None:
    site.connections = ["silent", "all"]
    leader, other = tabs(2)
    shows_all(other, 1)
    leader.evaluate(
        """() => { setTimeout(() => {
          const end = performance.now() + 16_000;
          while (performance.now() < end);
          window.free = true;
        }, 0); }"""
    )
    other.wait_for_function("lines().length === 7", timeout=16_000)
    shows_all(other)
    leader.wait_for_function("window.free === true", timeout=30_000)
    shows_all(leader)
    wait_until(leader, "stream.state === 'online'")
    assert leader.evaluate("opened") == 1, "it follows now"
    assert site.streams == ["", "1"]


def test_a_hidden_leader_that_is_cut_off_gives_way_to_a_visible_tab(
    site: ModuleSite, tabs: Tabs
) -> None:
    site.connections = ["two", *[503] * 1000]
    [leader] = tabs(1)
    leader.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })"
    )
    wait_until(leader, "stream.state === 'reconnecting'")
    [visible] = tabs(1)
    wait_until(visible, "opened > 0")
    site.connections = []
    shows_all(visible)
    shows_all(leader)
    wait_until(leader, "stream.state === 'online'")


def test_a_gap_is_noticed_and_filled(site: ModuleSite, tabs: Tabs) -> None:
    leader, other = tabs(2)
    shows_all(other)
    page = other.context.new_page()
    page.goto(site.url)
    page.evaluate(JOIN.replace("stream.start();", ""), "one")
    page.evaluate(
        """() => {
          const asked = [];
          window.asked = asked;
          const real = BroadcastChannel.prototype.postMessage;
          BroadcastChannel.prototype.postMessage = function (message) {
            asked.push(message);
            if (asked.length > 1) real.call(this, message);  // the first question gets lost
          };
          stream.start();
        }"""
    )
    leader.evaluate(
        """new BroadcastChannel('one').postMessage(
             { after: '7', events: [], state: 'online', hidden: false })"""
    )
    shows_all(page)
    assert page.evaluate("asked.map(({ ask }) => ask)") == ["", ""]


def test_the_state_of_the_connection_is_everybodys(site: ModuleSite, tabs: Tabs) -> None:
    leader, other = tabs(2)
    wait_until(other, "stream.state === 'online'")
    site.connections = [503] * 1000
    leader.evaluate("window.dispatchEvent(new Event('online'))")
    wait_until(other, "stream.state === 'reconnecting'")
    site.connections = []
    wait_until(other, "stream.state === 'online'")
    assert len(leaders([leader, other])) == 1


def test_a_refusal_reaches_all_and_ends_it(site: ModuleSite, tabs: Tabs) -> None:
    leader, *others = tabs(3)
    for tab in others:
        wait_until(tab, "stream.state === 'online'")
    site.connections = [401] * 100
    leader.evaluate("window.dispatchEvent(new Event('online'))")
    for tab in (leader, *others):
        wait_until(tab, "refused.length === 1")
        assert tab.evaluate("refused") == [401]
    asked = len(site.streams)
    leader.wait_for_timeout(500)
    assert len(site.streams) == asked


def test_streams_of_other_names_do_not_mix(site: ModuleSite, blank_tabs: Tabs) -> None:
    one, other = blank_tabs(2)
    site.connections = ["silent", "all"]
    one.evaluate(JOIN, "one")
    shows_all(one, 1)
    other.evaluate(JOIN, "other")
    shows_all(other)
    assert one.evaluate("lines()") == [1]
    assert site.streams == ["", ""]


MISSING = {
    "locks": "Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined })",
    "channel": "delete window.BroadcastChannel",
    "forbidden": """() => { LockManager.prototype.request = () =>
      Promise.reject(new DOMException('no', 'SecurityError')); }""",
}


@pytest.mark.parametrize("missing", list(MISSING))
def test_where_the_browser_lacks_it_each_tab_has_its_own(
    site: ModuleSite, blank_tabs: Tabs, missing: str
) -> None:
    opened = blank_tabs(2)
    for tab in opened:
        tab.evaluate(MISSING[missing])
        tab.evaluate(JOIN, "one")
        shows_all(tab)
    assert len(leaders(opened)) == 2
    opened[0].evaluate("stream.stop()")
    opened[0].wait_for_timeout(200)
    assert opened[0].evaluate("opened") == 1


STATES = [
    ("line", "1", "1"),
    ("state", "a", "1"),  # the format hands the id on
    ("state", "a", "1"),
    ("line", "1", "1"),
    ("state", "b", "1"),
    ("line", "2", "2"),
    ("state", "a", "2"),
]


def test_what_has_no_id_is_told_when_it_changes(site: ModuleSite, tabs: Tabs) -> None:
    [tab] = tabs(1)
    shows_all(tab)
    told: list[Any] = tab.evaluate(
        """async (given) => {
          const { SharedStream } = await import("/static/common/shared_stream.js");
          const told = [];
          const written = ([event, data, id]) =>
            `${event === "line" ? `id: ${id}\\n` : ""}event: ${event}\\ndata: ${data}\\n\\n`;
          const text = given.map(written).join("");
          const stream = new SharedStream({
            name: "states",
            connect: async () => new Response(text),
            onEvent: ({ type, data }) => told.push([type, data]),
          });
          stream.start();
          await new Promise((resolve) => setTimeout(resolve, 200));
          stream.stop();
          return told;
        }""",
        STATES,
    )
    assert told == [["line", "1"], ["state", "a"], ["state", "b"], ["line", "2"], ["state", "a"]]
