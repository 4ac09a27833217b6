"""A message that no worker takes: the customer hears so soon, once, with a person on offer."""

from __future__ import annotations

import time

import pytest

from tenin.conversation.transcript import Reply
from tests.answers import is_wording_of
from tests.unit.web.conftest import SiteMaker

NOTICE_SECONDS = 1


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_the_customer_is_told_and_can_get_a_person(make_site: SiteMaker, language: str) -> None:
    site = make_site(TURN_SLOW_NOTICE_SECONDS=NOTICE_SECONDS)
    text = {"en": "Where is my order?", "zh-Hans": "我的订单到哪里了？"}[language]
    forgotten, served = site.customer(language), site.customer(language)
    served.send(text=text)
    turn = site.claim(text)  # the lease stands: someone has it in hand
    began = time.monotonic()
    forgotten.send(text=text)
    stream, other = site.stream(forgotten), site.stream(served)

    stream.wait(lambda stream: len(stream.lines()) == 2)
    waited = stream.events[-1].at - began
    assert NOTICE_SECONDS <= waited < NOTICE_SECONDS + 2
    said = stream.lines()[1]
    assert said["author"] == "system"
    assert is_wording_of("utter_bot_slow", language, said["text"])
    [button] = said["buttons"]
    assert button["title"] == {"en": "Talk to a person", "zh-Hans": "转人工"}[language]
    assert stream.states()[-1] == {"owner": "bot", "agent": None, "working": True}

    # Once for this wait. A later one is told too, in other words.
    time.sleep(NOTICE_SECONDS + 1)
    assert len(stream.lines()) == 2
    site.answer("Here at last")
    stream.wait_for_text("Here at last")
    forgotten.send(text=text)
    stream.wait(lambda stream: len(stream.lines()) == 5)
    again = stream.lines()[4]
    assert is_wording_of("utter_bot_slow", language, again["text"])
    assert again["text"] != said["text"]

    # The button needs no bot.
    forgotten.send(button=again["buttons"][0]["id"])
    stream.wait_for_state(owner="queue", working=False)
    assert is_wording_of("utter_handoff_queued", language, stream.lines()[-1]["text"])
    time.sleep(NOTICE_SECONDS + 1)
    assert len(stream.lines()) == 7

    # The one whose message was in hand all the time heard nothing.
    assert other.texts() == [text]
    site.commit(turn, Reply("An answer in time"))
    other.wait_for_state(working=False)
    assert other.texts() == [text, "An answer in time"]


def test_a_worker_that_died_counts_as_none(make_site: SiteMaker) -> None:
    site = make_site(TURN_SLOW_NOTICE_SECONDS=NOTICE_SECONDS)
    customer = site.customer()
    customer.send(text="hello")
    turn = site.claim("hello")
    stream = site.stream(customer)
    time.sleep(NOTICE_SECONDS + 1)
    assert stream.texts() == ["hello"]
    with site.engine.begin() as connection:  # as when the lease has run out
        connection.exec_driver_sql(
            "UPDATE conversation SET lease_until = '2020-01-01 00:00:00.000000'"
        )
    stream.wait(lambda stream: len(stream.lines()) == 2, 3)
    assert is_wording_of("utter_bot_slow", "en", stream.texts()[1])
    # The worker was only slow, after all: its answer still counts.
    assert site.commit(turn, Reply("Hello to you"))
    stream.wait_for_text("Hello to you")


def test_the_pages_event_that_waits_is_told_too(make_site: SiteMaker) -> None:
    site = make_site(TURN_SLOW_NOTICE_SECONDS=NOTICE_SECONDS)
    customer = site.customer()
    customer.send(event="opened")
    stream = site.stream(customer)
    stream.wait(lambda stream: len(stream.lines()) == 1, NOTICE_SECONDS + 3)
    assert is_wording_of("utter_bot_slow", "en", stream.texts()[0])
