"""The chat beside Rasa's stock SocketIO channel: what a page loads, and the time to an answer.

Two whole systems on this machine: Tenin, and the `rasa init` bot under `rasa run` with SocketIO.
Each is on a plain page on a site of its own: ours by its one line, the stock channel by the least
client that we could write (`stock_client.js`), without styles, buttons, history or reconnecting;
Rasa has no page of its own. What ready-made clients weigh is not measured here.

A visitor is a new context of headless Chromium: comes, opens the chat, and once it has been
welcomed (ours) or connected (stock) says "hello". Measured in the page: from the Enter key to the
first frame after the bot's next line is in the document. Visitors of both come in turns, the first
of each not counted. Weight is what a page loads up to that answer, in bytes as sent (gzip).

Run from the project's root, with a trained model:  .venv/bin/python -m benchmarks.widget
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import statistics
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from benchmarks.stock import machine
from benchmarks.stock_server import running_stock
from tenin.clock import utcnow
from tests.browser.chat_page import PATIENCE, strings
from tests.browser.conftest import ARGUMENTS, DESKTOP
from tests.browser.widget.shop_site import shop_site
from tests.system import running_system

HERE = Path(__file__).parent
RESULT = HERE / "results" / "widget.json"
ROUNDS = 3
VISITORS = 5  # of each, in a round
SAID = "hello"
CHROMIUM = "/usr/bin/chromium"

# Notes when Enter was pressed, and when a line of the bot's that was not there has been drawn.
WATCH = """(lines) => {
  const count = () => lines().length;
  window.took = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("no answer came in two minutes")), 120_000);
    addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      const began = performance.now();
      const before = count();
      const look = () => {
        if (count() > before) resolve(performance.now() - began);
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, { capture: true });
  });
}"""
OURS = """() => document.querySelector("tenin-chat").shadowRoot
  .querySelectorAll(".line.bot .bubble")"""
STOCK = """() => document.querySelectorAll("[role=log] .bot")"""

Visit = Callable[[Page], None]


def main() -> None:
    """Measure, print, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--visitors", type=int, default=VISITORS, help="of each, in a round")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        shop = stack.enter_context(shop_site())
        stock = stack.enter_context(running_stock())
        tenin = stack.enter_context(running_system({"TENIN_WEB_SITES": shop.url}))
        client = stack.enter_context(client_site())
        shop.shows(tenin.url)
        chromium = stack.enter_context(sync_playwright()).chromium
        browser = chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        stack.callback(browser.close)
        bots: dict[str, Callable[[], dict[str, Any]]] = {
            "tenin": lambda: visited(browser, shop.url, tenin.url, open_chat, OURS),
            "stock": lambda: visited(
                browser, f"{client}/?server={stock.url}", client, wait_for_box, STOCK
            ),
        }
        found = measured(bots, options.rounds, options.visitors)
    result = {
        "how": {
            "said": SAID,
            "rounds": options.rounds,
            "visitors_of_each_in_a_round": options.visitors,
            "stock": "rasa init, SocketIO over one WebSocket, the least client possible",
        },
        **found,
        "machine": machine(),
        "date": utcnow().date().isoformat(),
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    RESULT.write_text(text, encoding="utf-8")


def measured(
    bots: dict[str, Callable[[], dict[str, Any]]], rounds: int, visitors: int
) -> dict[str, Any]:
    """Have visitors of all come in turns; each bot's figures, and our share of stock's."""
    times: dict[str, list[list[float]]] = {name: [] for name in bots}
    weights = {name: visit()["weights"] for name, visit in bots.items()}  # warms, too
    for number in range(rounds):
        for name in bots:
            times[name].append([])
        for _ in range(visitors):
            for name in sorted(bots, reverse=number % 2 == 1):
                times[name][-1].append(bots[name]()["milliseconds"])
    figures = {
        name: {
            "weight_bytes": sum(weights[name].values()),
            "files": weights[name],
            "first_answer_ms": round(statistics.median(map(statistics.median, each)), 1),
            "rounds_ms": [round(statistics.median(one), 1) for one in each],
        }
        for name, each in times.items()
    }
    ratios = {
        name: round(figures["tenin"][name] / figures["stock"][name], 3)
        for name in ("weight_bytes", "first_answer_ms")
    }
    return {"tenin_over_stock": ratios, **figures}


def visited(
    browser: Browser, address: str, served_from: str, ready: Visit, lines: str
) -> dict[str, Any]:
    """One visitor comes, says something and is answered; the milliseconds, and what was loaded."""
    context = browser.new_context(locale="en-US", viewport=DESKTOP)  # type: ignore[arg-type]
    weights: dict[str, int] = {}

    def weigh(response: Response) -> None:
        path = urlsplit(response.url).path
        if response.url.startswith(served_from) and path != "/" and "/chat/" not in path:
            if response.headers.get("content-encoding") != "gzip":
                raise RuntimeError(f"{path} was not compressed")
            weights[path] = int(response.headers["content-length"])

    try:
        page = context.new_page()
        page.on("response", weigh)
        page.goto(address)
        ready(page)
        page.evaluate(f"({WATCH})({lines})")
        page.keyboard.type(SAID)
        page.keyboard.press("Enter")
        milliseconds = page.evaluate("window.took")
    finally:
        context.close()
    return {"milliseconds": milliseconds, "weights": weights}


def open_chat(page: Page) -> None:
    """Open our chat, and wait until it has welcomed."""
    words = strings("en")["widget"]
    page.get_by_role("button", name=words["open"]).click()
    expect(page.get_by_role("textbox", name=words["placeholder"])).to_be_focused(timeout=PATIENCE)
    page.wait_for_function(
        f"""() => ({OURS})().length > 0 && document.querySelector("tenin-chat").shadowRoot
              .querySelector(".typing").hidden""",
        timeout=PATIENCE,
    )


def wait_for_box(page: Page) -> None:
    """Wait until the stock client is connected."""
    expect(page.get_by_role("textbox")).to_be_focused(timeout=PATIENCE)


@contextlib.contextmanager
def client_site() -> Iterator[str]:
    """Serve the stock channel's client, compressed; its address."""
    files = {
        "/": ("text/html; charset=utf-8", HERE / "stock_client.html"),
        "/client.js": ("text/javascript; charset=utf-8", HERE / "stock_client.js"),
    }
    packed = {path: (kind, gzip.compress(f.read_bytes(), 9)) for path, (kind, f) in files.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = packed.get(urlsplit(self.path).path, packed["/"])
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


if __name__ == "__main__":
    main()
