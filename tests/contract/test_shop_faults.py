"""A shop's API that is slow, down or answers nonsense: a ShopError, in time, and nothing else."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.engine import Engine

from tenin.database import read_transaction
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.http_shop import MAX_ANSWER, HttpShop
from tenin.shop.interface import Cancel, Change, Done, NotAllowedError, Quote, Shop, ShopError
from tenin.shop.models import order_changes
from tenin.shop.reference_api import make_app
from tenin.shop.sample_data import demo_order
from tests.contract.shops import LOOPBACK, TERMS, TIMEOUT, TOKEN, World, opened, served
from tests.databases import sqlite_url

PROJECT = Path(__file__).parents[2]
SHORT = 0.5

QUOTE = {"allowed": True, "reason": None, "fee": "0.00", "refund": "1.00", "extra": "0.00"} | {
    "currency": "CNY",
    "refund_days": 5,
    "instead": [],
}
ORDER = {
    "number": "T1",
    "status": "paid",
    "placed_on": "2026-03-02",
    "items": [],
    "total": "1.00",
    "currency": "CNY",
    "carrier": None,
    "tracking_number": None,
    "shipped_on": None,
    "expected_on": None,
    "delivered_on": None,
    "destination": None,
}
ITEM = {"id": "1", "sku": "K", "name": "n", "size": None, "colour": None, "quantity": 1} | {
    "price": "1.00"
}
CALLS: dict[str, Callable[[Shop], Any]] = {
    "proved": lambda shop: shop.proved("T1", "a@example.com"),
    "customer": lambda shop: shop.customer("1"),
    "orders": lambda shop: shop.orders("1", "en"),
    "order": lambda shop: shop.order("T1", "en"),
    "quote": lambda shop: shop.quote(Cancel("T1")),
    "change": lambda shop: shop.change(Cancel("T1"), "key"),
    "refunds": lambda shop: shop.refunds("T1"),
    "invoice": lambda shop: shop.invoice("T1", "en"),
    "wish_restock": lambda shop: shop.wish_restock("K", "a@example.com", "en"),
}


class Peer:
    """Something that listens where the shop's API should be, and says what a test gives it."""

    def __init__(self, answers: Iterator[bytes | None]) -> None:
        """Answer each connection with the next; None: never, until the test ends."""
        self._answers, self._ended = answers, threading.Event()
        self._open = contextlib.ExitStack()
        self.asked: list[bytes] = []

    def __enter__(self) -> Peer:
        self._listening = self._open.enter_context(socket.socket())
        self._listening.bind((LOOPBACK, 0))
        self._listening.listen(16)
        self.url = f"http://{LOOPBACK}:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._open.close()
        self._thread.join(TIMEOUT)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(TIMEOUT)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += connection.recv(65_536)
        head, _, body = asked.partition(b"\r\n\r\n")
        length = next(
            (
                int(line[15:])
                for line in head.split(b"\r\n")
                if line[:15].lower() == b"content-length:"
            ),
            0,
        )
        while len(body) < length:
            body += connection.recv(65_536)
        self.asked.append(head + b"\r\n\r\n" + body)
        answer = next(self._answers)
        if answer is None:
            self._ended.wait(TIMEOUT)
        elif answer[:5] == b"drip:":
            for i in range(5, len(answer)):
                connection.sendall(answer[i : i + 1])
                if i > 80 and self._ended.wait(0.05):  # the head of it at once
                    return
        else:
            connection.sendall(answer)


def http(content: Any, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer in HTTP, of JSON or of bytes as they are."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@contextlib.contextmanager
def asking(*answers: bytes | None, timeout: float = TIMEOUT) -> Iterator[tuple[HttpShop, Peer]]:
    """A shop whose API gives these answers, the last of them for ever."""
    repeated = itertools.chain(answers, itertools.repeat(answers[-1]))
    with Peer(repeated) as peer, contextlib.closing(HttpShop(peer.url, TOKEN, timeout)) as shop:
        yield shop, peer


WRONG_FOR_ALL = {
    "nothing": b"",
    "no HTTP": b"\x00\x01\x02 hello\r\n\r\n",
    "an error": http({"error": "x"}, "500 Internal Server Error"),
    "down for now": http({"error": "x"}, "503 Service Unavailable"),
    "not there": http({"error": "x"}, "404 Not Found"),
    "no entry": http({"error": "x"}, "401 Unauthorized"),
    "elsewhere": http(b"", "302 Found\r\nLocation: http://127.0.0.1:9/"),
    "a page of an error": http(b"<html><body>Oops</body></html>", "502 Bad Gateway"),
    "a page": http(b"<!DOCTYPE html><title>Login</title>"),
    "no JSON": http(b'{"order":'),
    "no text": http(b"\xff\xfe\xfa"),
    "deep": http(b"[" * 100_000),
    "a list": http([]),
    "null": http(None),
    "an empty object": http({}),
    "cut off": http(b'{"orders": [', length=4000),
    "too long": http(b" " * (MAX_ANSWER + 10)),
    "wrong kind": http(dict.fromkeys([*CALLS, "number", "done", "noted"], 5)),
    "lists of wrong kind": http({name: [5] for name in [*CALLS, "number", "done", "noted"]}),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("answer", WRONG_FOR_ALL)
def test_nonsense_is_a_shop_error(call: str, answer: str) -> None:
    with asking(WRONG_FOR_ALL[answer]) as (shop, _), pytest.raises(ShopError):
        CALLS[call](shop)


def without(found: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != name}


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        *(("order", {"order": without(ORDER, name)}) for name in ORDER),
        ("order", {"order": ORDER | {"number": "T2"}}),
        ("order", {"order": ORDER | {"status": "lost"}}),
        ("order", {"order": ORDER | {"placed_on": "yesterday"}}),
        ("order", {"order": ORDER | {"placed_on": 20260302}}),
        ("order", {"order": ORDER | {"total": 1.0}}),
        ("order", {"order": ORDER | {"total": "NaN"}}),
        ("order", {"order": ORDER | {"total": "-1.00"}}),
        ("order", {"order": ORDER | {"total": "1.001"}}),
        ("order", {"order": ORDER | {"total": "1e99"}}),
        ("order", {"order": ORDER | {"items": None}}),
        ("order", {"order": ORDER | {"items": [ITEM | {"quantity": True}]}}),
        ("order", {"order": ORDER | {"items": [ITEM | {"quantity": "1"}]}}),
        ("order", {"order": ORDER | {"items": [ITEM | {"name": None}]}}),
        ("orders", {"orders": [ORDER, ORDER | {"status": ""}]}),
        ("orders", {"orders": None}),
        ("customer", {"customer": {"id": "2", "name": "n", "language": "en"}}),
        ("proved", {"number": "T2"}),
        ("proved", {"number": True}),
        ("quote", {"quote": QUOTE | {"reason": "because"}}),
        ("quote", {"quote": QUOTE | {"allowed": False}}),
        ("quote", {"quote": QUOTE | {"reason": "too_many"}}),
        ("quote", {"quote": QUOTE | {"instead": "return_item"}}),
        ("change", {"done": {"reference": "x", "quote": QUOTE | {"allowed": False}}}),
        (
            "change",
            {"done": {"reference": "x", "quote": QUOTE | {"allowed": False, "reason": "too_many"}}},
        ),
        ("invoice", {"invoice": {"number": "1", "order": "T2", "issued_on": "2026-03-02"}}),
        ("wish_restock", {"noted": "yes"}),
    ],
)
def test_a_wrong_field_is_a_shop_error(call: str, answer: dict[str, Any]) -> None:
    with asking(http(answer)) as (shop, _), pytest.raises(ShopError):
        CALLS[call](shop)


def test_what_is_right_is_taken_with_more_than_was_asked() -> None:
    with asking(http({"order": ORDER | {"items": [ITEM], "colour": 1}, "x": 1})) as (shop, peer):
        order = shop.order(" t-1", "en")
        assert order is not None
        assert (order.number, order.total, order.items[0].price) == ("T1", 1, Decimal("1.00"))
        assert len(peer.asked) == 1
        assert peer.asked[0].startswith(b"GET /order?number=T1&language=en ")
        assert f"Authorization: Bearer {TOKEN}".encode() in peer.asked[0]


def test_a_refusal_comes_with_its_quote_or_not_at_all() -> None:
    refused = QUOTE | {"allowed": False, "reason": "already_shipped", "instead": ["return_item"]}
    with asking(http({"quote": refused}, "409 Conflict")) as (shop, _):
        with pytest.raises(NotAllowedError) as raised:
            CALLS["change"](shop)
        assert raised.value.quote.reason == "already_shipped"
        assert raised.value.quote.instead == ("return_item",)
        for other in CALLS.keys() - {"change"}:
            with pytest.raises(ShopError):
                CALLS[other](shop)
    for wrong in ({}, {"quote": QUOTE}, {"quote": None}, {"done": {}}):
        with asking(http(wrong, "409 Conflict")) as (shop, _), pytest.raises(ShopError):
            CALLS["change"](shop)


@pytest.mark.parametrize("call", CALLS)
def test_what_is_too_slow_ends_in_time(call: str) -> None:
    with asking(None, timeout=SHORT) as (shop, _):
        began = time.monotonic()
        with pytest.raises(ShopError):
            CALLS[call](shop)
        assert SHORT * 0.9 < time.monotonic() - began < SHORT + 5


def test_an_answer_that_drips_ends_in_time() -> None:
    slow = b"drip:" + http(b" " * 10_000)
    with asking(slow, timeout=SHORT) as (shop, _):
        began = time.monotonic()
        with pytest.raises(ShopError):
            CALLS["order"](shop)
        assert time.monotonic() - began < SHORT + 5


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind((LOOPBACK, 0))  # and doesn't listen
        url = f"http://{LOOPBACK}:{closed.getsockname()[1]}"
        with contextlib.closing(HttpShop(url, TOKEN, TIMEOUT)) as shop:
            for call in CALLS.values():
                with pytest.raises(ShopError):
                    call(shop)


@pytest.mark.parametrize("failure", ["nothing", "down for now", "a page of an error"])
def test_what_may_be_repeated_is_tried_again(failure: str) -> None:
    wrong = WRONG_FOR_ALL[failure]
    with asking(wrong, wrong, http({"order": ORDER})) as (shop, peer):
        assert CALLS["order"](shop).number == "T1"
        assert len(peer.asked) == 3
    done = http({"done": {"reference": "C-1", "quote": QUOTE}})
    with asking(wrong, done) as (shop, peer):
        assert CALLS["change"](shop).reference == "C-1"
        assert all(b"\r\nIdempotency-Key: key\r\n" in asked for asked in peer.asked)
        assert len(peer.asked) == 2
    with asking(wrong, http({"noted": True})) as (shop, peer):
        with pytest.raises(ShopError):
            CALLS["wish_restock"](shop)
        assert len(peer.asked) == 1


def test_a_failure_that_stays_is_not_asked_for_ever() -> None:
    with asking(WRONG_FOR_ALL["an error"]) as (shop, peer):
        with pytest.raises(ShopError):
            CALLS["order"](shop)
        assert len(peer.asked) == 1
    with asking(WRONG_FOR_ALL["down for now"]) as (shop, peer):
        with pytest.raises(ShopError):
            CALLS["order"](shop)
        assert len(peer.asked) == 3


def test_errors_say_nothing_of_the_customer() -> None:
    secret = "secret@example.com"
    with asking(http({"number": {"contact": secret}})) as (shop, _):
        with pytest.raises(ShopError) as raised:
            shop.proved("T1", secret)
        assert secret not in str(raised.value)
        assert TOKEN not in str(raised.value)


class _LosesAnswers(DatabaseShop):
    """Makes each change, and fails before it has said so the first time."""

    lost = 0

    def change(self, change: Change, key: str) -> Done:
        done = super().change(change, key)
        self.lost += 1
        if self.lost == 1:
            raise ShopError("the answer is lost")
        return done


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(sqlite_url(tmp_path_factory.mktemp("faults"))) as world:
        world.shop = world.direct()
        yield world


def test_an_answer_that_is_lost_makes_no_change_twice(world: World) -> None:
    placed = world.place()
    losing = _LosesAnswers(world.engine, TERMS, now=lambda: world.now)
    with (
        served(make_app(losing, TOKEN)) as url,
        contextlib.closing(HttpShop(url, TOKEN, TIMEOUT)) as shop,
    ):
        done = shop.change(Cancel(placed.number), f"lost {placed.number}")
    assert losing.lost == 2
    assert done == world.shop.change(Cancel(placed.number), f"lost {placed.number}")
    assert world.count(order_changes, order_changes.c.order_id == placed.id) == 1
    assert [world.stock(product) for product in placed.products] == [7, 6]


def test_a_database_that_fails_is_a_shop_error(tmp_path: Path) -> None:
    with opened(sqlite_url(tmp_path)) as world:
        world.shop = world.direct()
        placed = world.place()
        with world.engine.begin() as connection:
            for table in ("order_refunds", "order_items", "invoices", "customers", "products"):
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone_{table}")
        calls: list[Callable[[Shop], Any]] = [
            lambda shop: shop.proved(placed.number, placed.email),
            lambda shop: shop.customer("1"),
            lambda shop: shop.order(placed.number, "en"),
            lambda shop: shop.orders(placed.customer, "en"),
            lambda shop: shop.quote(Cancel(placed.number)),
            lambda shop: shop.change(Cancel(placed.number), "key"),
            lambda shop: shop.refunds(placed.number),
            lambda shop: shop.invoice(placed.number, "en"),
            lambda shop: shop.wish_restock("K", "a@example.com", "en"),
        ]
        for call in calls:
            with pytest.raises(ShopError):
                call(world.shop)


CANCEL = {"change": {"kind": "cancel", "order": "T1"}}


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/order?number=T1&language=en", {"headers": {}}, 401),
        ("GET", "/order?number=T1&language=en", {"headers": {"Authorization": TOKEN}}, 401),
        ("GET", "/order?number=T1", {}, 400),
        ("GET", "/orders?customer=1&language=en&limit=-1", {}, 400),
        ("GET", "/proofs", {}, 405),
        ("GET", "/", {}, 404),
        ("POST", "/proofs", {"content": b"{"}, 400),
        ("POST", "/proofs", {"content": b"[]"}, 400),
        ("POST", "/proofs", {"json": {"number": "T1", "contact": 5}}, 400),
        ("POST", "/proofs", {"content": b" " * 70_000}, 400),
        ("POST", "/quotes", {"json": {"change": {"kind": "steal", "order": "T1"}}}, 400),
        ("POST", "/quotes", {"json": {"change": {"kind": "cancel"}}}, 400),
        ("POST", "/quotes", {"json": {"change": {"kind": ["cancel"], "order": "T1"}}}, 400),
        ("POST", "/quotes", {"json": CANCEL}, 200),
        ("POST", "/changes", {"json": CANCEL}, 400),  # without a key
        ("POST", "/changes", {"json": CANCEL, "key": "k" * 200}, 422),
        ("POST", "/changes", {"json": CANCEL, "key": "k"}, 409),
    ],
)
def test_the_api_refuses_what_it_does_not_know(
    api: str, method: str, path: str, options: dict[str, Any], status: int
) -> None:
    options = dict(options)
    headers = options.pop("headers", {"Authorization": f"Bearer {TOKEN}"})
    if "key" in options:
        headers = headers | {"Idempotency-Key": options.pop("key")}
    with httpx.Client(base_url=api, trust_env=False, timeout=TIMEOUT) as client:
        answer = client.request(method, path, headers=headers, **options)
    assert answer.status_code == status


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[str]:
    with served(make_app(world.direct(), TOKEN)) as url:
        yield url


def test_the_reference_api_runs_as_a_program(world: World) -> None:
    engine: Engine = world.engine
    with read_transaction(engine) as session:
        number, email = demo_order(session)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "tenin.shop.reference_api", "--port", str(port)]
    command += ["--database", str(engine.url)]
    known = {name: value for name, value in os.environ.items() if name != "SHOP_API_TOKEN"}
    refused = subprocess.run(command, cwd=PROJECT, env=known, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "SHOP_API_TOKEN" in refused.stderr
    mistaken = known | {"SHOP_API_TOKEN": TOKEN, "TENIN_WEB_PORT": "eighty"}
    refused = subprocess.run(command, cwd=PROJECT, env=mistaken, capture_output=True, text=True)
    assert refused.returncode == 2
    assert refused.stderr.startswith("environment: TENIN_WEB_PORT: ")
    process = subprocess.Popen(command, cwd=PROJECT, env=known | {"SHOP_API_TOKEN": TOKEN})
    try:
        shop = HttpShop(f"http://{LOOPBACK}:{port}/", TOKEN, TIMEOUT)
        with contextlib.closing(shop):
            deadline = time.monotonic() + 60
            while True:
                try:
                    assert shop.proved(number, email) == number
                    break
                except ShopError:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
            quote = shop.quote(Cancel(number))
            assert (quote.allowed, quote.reason) == (False, "already_shipped")
            assert isinstance(quote, Quote)
    finally:
        process.terminate()
        process.wait(TIMEOUT)
