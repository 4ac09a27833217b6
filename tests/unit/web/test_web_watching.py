"""Alive, ready, measured: what the web tier tells those who run it, and nobody else."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import Site

TOKEN = "what Prometheus shows"
SHOWN = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def watched(make_site: SiteMaker) -> Site:
    """A site with a token for Prometheus."""
    return make_site(METRICS_TOKEN=TOKEN)


def sampled(site: Site) -> dict[tuple[str, ...], float]:
    """What is measured, by name and the values of its labels."""
    answer = site.http().get("/metrics", headers=SHOWN)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": TOKEN}, {"authorization": f"Bearer {TOKEN}x"}, {"authorization": "é"}],
)
def test_a_stranger_finds_no_metrics(watched: Site, headers: dict[str, str]) -> None:
    raw = {name: value.encode() for name, value in headers.items()}
    answer = watched.http().get("/metrics", headers=raw)
    assert (answer.status_code, answer.content) == (404, b"")


def test_without_a_token_nobody_reads_them(open_site: Site) -> None:
    for shown in ({}, {"authorization": "Bearer x"}, {"authorization": "Bearer None"}):
        assert open_site.http().get("/metrics", headers=shown).status_code == 404


def test_what_waits_is_measured(watched: Site) -> None:
    before = sampled(watched)
    assert before["tenin_inbox_waiting",] == before["tenin_inbox_oldest_seconds",] == 0
    customer = watched.customer()
    for text in ("one", "two"):
        customer.send(text=text)
    after = sampled(watched)
    assert after["tenin_inbox_waiting",] == 2
    assert after["tenin_inbox_oldest_seconds",] > 0
    assert after["tenin_conversations_with_persons", "queue"] == 0


def test_requests_are_counted_by_their_route(watched: Site) -> None:
    words = "secret-of-a-visitor"
    counted = ("tenin_web_request_seconds_count", "GET")
    before = sampled(watched)
    http = watched.http()
    for path in (f"/{words}", f"/invoice/{words}", "/static/widget/widget.js"):
        http.get(path)
    http.request("PATCH", "/")
    after = sampled(watched)
    for labels in (
        (*counted, "other", "404"),
        (*counted, "/invoice/{token}", "404"),
        ("tenin_web_request_seconds_count", "other", "/", "405"),
    ):
        assert after[labels] == before.get(labels, 0) + 1, labels
    assert not any(words in "".join(labels) for labels in after)


def test_alive_and_ready_are_two_things(watched: Site) -> None:
    http = watched.http()
    assert [http.get(path).json() for path in ("/health", "/ready")] == [{"status": "ok"}] * 2
    file = watched.settings.path("var", "tenin.db")
    watched.engine.dispose()
    file.rename(file.with_suffix(".away"))
    file.mkdir()  # a database that can't be opened
    try:
        _forget_connections(watched)
        assert http.get("/health").status_code == 200, "alive: not to be started again for that"
        answer = http.get("/ready")
        assert (answer.status_code, answer.json()) == (503, {"status": "down"})
    finally:
        file.rmdir()
        file.with_suffix(".away").rename(file)
        watched.errors.clear()
    assert http.get("/ready").status_code == 200


def _forget_connections(site: Site) -> None:
    site.app.state.services.engine.dispose()


def test_strict_transport_is_said_behind_tls_alone(make_site: SiteMaker) -> None:
    site = make_site(WEB_TRUSTED_PROXIES="127.0.0.1")

    def said(path: str, **headers: str) -> str | None:
        answer: httpx.Response = site.http().get(path, headers=headers)
        return answer.headers.get("strict-transport-security")

    for path in ("/", "/health", "/nothing", "/static/widget/widget.js"):
        assert said(path) is None
        assert said(path, **{"x-forwarded-proto": "http"}) is None
        assert said(path, **{"x-forwarded-proto": "https"}) == "max-age=31536000"


def test_a_stranger_s_word_for_tls_is_not_taken(open_site: Site) -> None:
    answer = open_site.http().get("/", headers={"x-forwarded-proto": "https"})
    assert "strict-transport-security" not in answer.headers
