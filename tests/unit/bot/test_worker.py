"""The worker: in order, a few conversations at once, again after a failure, never twice."""

from __future__ import annotations

import asyncio
import itertools
import time
from pathlib import Path
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from sqlalchemy import event

from tenin.bot.runtime import Runtime, running, runtime
from tenin.conversation.wake import listen
from tenin.database import write_transaction
from tests.unit.bot.scripted import echo, until, working


@pytest.fixture
def patient(root: Path, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A runtime whose web tier is nobody, and whose leases are as short as may be."""
    monkeypatch.setenv("TENIN_WEB_PORT", "9")
    monkeypatch.setenv("TENIN_TURN_LEASE_SECONDS", "1")
    return runtime()


async def test_a_message_is_answered(patient: Runtime) -> None:
    async with working(patient) as floor:
        conversation = floor.inbox.conversation_in("zh-Hans")
        floor.receive(conversation, "  你好 ", language="zh-Hans")
        await until(lambda: floor.inbox.statuses(conversation) == ["done"])
    [message] = floor.agent.messages
    assert (message.text, message.sender_id) == ("你好", conversation)
    assert (message.input_channel, message.output_channel.name()) == ("web", "web")
    assert message.message_id == f"inbox-{floor.inbox.rows(conversation)[0].id}"
    assert message.parse_data is None
    assert floor.inbox.said(conversation, "bot") == ["you said: 你好"]
    assert floor.inbox.load(conversation)[2]["value"] == "zh-Hans"


async def test_messages_of_a_conversation_are_answered_one_at_a_time_in_order(
    patient: Runtime,
) -> None:
    async def slowly(message: UserMessage) -> str:
        await asyncio.sleep(0.05)
        return await echo(message)

    texts = [f"message {number}" for number in range(8)]
    async with working(patient, slowly) as floor:
        conversation = floor.inbox.conversation_in()
        for text in texts:
            floor.receive(conversation, text)
            await asyncio.sleep(0.02)
        await until(lambda: floor.inbox.statuses(conversation) == ["done"] * 8)
    assert floor.agent.texts == texts
    assert not floor.agent.overlapped
    assert floor.inbox.said(conversation, "bot") == [f"you said: {text}" for text in texts]


async def test_what_waited_before_the_start_is_answered_in_order(patient: Runtime) -> None:
    async with working(patient) as before:
        conversations = [before.inbox.conversation_in() for _ in range(3)]
    for number in range(3):
        for conversation in conversations:
            before.inbox.receive(conversation, f"message {number}")
    async with working(patient) as floor:
        for conversation in conversations:
            await until(lambda: before.inbox.statuses(conversation) == ["done"] * 3)  # noqa: B023
    for conversation in conversations:
        said = floor.inbox.said(conversation, "bot")
        assert said == [f"you said: message {number}" for number in range(3)]


async def test_conversations_are_answered_at_the_same_time(patient: Runtime) -> None:
    """Each waits for all the others: one after the other they would wait for ever."""
    count = patient.settings.bot.workers_at_once
    everybody = asyncio.Event()

    async def together(message: UserMessage) -> str:
        if len(floor.agent.busy) == count:
            everybody.set()
        await everybody.wait()
        return await echo(message)

    async with working(patient, together) as floor:
        conversations = [floor.inbox.conversation_in() for _ in range(count)]
        for conversation in conversations:
            floor.receive(conversation, f"I am {conversation}")
        await until(everybody.is_set)
        for conversation in conversations:
            await until(lambda: floor.inbox.statuses(conversation) == ["done"])  # noqa: B023
    for conversation in conversations:
        assert floor.inbox.said(conversation, "bot") == [f"you said: I am {conversation}"]


async def test_no_more_at_once_than_set(patient: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENIN_BOT_WORKERS_AT_ONCE", "2")
    runtime.cache_clear()
    patient.engine.dispose()

    async def slowly(message: UserMessage) -> str:
        await asyncio.sleep(0.05)
        return await echo(message)

    async with working(runtime(), slowly) as floor:
        conversations = [floor.inbox.conversation_in() for _ in range(7)]
        for conversation in conversations:
            floor.receive(conversation)
        for conversation in conversations:
            await until(lambda: floor.inbox.statuses(conversation) == ["done"])  # noqa: B023
    assert floor.agent.most_busy == 2


async def test_a_turn_that_fails_is_run_again_after_a_pause(patient: Runtime) -> None:
    async def third_time_lucky(message: UserMessage) -> str:
        if len(floor.agent.messages) < 3:
            raise OSError(f"failure {len(floor.agent.messages)}")
        return await echo(message)

    errors = []
    async with working(patient, third_time_lucky) as floor:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation, "one")
        floor.receive(conversation, "two")
        await until(lambda: floor.inbox.rows(conversation)[0].error)
        errors.append(floor.inbox.rows(conversation)[0].error)
        await until(lambda: floor.inbox.statuses(conversation) == ["done"] * 2)
    assert errors == ["OSError: failure 1"]
    first, second = floor.inbox.rows(conversation)
    assert (first.attempts, first.error, second.attempts) == (3, None, 1)
    # Nobody overtakes, each attempt carries the same key, and each pause is longer.
    assert floor.agent.texts == ["one", "one", "one", "two"]
    assert len({message.message_id for message in floor.agent.messages[:3]}) == 1
    pauses = [later - earlier for earlier, later in itertools.pairwise(floor.agent.began)]
    assert 0.5 <= pauses[0] < 5
    assert 1.0 <= pauses[1] < 5
    assert floor.inbox.said(conversation, "bot") == ["you said: one", "you said: two"]


async def test_another_conversation_does_not_wait_for_one_that_fails(patient: Runtime) -> None:
    async def fails_for_one(message: UserMessage) -> str:
        if message.text == "trouble":
            raise OSError("no")
        return await echo(message)

    async with working(patient, fails_for_one) as floor:
        unlucky, lucky = floor.inbox.conversation_in(), floor.inbox.conversation_in()
        floor.receive(unlucky, "trouble")
        floor.receive(lucky, "hello")
        await until(lambda: floor.inbox.statuses(lucky) == ["done"])
    assert floor.inbox.statuses(unlucky) == ["waiting"]


async def test_after_the_last_attempt_a_person_has_it(
    patient: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENIN_TURN_ATTEMPTS", "2")
    runtime.cache_clear()
    patient.engine.dispose()

    async def always_fails(_message: UserMessage) -> str:
        raise OSError("no")

    async with working(runtime(), always_fails) as floor:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation)
        await until(lambda: floor.inbox.conversation(conversation).owner == "queue")
    assert len(floor.agent.messages) == 2
    assert floor.inbox.statuses(conversation) == ["failed"]
    assert floor.inbox.conversation(conversation).reason == "turn_failed"
    assert floor.inbox.said(conversation, "bot") == []
    assert len(floor.inbox.said(conversation, "system")) == 2  # sorry, and what is promised


async def test_a_turn_that_rasa_does_not_save_is_run_again(patient: Runtime) -> None:
    async with working(patient) as floor:
        floor.agent.saves = False
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation)
        await until(lambda: floor.inbox.rows(conversation)[0].error)
        assert "without saving" in str(floor.inbox.rows(conversation)[0].error)
        floor.agent.saves = True
        await until(lambda: floor.inbox.statuses(conversation) == ["done"])
    assert len(floor.inbox.said(conversation, "bot")) == 1


async def test_a_long_turn_keeps_its_lease(patient: Runtime) -> None:
    """Longer than two leases, with a second worker waiting for the conversation."""
    leases = []

    async def long(message: UserMessage) -> str:
        for _ in range(11):
            leases.append(floor.inbox.conversation(message.sender_id).lease_token)
            await asyncio.sleep(0.2)
        return await echo(message)

    async with working(patient, long) as floor, working(patient, long) as second:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation)
        await until(lambda: floor.inbox.statuses(conversation) == ["done"])
    assert len(floor.agent.messages) + len(second.agent.messages) == 1
    assert len(set(leases)) == 1
    assert leases[0] is not None
    assert floor.inbox.rows(conversation)[0].attempts == 1
    assert len(floor.inbox.said(conversation, "bot")) == 1


async def test_a_lost_lease_ends_the_turn_and_nothing_is_written(patient: Runtime) -> None:
    cancelled = asyncio.Event()
    turn = asyncio.Event()

    async def overtaken(message: UserMessage) -> str:
        state = running.get()
        assert state is not None
        floor.inbox.steal_lease(state.turn)
        turn.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise
        return await echo(message)

    async with working(patient, overtaken) as floor:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation)
        await until(turn.is_set)
        before = floor.inbox.dump()
        await until(cancelled.is_set, 5)
        await until(lambda: not floor.agent.busy)
        await asyncio.sleep(0.2)
        assert floor.inbox.dump() == before
    assert floor.inbox.conversation(conversation).lease_token == "another worker"
    assert floor.inbox.said(conversation, "bot") == []


async def test_a_lease_lost_at_the_end_writes_nothing_either(
    patient: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    async def overtaken(message: UserMessage) -> str:
        state = running.get()
        assert state is not None
        floor.inbox.steal_lease(state.turn)
        return await echo(message)

    async with working(patient, overtaken) as floor:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation)
        await until(lambda: "the lease was lost" in caplog.text)
    assert floor.inbox.statuses(conversation) == ["waiting"]
    assert floor.inbox.conversation(conversation).lease_token == "another worker"
    assert floor.inbox.said(conversation, "bot") == []


async def test_stop_lets_a_running_turn_end(patient: Runtime) -> None:
    began = asyncio.Event()

    async def slowly(message: UserMessage) -> str:
        began.set()
        await asyncio.sleep(0.5)
        return await echo(message)

    async with working(patient, slowly) as floor:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation, "one")
        floor.receive(conversation, "two")
        await until(began.is_set)
        await floor.worker.stop()
        assert floor.inbox.said(conversation, "bot") == ["you said: one"]
        floor.worker.wake(conversation)
        await asyncio.sleep(0.2)
    assert floor.agent.texts == ["one"]
    assert floor.inbox.statuses(conversation) == ["done", "waiting"]
    assert floor.inbox.conversation(conversation).lease_token is None


async def test_stop_also_waits_for_a_turn_that_was_just_being_taken(patient: Runtime) -> None:
    """Another process writes while the worker takes a message: the stop comes in between."""
    async with working(patient) as floor:
        conversation = floor.inbox.conversation_in()
        floor.inbox.receive(conversation)
        with write_transaction(patient.engine):
            floor.worker.wake(conversation)
            await asyncio.sleep(0.2)  # the worker waits for the database
            stopped = asyncio.create_task(floor.worker.stop())
            await asyncio.sleep(0.1)
        await stopped
        done = len(floor.agent.messages)
        await asyncio.sleep(0.5)
        assert len(floor.agent.messages) == done, "a turn began after the stop"
        found = floor.inbox.conversation(conversation)
        assert found.lease_token is None, "the message waits for its lease to run out"
        assert floor.inbox.statuses(conversation) == (["done"] if done else ["waiting"])


async def test_a_database_that_fails_for_a_while_is_tried_again(
    patient: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    failing = True

    def fail(*_: Any) -> None:
        if failing:
            raise OSError("the disk is away")

    event.listen(patient.engine, "before_cursor_execute", fail)
    async with working(patient) as floor:
        await until(lambda: "the inbox can't be read" in caplog.text)
        failing = False
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation)
        await until(lambda: floor.inbox.statuses(conversation) == ["done"])
    event.remove(patient.engine, "before_cursor_execute", fail)
    assert floor.task.cancelled() or floor.task.exception() is None


async def test_a_wake_up_is_faster_than_the_poll(patient: Runtime) -> None:
    async with working(patient) as floor:
        conversation = floor.inbox.conversation_in()
        waits = []
        for _ in range(4):
            await asyncio.sleep(0.1)
            began = time.monotonic()
            floor.receive(conversation)
            answered = len(floor.agent.messages) + 1
            await until(lambda: len(floor.agent.messages) >= answered)  # noqa: B023
            waits.append(time.monotonic() - began)
            await until(lambda: "waiting" not in floor.inbox.statuses(conversation))
        assert sorted(waits)[1] < 0.7  # a poll alone comes once a second

        floor.inbox.receive(conversation, "without a wake-up")
        await until(lambda: "waiting" not in floor.inbox.statuses(conversation), 5)


async def test_the_web_tier_is_woken_after_each_turn(
    patient: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    ear = await listen(0, woken.append)
    assert ear is not None
    monkeypatch.setenv("TENIN_WEB_PORT", str(ear.get_extra_info("sockname")[1]))
    runtime.cache_clear()
    patient.engine.dispose()

    async def once_unlucky(message: UserMessage) -> str:
        if len(floor.agent.messages) == 1:
            raise OSError("no")
        return await echo(message)

    try:
        async with working(runtime(), once_unlucky) as floor:
            conversation = floor.inbox.conversation_in()
            floor.receive(conversation)
            await until(lambda: woken == [conversation] * 2)
    finally:
        ear.close()
    assert floor.inbox.statuses(conversation) == ["done"]


async def test_typed_commands_are_text_and_buttons_are_what_they_stand_for(
    patient: Runtime,
) -> None:
    async with working(patient) as floor:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation, " /restart")
        floor.receive(conversation, "/greet", kind="button", payload="/faq/returns_policy")
        floor.receive(conversation, "Menu", kind="button", payload='/show_menu{"menu": "orders"}')
        floor.receive(conversation, "", kind="event", payload="/page_opened")
        await until(lambda: floor.inbox.statuses(conversation) == ["done"] * 4)
    typed, button, menu, opened = floor.agent.messages
    assert (typed.text, typed.parse_data) == ("／restart", None)
    assert button.text == "/greet"  # a title, not looked at for its meaning
    assert button.parse_data["intent"]["name"] == "faq"
    assert menu.parse_data["entities"][0]["value"] == "orders"
    assert (opened.text, opened.parse_data["intent"]["name"]) == ("", "page_opened")


async def test_a_person_s_conversation_is_never_taken(patient: Runtime) -> None:
    async with working(patient) as floor:
        conversation = floor.inbox.conversation_in()
        floor.inbox.request_person(conversation)
        floor.receive(conversation, "are you there?")
        await asyncio.sleep(1.3)
    assert floor.agent.messages == []
    assert floor.inbox.statuses(conversation) == ["person"]


async def test_replies_of_a_turn_that_a_person_overtook_are_not_sent(patient: Runtime) -> None:
    async def overtaken(message: UserMessage) -> str:
        floor.inbox.take(message.sender_id, 0)
        return "too late"

    async with working(patient, overtaken) as floor:
        conversation = floor.inbox.conversation_in()
        floor.receive(conversation)
        await until(lambda: "too late" in floor.inbox.said(conversation, "bot"))
    [late] = [line for line in floor.inbox.lines(conversation) if line.author == "bot"]
    assert late.visibility == "desk"
    assert floor.inbox.conversation(conversation).owner == "agent"
