"""A shop asked over HTTP: the adapter for a shop that keeps its orders itself.

Implements `interface.Shop` on the API of docs/shop-api.md, of which `reference_api` is the
example. Whatever the API does wrong (late, down, no JSON, a field missing) is a ShopError.
"""

import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from tenin.shop import wire
from tenin.shop.deadline import seconds_left
from tenin.shop.interface import (
    Change,
    Customer,
    Done,
    Invoice,
    NotAllowedError,
    Order,
    Quote,
    Refund,
    ShopError,
)
from tenin.shop.models import ORDER_STATUSES
from tenin.shop.orders import normal_order_number

CONNECT_SECONDS = 3.05
MAX_ANSWER = 2_000_000
_CHUNK = 65_536
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.1
_CONFLICT = 409
_PASSING = frozenset({502, 503, 504})


class HttpShop:
    """A shop behind its API; a call gives up after `timeout_seconds`, tries and all.

    It gives up before if the time of whoever asks is up (`tenin.shop.deadline`).
    Safe to share between threads.
    """

    def __init__(self, base_url: str, token: str, timeout_seconds: float) -> None:
        """Keep where the API is; nothing is asked yet."""
        self._base_url, self._timeout = base_url.rstrip("/"), timeout_seconds
        self._session = requests.Session()
        self._session.mount("http://", HTTPAdapter(pool_maxsize=16, max_retries=0))
        self._session.mount("https://", HTTPAdapter(pool_maxsize=16, max_retries=0))
        # As `auth`, not as a header: a .netrc of the machine would overwrite the header.
        self._session.auth = _Bearer(token)

    def close(self) -> None:
        """Give back the connections."""
        self._session.close()

    def proved(self, number: str, contact: str) -> str | None:
        """Return the order's stored number if `contact` is its customer's."""
        asked = {"number": normal_order_number(number), "contact": contact}
        found: str | None = self._ask("POST", "/proofs", "number", str | None, body=asked)
        if found is not None and normal_order_number(found) != asked["number"]:
            raise ShopError("the shop's API proved another order than the one asked about")
        return found

    def customer(self, customer_id: str) -> Customer | None:
        """Return a customer, or None if there is none of that id."""
        if not customer_id.isprintable():
            return None
        asked = {"id": customer_id}
        found: Customer | None = self._ask("GET", "/customer", "customer", Customer | None, asked)
        if found is not None and found.id != customer_id:
            raise ShopError("the shop's API told of another customer than the one asked about")
        return found

    def orders(self, customer_id: str, language: str, limit: int = 10) -> list[Order]:
        """Return a customer's orders, the newest first."""
        if not customer_id.isprintable() or limit < 1:
            return []
        asked = {"customer": customer_id, "language": language, "limit": str(limit)}
        found: list[Order] = self._ask("GET", "/orders", "orders", list[Order], asked)
        for order in found:
            _checked(order)
        return found[:limit]

    def order(self, number: str, language: str) -> Order | None:
        """Return one order, or None if there is none of that number."""
        asked = {"number": normal_order_number(number), "language": language}
        found: Order | None = self._ask("GET", "/order", "order", Order | None, asked)
        return found and _checked(found, asked["number"])

    def quote(self, change: Change) -> Quote:
        """Return what a change would do and cost."""
        body = {"change": wire.write_change(change)}
        quote: Quote = self._ask("POST", "/quotes", "quote", Quote, body=body)
        return _sound(quote)

    def change(self, change: Change, key: str) -> Done:
        """Make a change whole, once by `key`.

        Raises NotAllowedError when the shop doesn't allow it, ShopError when it isn't known to be
        done: asking again with the same key makes it, or finds it made.
        """
        if not key.isascii() or not key.isprintable() or not key.strip():
            raise ShopError("a key has printable ASCII characters")
        body = {"change": wire.write_change(change)}
        done: Done = self._ask("POST", "/changes", "done", Done, body=body, key=key)
        if not _sound(done.quote).allowed:
            raise ShopError("the shop's API says that a change is done and not allowed")
        return done

    def refunds(self, number: str) -> list[Refund]:
        """Return the refunds of an order, the newest first."""
        asked = {"number": normal_order_number(number)}
        found: list[Refund] = self._ask("GET", "/refunds", "refunds", list[Refund], asked)
        for refund in found:
            _same(refund.order, asked["number"])
        return found

    def invoice(self, number: str, language: str) -> Invoice | None:
        """Return the invoice of an order."""
        asked = {"number": normal_order_number(number), "language": language}
        found: Invoice | None = self._ask("GET", "/invoice", "invoice", Invoice | None, asked)
        if found is not None:
            _same(found.order, asked["number"])
        return found

    def wish_restock(self, sku: str, contact: str, language: str) -> bool:
        """Note a wish; tried once only, since it bears no key."""
        body = {"sku": sku, "contact": contact, "language": language}
        noted: bool = self._ask(
            "POST", "/restock-wishes", "noted", bool, body=body, repeatable=False
        )
        return noted

    def _ask(
        self,
        method: str,
        path: str,
        name: str,
        kind: Any,
        asked: dict[str, str] | None = None,
        *,
        body: dict[str, Any] | None = None,
        key: str | None = None,
        repeatable: bool = True,
    ) -> Any:
        """Ask, and read the member `name` of the answer as a value of `kind`."""
        left = seconds_left(self._timeout)
        if not left:
            raise ShopError("no time was left to ask the shop's API")
        deadline = time.monotonic() + left
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS or not repeatable
            try:
                status, content = self._send(method, path, asked, body, key, deadline)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                pause = _pause(attempt)
                if last or time.monotonic() + pause >= deadline:
                    raise ShopError(f"the shop's API failed: {type(error).__name__}") from error
            else:
                pause = _pause(attempt)
                if status not in _PASSING or last or time.monotonic() + pause >= deadline:
                    return _read(status, content, name, kind, key is not None)
            time.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _send(
        self,
        method: str,
        path: str,
        asked: dict[str, str] | None,
        body: dict[str, Any] | None,
        key: str | None,
        deadline: float,
    ) -> tuple[int, bytes]:
        """Send once; return status and content, both within the deadline."""
        left = max(deadline - time.monotonic(), 0.001)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if key is not None:
            headers["Idempotency-Key"] = key
        with self._session.request(
            method,
            f"{self._base_url}{path}",
            params=asked,
            json=body,
            headers=headers,
            timeout=(min(left, CONNECT_SECONDS), left),
            allow_redirects=False,
            stream=True,
        ) as response:
            with _ended_at(deadline, response):
                content = bytearray()
                while chunk := response.raw.read1(_CHUNK, decode_content=True):
                    content += chunk
                    if len(content) > MAX_ANSWER:
                        raise ShopError("the shop's API says more than anybody asked")
            if time.monotonic() >= deadline:
                raise ShopError("the shop's API is too slow")
            return response.status_code, bytes(content)


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


@contextmanager
def _ended_at(deadline: float, response: requests.Response) -> Iterator[None]:
    """Break off the reading of an answer at the deadline.

    A timeout of requests counts from one byte to the next, and never ends an answer that drips.
    """

    def end() -> None:
        with suppress(Exception):  # read to its end meanwhile
            response.raw.shutdown()

    timer = threading.Timer(max(deadline - time.monotonic(), 0), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _pause(attempt: int) -> float:
    longest: float = _PAUSE_SECONDS * 2 ** (attempt - 1)
    return longest * random.uniform(0.5, 1.5)


def _read(status: int, content: bytes, name: str, kind: Any, keyed: bool) -> Any:
    try:
        refused = keyed and status == _CONFLICT
        if status != requests.codes.ok and not refused:
            raise ShopError(f"the shop's API answered with status {status}")
        answer = json.loads(content)
        if not isinstance(answer, dict):
            raise ShopError("the shop's API answered with no JSON object")
        if refused and "quote" in answer:
            quote = wire.read(Quote, answer["quote"], "quote")
            if not _sound(quote).allowed:
                raise NotAllowedError(quote)
        if refused or name not in answer:
            raise ShopError(f"the shop's API answered without {name!r}")
        return wire.read(kind, answer[name], name)
    except (ValueError, RecursionError) as error:
        raise ShopError(f"the shop's API answered nonsense: {type(error).__name__}") from error


def _checked(order: Order, number: str | None = None) -> Order:
    if order.status not in ORDER_STATUSES:
        raise ShopError("the shop's API told of an order in an unknown state")
    if number is not None:
        _same(order.number, number)
    return order


def _same(told: str, asked: str) -> None:
    if normal_order_number(told) != asked:
        raise ShopError("the shop's API told of another order than the one asked about")


def _sound(quote: Quote) -> Quote:
    if quote.allowed == (quote.reason is not None):
        raise ShopError("the shop's API gave a reason for what is allowed, or none for a refusal")
    return quote
