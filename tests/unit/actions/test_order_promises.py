"""Until when an order can be cancelled or changed: the answers say what the actions do."""

from __future__ import annotations

import re

import pytest

from actions.errands import WAITING
from tenin.language.languages import configured
from tests.unit.actions.counter import VOICE

READY = configured().ready


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize(
    "response",
    [
        "utter_cancel_order",
        "utter_change_address",
        "utter_change_order",
        "utter_faq/cancellation_fee",
    ],
)
def test_the_answers_promise_what_is_done(response: str, language: str) -> None:
    """What is packed can be changed until it leaves, and no answer says less."""
    text = VOICE.reply(response, language, "web", ()).text
    assert "packed" in WAITING
    assert "shipped" not in WAITING
    assert not re.search("pack|打包|装箱|裝箱|梱包", text), text
    assert re.search("leaves|出库|出貨|倉庫を出る", text), text
