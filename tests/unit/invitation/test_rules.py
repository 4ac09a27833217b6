"""invitations.yml: what it says is read, and what is wrong is named with line and remedy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tenin.invitation.rules import (
    FILE,
    SCHEMA,
    InvitationsError,
    check_invitations,
    load_invitations,
)
from tenin.language.languages import configured
from tenin.language.yamlfile import read_yaml
from tenin.shop.sample_data import CURRENCY, SAMPLE
from tests.system import PROJECT

SKUS = [
    product["sku"]
    for file in SAMPLE.glob("products-*.yml")
    for product in read_yaml(file)["products"]
]
GOOD = """\
budget: {per_page: 1, per_session: 3, per_week: 5}
rest: {after_showing_minutes: 2, after_dismissal_minutes: [10, 100]}
held_out_percent: 20
invitations:
  lingers:
    when: {page: [product], seconds: 30}
    opening: product
  cart:
    when: {cart_items: 1, order_value: {from: 100, below: 500, currency: CNY}}
    promises: person
    text: {en: "May we help?", ja: "お手伝いしましょうか。"}
"""


def saved(folder: Path, text: str) -> Path:
    path = folder / FILE
    path.write_text(text, encoding="utf-8")
    return path


def test_the_projects_own_are_complete() -> None:
    found = load_invitations(PROJECT / FILE)
    assert len(found.rules) >= 5
    assert any(rule.promises_person for rule in found.rules.values())
    assert any(rule.opens_with_product for rule in found.rules.values())
    assert check_invitations(found, configured().ready, SKUS, CURRENCY) == []


def test_what_is_said_is_read(tmp_path: Path) -> None:
    found = load_invitations(saved(tmp_path, GOOD))
    assert (found.per_page, found.per_session, found.per_week) == (1, 3, 5)
    assert (found.after_showing, found.after_dismissal) == (2, (10, 100))
    assert found.held_out_percent == 20
    assert list(found.rules) == ["lingers", "cart"]
    assert found.rules["cart"].promises_person
    assert not found.rules["lingers"].promises_person
    assert json.loads(json.dumps(found.for_page("ja"))) == {
        "per_page": 1,
        "rules": [
            {"name": "lingers", "when": {"page": ["product"], "seconds": 30}, "text": None},
            {
                "name": "cart",
                "when": {
                    "cart_items": 1,
                    "order_value": {"from": 100, "below": 500, "currency": "CNY"},
                },
                "text": "お手伝いしましょうか。",
            },
        ],
    }
    assert [rule["name"] for rule in found.for_page("zh-Hans")["rules"]] == ["lingers"]


def test_a_shop_without_the_file_invites_nobody(tmp_path: Path) -> None:
    assert load_invitations(tmp_path / FILE).rules == {}
    assert load_invitations(saved(tmp_path, "# nothing yet\n")).rules == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("invitations:\n  a:\n    when: {secnds: 3}\n    opening: product\n", r"line 3.*secnds"),
        ("invitations:\n  a:\n    when: {seconds: 3}\n", r"line 2.*either 'text' or 'opening'"),
        (
            "invitations:\n  a:\n    when: {seconds: 3}\n    opening: product\n    text: {en: x}\n",
            r"line 2.*either 'text' or 'opening'",
        ),
        ("invitations:\n  a:\n    when: {}\n    opening: product\n", r"line 3"),
        ("invitations:\n  A b:\n    when: {seconds: 3}\n    opening: product\n", r"A b"),
        ("held_out_percent: many\n", r"line 1.*many"),
        ("budget: {per_day: 1}\n", r"per_day"),
        ("rest: {after_dismissal_minutes: []}\n", r"after_dismissal_minutes"),
        ("invitations:\n\ta: 1\n", r"line 2"),
        ("- a\n", r"the file"),
        ("invitations:\n  a: 1\n  a: 2\n", r"line 3.*duplicate"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = saved(tmp_path, text)
    with pytest.raises(InvitationsError, match=named) as caught:
        load_invitations(path)
    assert str(path) in str(caught.value)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    text = (
        "held_out_percent: 99\ninvitations:\n  a:\n    when: {seconds: 0}\n    opening: product\n"
    )
    with pytest.raises(InvitationsError) as caught:
        load_invitations(saved(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("ja: ", "zh-Hans: "), "no text in 'ja'"),
        (("page: [product], ", ""), "where none is looked at"),
        (("cart_items: 1", "product: [NO-1]"), "'NO-1'"),
        (("currency: CNY", "currency: USD"), "USD"),
        (("below: 500", "below: 50"), "greater"),
    ],
)
def test_what_can_never_hold_is_named(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    good = check_invitations(load_invitations(saved(tmp_path, GOOD)), ["en", "ja"], SKUS, CURRENCY)
    assert good == []
    spoilt = load_invitations(saved(tmp_path, GOOD.replace(*change)))
    [fault] = check_invitations(spoilt, ["en", "ja"], SKUS, CURRENCY)
    assert named in fault


def test_the_head_of_the_file_explains_all_that_the_schema_allows() -> None:
    head = (PROJECT / FILE).read_text(encoding="utf-8").partition("\nbudget:")[0]
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for name in (*schema["properties"], *schema["$defs"]["when"]["properties"]):
        assert name in head, name
    for kind in schema["$defs"]["when"]["properties"]["page"]["items"]["enum"]:
        assert kind in head, kind
