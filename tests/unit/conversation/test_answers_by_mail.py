"""A person's answer to who left an address: one mail of all that is unseen, for a limited time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tenin.conversation import consent, delivery, ownership
from tenin.conversation.answers_by_mail import mail_answer
from tenin.conversation.delivery import MailToSend, claim_mail, mail_failed, mark_received
from tenin.conversation.models import Author, MailContent, OutboxRow
from tenin.conversation.transcript import Reply, add_line
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import Room, after

ADDRESS = "lin@shop.example"
DELAY = timedelta(seconds=120)
DAY = 86_400.0


def asked(room: Room, address: str | None = ADDRESS, seconds: float = 0) -> str:
    """A conversation that an agent has taken, whose customer left an address."""
    conversation = room.begin()
    with room.locked(conversation) as (session, locked):
        ownership.await_answer(session, locked, room.voice, after(seconds))
        if address is not None:
            consent.give_consent(session, conversation, address, after(seconds), answers=True)
    take(room, conversation, seconds)
    return conversation


def take(room: Room, conversation: str, seconds: float) -> None:
    epoch = room.conversation(conversation).epoch
    room.take(conversation, epoch, now=after(seconds))


def write(room: Room, conversation: str, text: str, seconds: float) -> tuple[int, bool]:
    """Let the agent write; the line's number, and whether a mail waits."""
    with room.locked(conversation) as (session, locked):
        line = add_line(session, locked, Author.AGENT, Reply(text), name="Mei", now=after(seconds))
        return line.number, mail_answer(session, locked, line, room.voice, after(seconds))


def claim(room: Room, seconds: float) -> MailToSend | None:
    return claim_mail(room.engine, attempts=3, answers_after=DELAY, now=after(seconds))


def see(room: Room, conversation: str, line: int) -> None:
    with write_transaction(room.engine) as session:
        mark_received(session, conversation, line)


def ends(room: Room, conversation: str) -> dict[str, tuple[str, str | None]]:
    """What became of each mail, by the agent's words."""
    wanted = (
        select(OutboxRow)
        .join(MailContent, MailContent.outbox_id == OutboxRow.id)
        .where(OutboxRow.conversation_id == conversation)
        .order_by(OutboxRow.line_number)
    )
    said = {line.number: line.text for line in room.lines(conversation)}
    with read_transaction(room.engine) as session:
        rows = session.execute(wanted).scalars()
        return {said[row.line_number]: (row.status, row.error) for row in rows}


def address_now(room: Room, conversation: str, seconds: float) -> str | None:
    with read_transaction(room.engine) as session:
        return consent.answer_address(session, conversation, after(seconds))


def test_it_waits_and_all_that_is_unseen_goes_as_one(room: Room) -> None:
    conversation = asked(room)
    for seconds, text in ((10, "One {brace}"), (20, "Two\nlines"), (125, "Three")):
        assert write(room, conversation, text, seconds)[1]
    assert claim(room, 129.9) is None
    mail = claim(room, 130)
    assert mail is not None
    assert (mail.text, mail.is_answer) == ("One {brace}\n\nTwo\nlines\n\nThree", True)
    assert (mail.address, mail.language, mail.attempt) == (ADDRESS, "en", 1)
    assert "Mei" in mail.subject
    delivery.mail_delivered(room.engine, mail, after(131))
    assert claim(room, 1000) is None
    assert ends(room, conversation) == {
        "One {brace}": ("suppressed", "in another mail"),
        "Two\nlines": ("suppressed", "in another mail"),
        "Three": ("delivered", None),
    }


def test_what_was_seen_in_the_chat_is_not_mailed(room: Room) -> None:
    conversation = asked(room)
    first, _ = write(room, conversation, "One", 10)
    write(room, conversation, "Two", 20)
    see(room, conversation, first)
    mail = claim(room, 200)
    assert mail is not None
    assert mail.text == "Two"
    assert ends(room, conversation)["One"] == ("suppressed", "seen")

    third, _ = write(room, conversation, "Three", 300)
    see(room, conversation, third)
    assert claim(room, 425) is None  # the mail of "Two" is leased
    assert ends(room, conversation)["Three"] == ("suppressed", "seen")


def test_a_mail_tried_again_is_the_same_unless_it_was_seen_meanwhile(room: Room) -> None:
    conversation = asked(room)
    write(room, conversation, "One", 0)
    last, _ = write(room, conversation, "Two", 1)
    mail = claim(room, 125)
    assert mail is not None
    mail_failed(room.engine, mail, "451 busy", attempts=3, now=after(125))
    write(room, conversation, "Three", 200)
    again = claim(room, 200)
    assert again is not None
    assert (again.outbox_id, again.text, again.attempt) == (mail.outbox_id, mail.text, 2)
    mail_failed(room.engine, again, "451 busy", attempts=3, now=after(201))
    see(room, conversation, last)
    newer = claim(room, 1000)
    assert newer is not None
    assert newer.text == "Three"
    assert claim(room, 1000) is None
    assert ends(room, conversation)["Two"] == ("suppressed", "seen")


def test_without_an_address_there_is_no_mail(room: Room) -> None:
    conversation = asked(room, address=None)
    assert write(room, conversation, "One", 10)[1] is False
    assert ends(room, conversation) == {}


def test_it_goes_where_the_customer_wants_it_by_then(room: Room) -> None:
    conversation = asked(room)
    write(room, conversation, "One", 10)
    with write_transaction(room.engine) as session:
        consent.give_consent(session, conversation, "right@shop.example", after(20), answers=True)
    mail = claim(room, 200)
    assert mail is not None
    assert mail.address == "right@shop.example"


@pytest.mark.parametrize("how", ["in the chat", "by the mail"])
def test_no_more_once_the_customer_wants_none(room: Room, how: str) -> None:
    conversation = asked(room)
    write(room, conversation, "One", 10)
    with write_transaction(room.engine) as session:
        if how == "in the chat":
            consent.withdraw_consent(session, conversation, after(20))
        else:
            number = session.execute(select(MailContent.outbox_id)).scalar_one()
            assert consent.withdraw_of_mail(session, number, after(20))
    assert claim(room, 200) is None
    assert ends(room, conversation)["One"] == ("suppressed", "consent withdrawn")
    assert write(room, conversation, "Two", 210)[1] is False


def test_the_address_is_for_answers_and_for_no_notice(room: Room) -> None:
    conversation = asked(room)
    with read_transaction(room.engine) as session:
        assert consent.consented_address(session, conversation) is None
        assert consent.recipient(session, conversation) is None
        wanted = consent.mail_wanted(session, conversation)
    assert (wanted.notices, wanted.anything) == (False, True)


def test_it_is_over_a_week_after_the_request(room: Room) -> None:
    """A request that was passed on goes on; one that begins later is another."""
    conversation = asked(room)
    assert address_now(room, conversation, 100 * DAY) == ADDRESS
    with room.locked(conversation) as (session, locked):
        ownership.transfer(
            session, locked, locked.epoch, "mei", room.voice, to_skill=None, now=after(DAY)
        )
    assert address_now(room, conversation, 100 * DAY) == ADDRESS
    take(room, conversation, 2 * DAY)
    with room.locked(conversation) as (session, locked):
        ownership.resolve(
            session, locked, locked.epoch, "mei", "solved", room.voice, after(3 * DAY)
        )
    assert address_now(room, conversation, 10 * DAY - 1) == ADDRESS
    assert address_now(room, conversation, 10 * DAY) is None
    room.request_person(conversation, now=after(11 * DAY))
    take(room, conversation, 11 * DAY)
    assert write(room, conversation, "Of another request", 11 * DAY)[1] is False


def test_a_mail_that_waited_too_long_is_not_sent(room: Room) -> None:
    conversation = asked(room)
    write(room, conversation, "One", 10)
    with room.locked(conversation) as (session, locked):
        ownership.resolve(session, locked, locked.epoch, "mei", "solved", room.voice, after(20))
    assert claim(room, 8 * DAY) is None
    assert ends(room, conversation)["One"] == ("suppressed", "consent withdrawn")


def test_an_agents_line_is_mailed_by_itself_once(room: Room) -> None:
    conversation = asked(room)
    for _ in range(2):
        with room.locked(conversation) as (session, locked):
            ownership.say_as_agent(
                session, locked, "mei", "Here it is", "a-key", room.voice, after(5)
            )
    assert ends(room, conversation) == {"Here it is": ("pending", None)}
