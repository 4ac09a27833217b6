"""The page of what was missed and its calls: who may, what is shown, what a decision does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tenin.database import read_transaction
from tenin.desk.models import AuditEntry
from tenin.pages.rendering import strings, wordings
from tenin.training.missed.pages import API, PAGE
from tests.agent import DeskAgent
from tests.unit.web.missed_messages import DUTY, add_missed, kept
from tests.unit.web.refusals import assert_error
from tests.unit.web.served import Site

CALLS = [("GET", API), ("POST", f"{API}/abcd1234/accept"), ("POST", f"{API}/abcd1234/dismiss")]


@pytest.fixture
def trainer(site: Site) -> DeskAgent:
    """A trainer."""
    return site.agent("Tao", "trainer")


def groups(who: DeskAgent, query: str = "") -> list[dict[str, Any]]:
    answer = who.http.get(f"{API}{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["groups"]
    return found


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_whoever_is_no_trainer_gets_to_nothing(site: Site, role: str) -> None:
    add_missed(site, *DUTY)
    other = site.agent("Mei", role)
    for method, path in CALLS:
        assert_error(other.http.request(method, path, json={}), 403, "not_allowed")
    answer = other.http.get(PAGE)
    assert answer.status_code == 403
    assert DUTY[0] not in answer.text
    assert {row.decision for row in kept(site)} == {"open"}


def test_strangers_are_sent_to_sign_in(open_site: Site) -> None:
    http = open_site.http({"x-tenin-desk": "1"})
    for method, path in CALLS:
        assert_error(http.request(method, path, json={}), 401, "not_signed_in")
    assert http.get(PAGE, follow_redirects=False).status_code == 303


def test_a_decision_comes_from_the_desks_own_page(site: Site, trainer: DeskAgent) -> None:
    del trainer.http.headers["x-tenin-desk"]
    for method, path in CALLS[1:]:
        assert_error(trainer.http.request(method, path, json={}), 403, "not_from_the_desk")


@pytest.mark.parametrize("language", wordings())
def test_the_page_shows_the_groups_in_the_readers_language(
    site: Site, trainer: DeskAgent, language: str
) -> None:
    add_missed(site, *DUTY, answer="The shop pays it.")
    add_missed(site, "関税は誰が払いますか", group="bcde2345", language="ja", reasons=["person"])
    html = trainer.http.get(PAGE, headers={"accept-language": language}).text
    words = strings(language)["missed"]
    assert f'<html lang="{language}">' in html
    for expected in (words["title"], DUTY[0], "関税は誰が払いますか", "The shop pays it."):
        assert expected in html
    assert words["reasons"]["person"] in html
    assert "parcel 202611050042 has duty" in html  # as it may stand in the files
    only = trainer.http.get(f"{PAGE}?language=ja").text
    assert DUTY[0] not in only
    assert "関税は誰が払いますか" in only
    assert DUTY[0] in trainer.http.get(f"{PAGE}?language=nothing").text


def test_nothing_of_a_message_is_markup(site: Site, trainer: DeskAgent) -> None:
    add_missed(site, '<script>alert("x")</script>', answer="<b>no</b>")
    html = trainer.http.get(PAGE).text
    assert "<script>alert" not in html
    assert "<b>no</b>" not in html


def test_accepted_with_an_entry_in_the_log(site: Site, trainer: DeskAgent) -> None:
    first, second, _ = add_missed(site, *DUTY)
    [group] = groups(trainer)
    assert (group["name"], group["needs"]) == (DUTY[0], ["faq/shipping_cost", "track_order"])
    body = {
        "version": group["version"],
        "need": "faq/customs_duty",
        "sentences": {str(first): "who pays the duty", str(second): DUTY[1]},
    }
    answer = trainer.http.post(f"{API}/{group['id']}/accept", json=body)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 2})
    assert [(row.decision, row.wording, row.decided_by) for row in kept(site)] == [
        ("accepted", "who pays the duty", "Tao"),
        ("accepted", DUTY[1], "Tao"),
        ("dropped", None, "Tao"),
    ]
    assert groups(trainer) == []
    with read_transaction(site.engine) as session:
        entry = session.execute(
            select(AuditEntry).where(AuditEntry.action == "missed_accepted")
        ).scalar_one()
    assert (entry.agent_name, entry.subject) == ("Tao", "abcd1234")
    assert entry.detail == {"need": "faq/customs_duty", "accepted": 2, "dropped": 1}
    assert_error(trainer.http.post(f"{API}/{group['id']}/accept", json=body), 404, "no_such_group")


def test_dismissed(site: Site, trainer: DeskAgent) -> None:
    add_missed(site, *DUTY)
    [group] = groups(trainer)
    path = f"{API}/{group['id']}/dismiss"
    assert_error(trainer.http.post(path, json={"version": "0" * 16}), 409, "changed_meanwhile")
    answer = trainer.http.post(path, json={"version": group["version"]})
    assert answer.json() == {"dismissed": 3}
    assert {row.decision for row in kept(site)} == {"dismissed"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"version": 3}, "no_text"),
        ({"need": None}, "no_text"),
        ({"sentences": None}, "no_sentences"),
        ({"sentences": {"x": "y"}}, "no_sentences"),
        ({"sentences": {"1": 2}}, "no_sentences"),
        ({"sentences": {}}, "nothing_chosen"),
        ({"sentences": {"999999": "y"}}, "nothing_chosen"),
        ({"need": "../../etc"}, "no_such_need"),
    ],
    ids=str,
)
def test_what_is_sent_wrongly_is_refused_and_decides_nothing(
    site: Site, trainer: DeskAgent, change: dict[str, Any], code: str
) -> None:
    [number] = add_missed(site, DUTY[0])
    [group] = groups(trainer)
    body = {"version": group["version"], "need": "track_order", "sentences": {str(number): "a b"}}
    answer = trainer.http.post(f"{API}/{group['id']}/accept", json={**body, **change})
    assert_error(answer, 422, code)
    assert [row.decision for row in kept(site)] == ["open"]
