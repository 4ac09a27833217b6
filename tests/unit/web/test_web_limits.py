"""Who sends too much is refused with a time, before the database is asked; nobody else is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tenin.channels import gate
from tenin.channels.limits import Limits
from tests.customer import Customer
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.refusals import assert_error
from tests.unit.web.served import Site

FEW = {"LIMITS_MESSAGES_BY_SESSION": 3, "WEB_TRUSTED_PROXIES": "127.0.0.1"}


def come_from(customer: Customer, address: str) -> Customer:
    customer.http.headers["x-forwarded-for"] = address
    return customer


def refused(answer: httpx.Response, kind: str, most: int) -> None:
    assert_error(answer, 429, f"too_many_{kind}")
    assert 1 <= int(answer.headers["retry-after"]) <= most


def test_a_session_has_its_limit_and_no_other_feels_it(make_site: SiteMaker) -> None:
    site = make_site(**FEW)
    flood, quiet = site.customer(), site.customer()
    answers = [flood.post({"text": f"{number}"}) for number in range(10)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429] * 7
    refused(answers[-1], "messages", 20)
    assert quiet.post({"text": "hello"}).status_code == 202
    texts = [row.text for row in site.inbox(site.conversation(flood).id)]
    assert texts == ["0", "1", "2"]


def test_what_was_refused_is_taken_after_the_time_told(make_site: SiteMaker) -> None:
    site = make_site(LIMITS_MESSAGES_BY_SESSION=20)
    customer = site.customer()
    for number in range(200):
        key = f"key-{number}"
        answer = customer.post({"text": "x"}, key=key)
        if answer.status_code == 429:
            break
    wait = int(answer.headers["retry-after"])
    assert wait <= 3
    time.sleep(wait)
    assert customer.post({"text": "x"}, key=key).status_code == 202


def test_a_form_for_a_message_counts_as_one(make_site: SiteMaker) -> None:
    site = make_site(LIMITS_MESSAGES_BY_SESSION=1)
    customer = site.customer()
    customer.send(text="hello")
    form = {"address": "mei@example.com", "text": "call me"}
    headers = {"idempotency-key": "form"}
    refused(customer.http.post("/chat/contact", json=form, headers=headers), "messages", 60)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
    ],
)
def test_an_address_has_its_limit(make_site: SiteMaker, one: str, other: str, same: bool) -> None:
    site = make_site(LIMITS_MESSAGES_BY_ADDRESS=2, WEB_TRUSTED_PROXIES="127.0.0.1")
    for _ in range(2):
        come_from(site.customer(), one).send(text="hello")
    answer = come_from(site.customer(), other).post({"text": "hello"})
    assert answer.status_code == (429 if same else 202)


def test_an_address_in_a_header_of_no_proxy_is_not_believed(make_site: SiteMaker) -> None:
    site = make_site(LIMITS_MESSAGES_BY_ADDRESS=2)
    statuses = [site.customer().post({"text": "hello"}).status_code for _ in range(3)]
    assert statuses == [202, 202, 429]


def test_a_shop_has_its_limit(make_site: SiteMaker) -> None:
    site = make_site(LIMITS_MESSAGES_BY_SHOP=3, WEB_TRUSTED_PROXIES="127.0.0.1")
    answers = [site.customer().post({"text": "hello"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429]


@pytest.mark.parametrize("limit", ["SESSIONS_BY_ADDRESS", "SESSIONS_BY_SHOP"])
def test_new_sessions_have_their_limits(make_site: SiteMaker, limit: str) -> None:
    site = make_site(**{f"LIMITS_{limit}": 2})
    http = site.http()
    answers = [http.post("/chat/session", json={}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 429, 429]
    refused(answers[-1], "sessions", 30)
    assert len(site.rows()["conversation"]) == 2


def test_the_database_is_not_asked_for_what_is_refused(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(**FEW, LIMITS_SESSIONS_BY_SHOP=1)
    customer = site.customer()
    for number in range(3):
        customer.send(text=f"{number}")
    asked = watch(site, monkeypatch)
    for _ in range(20):
        refused(customer.post({"text": "more"}), "messages", 20)
        refused(customer.http.post("/chat/session", content=b"not read"), "sessions", 60)
    assert asked == []
    customer.lines()
    assert asked != [], "the watch is awake"


def watch(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the routes ask of the database from now on; work beside them asks by other ways."""
    asked: list[str] = []
    for name in ("sessions.find_conversation", "web.new_conversation"):
        module, _, function = f"tenin.channels.{name}".rpartition(".")
        original = getattr(__import__(module, fromlist=[function]), function)

        def noted(*given: Any, _original: Any = original, _name: str = name, **named: Any) -> Any:
            asked.append(_name)
            return _original(*given, **named)

        monkeypatch.setattr(f"tenin.channels.{name}", noted)
    return asked


def test_a_flood_reaches_no_route_and_a_listed_site_may_read_the_time(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site(**FEW, WEB_SITES="https://shop.example")
    customer = site.customer()
    for number in range(3):
        customer.send(text=f"{number}")
    counted: list[str] = []
    original = Limits.ask

    def ask(self: Limits, kind: str, keys: Sequence[str]) -> float:
        counted.append(kind)
        return original(self, kind, keys)

    monkeypatch.setattr(Limits, "ask", ask)
    headers = {"origin": "https://shop.example", "idempotency-key": "key"}
    for _ in range(20):
        answer = customer.http.post("/chat/messages", content=b"not read", headers=headers)
        refused(answer, "messages", 20)
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-expose-headers"] == "Retry-After"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert counted == []
    site.customer().send(text="hello")
    assert "messages" in counted


def test_the_gate_counts_nothing(make_site: SiteMaker) -> None:
    site = make_site(**FEW, LIMITS_SESSIONS_BY_ADDRESS=4)
    customer = site.customer()
    for path in ("/chat/messages", "/chat/session", "/chat/visits", "/chat/contact"):
        for _ in range(9):
            assert customer.http.get(path).status_code in (404, 405)
    answers = [customer.post({"text": f"{number}"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [202] * 3 + [429]


def test_who_goes_on_and_on_is_refused_late_and_nobody_else_is(
    make_site: SiteMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MOST_LATE", 20)  # each of them takes a thread here
    site = make_site(**FEW)
    flood = come_from(site.customer(), "192.0.2.1")
    neighbour = come_from(site.customer(), "192.0.2.1")
    far = come_from(site.customer(), "192.0.2.2")
    for number in range(3):
        flood.send(text=f"{number}")
        far.send(text=f"{number}")
    for _ in range(gate.PROMPT):
        refused(flood.post({"text": "flood"}), "messages", 20)
    senders = gate.MOST_LATE + 5
    with ThreadPoolExecutor(senders) as pool:
        answers = list(pool.map(timed, [flood] * senders))
        for answer, _ in answers:
            refused(answer, "messages", 20)
        late = sum(seconds >= gate.LATE_SECONDS for _, seconds in answers)
        assert late >= gate.MOST_LATE  # how many of the others came meanwhile is not sure
        held = [pool.submit(timed, flood) for _ in range(3)]
        answer, seconds = timed(far)
        refused(answer, "messages", 20)
        neighbour.send(text="hello")
        assert not all(each.done() for each in held) or seconds < gate.LATE_SECONDS
        assert all(each.result()[0].status_code == 429 for each in held)


def timed(customer: Customer) -> tuple[httpx.Response, float]:
    began = time.monotonic()
    answer = customer.post({"text": "flood"})
    return answer, time.monotonic() - began


@pytest.mark.parametrize(
    ("path", "kind", "limit"),
    [
        ("/chat/contact", "messages", "MESSAGES_BY_ADDRESS"),
        ("/chat/visits", "visits", "VISITS_BY_ADDRESS"),
        ("/chat/visits/forget", "visits", "VISITS_BY_SHOP"),
        ("/chat/invitations", "visits", "VISITS_BY_ADDRESS"),
    ],
)
def test_each_limited_route_is_refused_and_only_for_whom_it_must(
    make_site: SiteMaker, path: str, kind: str, limit: str
) -> None:
    site = make_site(**{f"LIMITS_{limit}": 1, "WEB_TRUSTED_PROXIES": "127.0.0.1"})
    one = come_from(site.customer(), "192.0.2.1")
    other = come_from(site.customer(), "192.0.2.2")
    first, *later = [one.http.post(path, json={}) for _ in range(5)]
    assert first.status_code != 429
    for answer in later:
        refused(answer, kind, 60)
    shared = limit.endswith("SHOP")
    assert (other.http.post(path, json={}).status_code == 429) is shared


def test_out_of_the_box_there_are_limits(make_site: SiteMaker) -> None:
    limits = make_site().settings.limits
    assert set(limits.dict().values()) == {0}, "the tests have none unless they ask for some"
    defaults = type(limits)()
    assert all(value > 0 for value in defaults.dict().values())
    assert defaults.messages_by_session < defaults.messages_by_address < defaults.messages_by_shop
