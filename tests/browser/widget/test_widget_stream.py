"""The event-stream parser and the stream that stays, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.widget.module_site import LINES, ModuleSite, wait_until

STREAMS: list[tuple[str, str, list[list[str]]]] = [
    (
        "a line of ours",
        'id: 17\nevent: line\ndata: {"text": "木灵 🌲"}\n\n',
        [["line", '{"text": "木灵 🌲"}', "17"]],
    ),
    (
        "CRLF",
        "id: 1\r\nevent: a\r\ndata: x\r\n\r\ndata: y\r\n\r\n",
        [["a", "x", "1"], ["message", "y", "1"]],
    ),
    (
        "CR alone",
        "event: a\rdata: x\r\rdata: y\r\r",
        [["a", "x", ""], ["message", "y", ""]],
    ),
    (
        "mixed ends",
        "data: x\r\n\ndata: y\r\rdata: z\n\r\n",
        [["message", data, ""] for data in "xyz"],
    ),
    ("data of several lines", "data: a\ndata:\ndata:  b\n\n", [["message", "a\n\n b", ""]]),
    (
        "comments",
        ": here\n\n:\ndata: x\n: in between\ndata: y\n\n",
        [["message", "x\ny", ""]],
    ),
    ("no space, no colon", "data:x\ndata\nevent:e\n\n", [["e", "x\n", ""]]),
    ("colons in the value", "data: a: b:c\n\n", [["message", "a: b:c", ""]]),
    ("an event without data", "event: a\nid: 3\n\ndata: x\n\n", [["message", "x", "3"]]),
    (
        "an id is kept, an empty one clears",
        "id: 3\ndata: x\n\ndata: y\n\nid\ndata: z\n\n",
        [["message", "x", "3"], ["message", "y", "3"], ["message", "z", ""]],
    ),
    (
        "an id with NUL is none",
        "id: 3\ndata: x\n\nid: 4\0\ndata: y\n\n",
        [["message", "x", "3"], ["message", "y", "3"]],
    ),
    ("unknown fields", "retry: 5\nfoo: bar\n data: no\ndata: x\n\n", [["message", "x", ""]]),
    (
        "byte order mark",
        "\ufeffdata: x\n\ndata: \ufeffy\n\n",
        [["message", "x", ""], ["message", "\ufeffy", ""]],
    ),
    ("cut off at the end", "data: x\n\ndata: y\n", [["message", "x", ""]]),
]

PARSE = """async ([bytes, cuts]) => {
  const { EventStreamParser } = await import("/static/common/event_stream.js");
  return cuts.map((cut) => {
    const events = [];
    const parser = new EventStreamParser(({ type, data, id }) => events.push([type, data, id]));
    const all = new Uint8Array(bytes);
    let start = 0;
    for (const end of cut === "each" ? bytes.map((_, place) => place + 1) : [...cut, all.length]) {
      parser.push(all.slice(start, end));
      start = end;
    }
    return events;
  });
}"""


@pytest.mark.parametrize(
    ("raw", "events"), [case[1:] for case in STREAMS], ids=[case[0] for case in STREAMS]
)
def test_parser_gives_the_same_events_wherever_chunks_are_cut(
    blank: Page, raw: str, events: list[list[str]]
) -> None:
    content = list(raw.encode())
    cuts: list[Any] = [[place] for place in range(len(content) + 1)]
    cuts += [[place, place + 1] for place in range(len(content))]
    for cut, found in zip(cuts, blank.evaluate(PARSE, [content, cuts]), strict=True):
        assert found == events, cut
    assert blank.evaluate(PARSE, [content, ["each"]]) == [events]


def test_parser_of_many_events_byte_by_byte(blank: Page) -> None:
    raw = "".join(case[1] for case in STREAMS if not case[1].startswith("\ufeff"))
    whole, bytewise = blank.evaluate(PARSE, [list(raw.encode()), [[], "each"]])
    assert whole == bytewise
    assert len(whole) >= len(STREAMS)


# The stream that stays

FOLLOW = """async (options) => {
  const { Stream } = await import("/static/common/stream.js");
  window.got = [];
  window.states = [];
  window.refused = [];
  window.stream = new Stream({
    connect: (id, signal) => {
      const headers = id ? { "Last-Event-ID": id } : {};
      return fetch("/stream", { signal, headers, cache: "no-store" });
    },
    onEvent: ({ data }) => {
      window.got.push(Number(data));
      if (Number(data) === options.failsOn) throw new Error("on purpose");
    },
    onState: (state) => window.states.push(state),
    onRefused: (status) => window.refused.push(status),
    limits: { least: 10, most: 50 },
    ...options,
  });
  window.stream.start();
}"""
EVERY_LINE = list(range(1, LINES + 1))


def test_stream_resumes_after_the_last_line_and_doubles_none(site: ModuleSite, page: Page) -> None:
    site.connections = ["two", "two", 503, "two", "all"]
    page.evaluate(FOLLOW, {})
    wait_until(page, f"got.length >= {LINES} && stream.state === 'online'")
    assert page.evaluate("got") == EVERY_LINE
    assert site.streams == ["", "2", "4", "4", "6"]
    assert page.evaluate("states")[:2] == ["online", "reconnecting"]


def test_stream_that_fell_silent_is_connected_again(site: ModuleSite, page: Page) -> None:
    site.connections = ["silent", "silent", "all"]
    page.evaluate(FOLLOW, {"silence": 2000})
    wait_until(page, f"got.length >= {LINES}")
    assert page.evaluate("got") == EVERY_LINE
    assert site.streams == ["", "1", "2"]
    page.wait_for_timeout(3000)  # comments are signs of life
    assert len(site.streams) == 3


def test_refused_stream_stops(site: ModuleSite, page: Page) -> None:
    site.connections = [401]
    page.evaluate(FOLLOW, {})
    wait_until(page, "refused.length > 0")
    page.wait_for_timeout(300)
    assert page.evaluate("[refused, stream.state]") == [[401], "refused"]
    assert len(site.streams) == 1


@pytest.mark.parametrize("sign", ["window, 'online'", "document, 'visibilitychange'"])
def test_network_and_sight_cut_the_waiting_short(site: ModuleSite, page: Page, sign: str) -> None:
    site.connections = [503, "all"]
    page.evaluate(FOLLOW, {"limits": {"least": 60_000, "most": 60_000}})
    wait_until(page, "states.includes('reconnecting')")
    target, name = sign.split(", ")
    page.evaluate(f"{target}.dispatchEvent(new Event({name}))")
    wait_until(page, f"got.length >= {LINES}")


def test_a_connection_that_is_being_made_is_left_alone_for_a_while(blank: Page) -> None:
    tries = blank.evaluate(
        """async () => {
          const { Stream } = await import("/static/common/stream.js");
          const now = performance.now.bind(performance);
          let ahead = 0;
          performance.now = () => now() + ahead;
          let tries = 0;
          const connect = (_, signal) => new Promise((_, reject) => {
            tries += 1;
            signal.addEventListener("abort", () => reject(signal.reason));
          });
          const stream = new Stream({ connect, onEvent() {} });
          const seen = async () => {
            document.dispatchEvent(new Event("visibilitychange"));
            await new Promise((resolve) => setTimeout(resolve, 50));
            return tries;
          };
          stream.start();
          const soon = [await seen(), await seen()];
          ahead = 5000; // nothing has come for as long
          const late = await seen();
          stream.stop();
          return [...soon, late];
        }"""
    )
    assert tries == [1, 1, 2]


def test_stopped_stream_stays_stopped(site: ModuleSite, page: Page) -> None:
    page.evaluate(FOLLOW, {})
    wait_until(page, f"got.length >= {LINES}")
    page.evaluate("stream.stop(); window.dispatchEvent(new Event('online'))")
    page.wait_for_timeout(300)
    assert len(site.streams) == 1


def test_event_that_its_taker_fails_on_does_not_stop_the_stream(
    site: ModuleSite, page: Page
) -> None:
    page.evaluate(FOLLOW, {"failsOn": 2})
    wait_until(page, f"got.length >= {LINES}")
    assert page.evaluate("got") == EVERY_LINE
    assert len(site.streams) == 1


def test_back_off_doubles_within_its_limits(blank: Page) -> None:
    least, most = blank.evaluate(
        """async () => {
          const { backoff } = await import("/static/common/backoff.js");
          const attempts = [0, 1, 2, 3, 4, 5, 6, 40, 2000];
          const at = (luck) => attempts.map((n) => backoff(n, { random: () => luck }));
          return [at(0), at(0.999999)];
        }"""
    )
    assert least == [500, 500, 1000, 2000, 4000, 7500, 7500, 7500, 7500]
    assert [round(step) for step in most] == [500, 1000, 2000, 4000, 8000, *[15_000] * 4]
