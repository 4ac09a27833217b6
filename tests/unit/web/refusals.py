"""What every refusal has in common: the error form, nothing written, and the site still serves."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tenin.web import SECURITY_HEADERS
from tests.unit.web.served import Site, plain_client

Send = Callable[..., httpx.Response]
BY_ITSELF = {
    "conversation": {"offered_to", "offered_until", "passed_over", "updated_at"},
    "agent": {"seen_at"},
    "desk_session": {"used_at"},
}


def assert_error(answer: httpx.Response, status: int, code: str) -> None:
    """The answer is a refusal that says what is wrong and what to do."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message", "remedy"}
    assert body["error"]["code"] == code
    assert all(isinstance(text, str) and text.strip() for text in body["error"].values())


@contextlib.contextmanager
def refused(site: Site, status: int, code: str, http: httpx.Client | None = None) -> Iterator[Send]:
    """Give a function that sends a request which must be refused so; nothing may be written."""
    before = asked_for(site)
    answers = []
    with contextlib.ExitStack() as stack:
        if http is None:
            http = stack.enter_context(plain_client(site.url))

        def send(method: str, path: str, **request: Any) -> httpx.Response:
            headers = request.pop("headers", {})
            if request.get("json") is None:
                request.pop("json", None)
            raw = {
                name: value if isinstance(value, bytes) else value.encode("utf-8")
                for name, value in headers.items()
            }
            with http.stream(method, path, headers=raw, **request) as answer:
                assert answer.status_code == status  # a stream, once open, would never end
                answer.read()
            answers.append(answer)
            assert_error(answer, status, code)
            return answer

        yield send
        assert answers
        assert http.get("/health").json() == {"status": "ok"}
    assert asked_for(site) == before
    logged, site.errors[:] = site.errors[:], []
    assert logged == []


def asked_for(site: Site) -> dict[str, list[dict[str, Any]]]:
    """All rows, without what the tier writes by itself meanwhile: offers, and who is there."""
    rows = site.rows()
    for table, columns in BY_ITSELF.items():
        rows[table] = [
            {name: value for name, value in row.items() if name not in columns}
            for row in rows[table]
        ]
    return rows
