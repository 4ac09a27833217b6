"""What a trainer decides: sentences accepted as they are or in other words, dropped, dismissed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tenin.database import read_transaction, write_transaction
from tenin.desk.models import AuditEntry
from tenin.training.missed import decisions
from tenin.training.missed.decisions import DecisionError, Group, proposed_wording
from tests.unit.conversation.room import PROJECT
from tests.unit.missed.served import Shop

DUTY = ["who pays customs duty", "do i have to pay customs duty", "is customs duty included"]
NEEDS = ["faq/shipping_cost", "track_order"]


@pytest.fixture
def group(shop: Shop) -> Group:
    """Three messages that are alike."""
    for text in DUTY:
        shop.say(shop.room.begin(), text, others={"faq/shipping_cost": 0.3, "inform": 0.4})
    shop.look()
    with read_transaction(shop.engine) as session:
        [found] = decisions.groups(session)
    return found


def decided(shop: Shop) -> dict[str, tuple[str, str | None, str | None]]:
    return {row.text: (row.decision, row.given_need, row.wording) for row in shop.missed()}


def audited(shop: Shop) -> list[tuple[str, str, object]]:
    with read_transaction(shop.engine) as session:
        rows = session.execute(select(AuditEntry).order_by(AuditEntry.id)).scalars()
        return [(row.action, row.subject, row.detail) for row in rows]


def test_all_are_taken_as_proposed(shop: Shop, group: Group) -> None:
    assert group.needs == ("faq/shipping_cost",)
    with write_transaction(shop.engine) as session:
        assert decisions.accept(session, group.id, group.needs[0], NEEDS) == 3
    assert decided(shop) == {text: ("accepted", "faq/shipping_cost", text) for text in DUTY}
    detail = {"need": "faq/shipping_cost", "accepted": 3, "dropped": 0}
    assert audited(shop) == [("missed_accepted", group.id, detail)]


def test_some_are_taken_in_other_words_and_the_rest_is_dropped(shop: Shop, group: Group) -> None:
    first, second, _ = group.messages
    chosen = {first.id: "  who pays  the duty ", second.id: second.wording}
    with write_transaction(shop.engine) as session:
        decisions.accept(session, group.id, "faq/duty", NEEDS, chosen, version=group.version)
    found = decided(shop)
    assert found[first.text] == ("accepted", "faq/duty", "who pays the duty")
    assert sorted(each[0] for each in found.values()) == ["accepted", "accepted", "dropped"]
    assert DUTY[0] not in str(audited(shop))


@pytest.mark.parametrize(
    ("need", "wording", "code"),
    [
        ("no_such", "x y", "no_such_need"),
        ("faq/Not A Name", "x y", "no_such_need"),
        ("track_order", "  ", "wording_empty"),
        ("track_order", "long " * 70, "wording_too_long"),
        ("track_order", "where is [order_number]", "wording_masked"),
        ("track_order", "where is [it](order)", "wording_masked"),
        ("track_order", "where {is} it", "wording_signs"),
        ("track_order", None, "nothing_chosen"),
    ],
    ids=str,
)
def test_what_cannot_be_taken_is_refused_and_changes_nothing(
    shop: Shop, group: Group, need: str, wording: str | None, code: str
) -> None:
    before = shop.room.dump()
    chosen = {group.messages[0].id: wording} if wording is not None else {}
    with pytest.raises(DecisionError) as refused, write_transaction(shop.engine) as session:
        decisions.accept(session, group.id, need, NEEDS, chosen)
    assert refused.value.code == code
    assert refused.value.remedy
    assert shop.room.dump() == before


def test_what_another_has_decided_meanwhile_is_told(shop: Shop, group: Group) -> None:
    with pytest.raises(DecisionError, match="changed"), write_transaction(shop.engine) as session:
        decisions.dismiss(session, group.id, version="0" * 16)
    with write_transaction(shop.engine) as session:
        decisions.dismiss(session, group.id, version=group.version)
    with pytest.raises(DecisionError, match="wait"), write_transaction(shop.engine) as session:
        decisions.accept(session, group.id, "track_order", NEEDS)
    assert {each[0] for each in decided(shop).values()} == {"dismissed"}
    assert audited(shop) == [("missed_dismissed", group.id, {"dismissed": 3})]


def test_a_decision_can_be_taken_back(shop: Shop, group: Group) -> None:
    with write_transaction(shop.engine) as session:
        decisions.accept(session, group.id, "track_order", NEEDS)
    with write_transaction(shop.engine) as session:
        assert decisions.reopen(session, group.id) == 3
    assert decided(shop) == dict.fromkeys(DUTY, ("open", None, None))
    with pytest.raises(DecisionError), write_transaction(shop.engine) as session:
        decisions.reopen(session, group.id)


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant", "ja", "tlh"])
def test_what_was_masked_is_made_up(language: str) -> None:
    masked = "[name] [order_number] [email] [phone] [address] [number] [tracking_number]"
    wording = proposed_wording(masked, language)
    assert "[" not in wording
    assert "202611050042" in wording


def test_the_needs_are_those_of_the_files() -> None:
    needs = decisions.needs_of(PROJECT)
    assert {"track_order", "faq/delivery_area", "greet"} <= set(needs)
    assert needs == sorted(set(needs))
