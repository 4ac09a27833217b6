"""Files in a conversation: once, with their line, in one commit; within bounds; erased for good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from tenin.conversation import consent, files
from tenin.conversation.file_checks import CheckedFile
from tenin.conversation.files import FileNotTaken, Kept
from tenin.conversation.models import Author, FileContent, StoredFile
from tenin.conversation.ownership import OwnershipConflict
from tenin.conversation.transcript import words_of
from tenin.database import read_transaction, write_transaction
from tests.unit.conversation.room import START, Broken, Room, after, broken_at

WIDE = files.Room(files=20, all_bytes=1_000_000)
PHOTO = CheckedFile("box.jpg", "image/jpeg", b"\xff\xd8 a photo \x00", 64, 48)
SLIP = CheckedFile("slip.pdf", "application/pdf", b"%PDF-1.4 a slip %%EOF")


def served(room: Room) -> str:
    """A conversation that Mei serves."""
    conversation_id = room.begin()
    room.request_person(conversation_id)
    room.take(conversation_id, room.conversation(conversation_id).epoch)
    return conversation_id


def send(
    room: Room,
    conversation_id: str,
    key: str = "a-key",
    file: CheckedFile = PHOTO,
    bounds: files.Room = WIDE,
    seconds: float = 0,
) -> Kept:
    with write_transaction(room.engine) as session:
        return files.keep_customers(session, conversation_id, key, file, bounds, now=after(seconds))


def answer(room: Room, conversation_id: str, key: str = "a-key", agent: str = "mei") -> Kept:
    with room.locked(conversation_id) as (session, conversation):
        return files.keep_agents(session, conversation, agent, key, SLIP, WIDE, room.voice, START)


def names(room: Room, *conversation_ids: str) -> list[str]:
    with read_transaction(room.engine) as session:
        return [each["name"] for each in files.files_of(session, conversation_ids)]


def contents(room: Room) -> int:
    with read_transaction(room.engine) as session:
        return len(session.execute(select(FileContent.file_id)).all())


def test_a_file_comes_with_its_line(room: Room) -> None:
    conversation_id = served(room)
    room.say(conversation_id, "A photo, please", "one")
    kept = send(room, conversation_id)
    assert kept.fresh
    line = room.lines(conversation_id)[-1]
    assert (line.number, line.author, line.text, line.key) == (
        kept.line_number,
        "customer",
        "",
        "a-key",
    )
    [card] = line.cards
    assert card == {
        "type": "file",
        "id": card["id"],
        "name": "box.jpg",
        "size": len(PHOTO.data),
        "media_type": "image/jpeg",
        "width": 64,
        "height": 48,
    }
    assert words_of(line) == "box.jpg"
    assert [(row.kind, row.status, row.text) for row in room.rows(conversation_id)] == [
        ("file", "person", "box.jpg")
    ]
    with read_transaction(room.engine) as session:
        found = files.read_content(session, card["id"], conversation_id)
        assert found == files.Content("box.jpg", "image/jpeg", PHOTO.data)
        assert files.read_content(session, card["id"], "another") is None
        assert files.read_content(session, "absent", conversation_id) is None


def test_a_file_sent_twice_is_one(room: Room) -> None:
    conversation_id = served(room)
    first = send(room, conversation_id)
    room.hand_back(conversation_id, room.conversation(conversation_id).epoch)
    assert send(room, conversation_id) == Kept(first.line_number, False)
    assert names(room, conversation_id) == ["box.jpg"]


def test_a_file_sent_twice_at_once_is_one(room: Room) -> None:
    conversation_id = served(room)
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda _: send(room, conversation_id), range(4)))
    assert sorted(each.fresh for each in kept) == [False, False, False, True]
    assert len({each.line_number for each in kept}) == 1
    assert names(room, conversation_id) == ["box.jpg"]


def test_a_key_is_one_message_whatever_it_was(room: Room) -> None:
    conversation_id = served(room)
    said = room.accept(conversation_id, "hello", key="a-key")
    assert send(room, conversation_id) == Kept(said.line_number, False)
    assert names(room, conversation_id) == []


@pytest.mark.parametrize("statement", [-1, 1, 4, 6, 8])
def test_all_of_it_is_kept_or_nothing(room: Room, statement: int) -> None:
    conversation_id = served(room)
    before = room.dump()
    with broken_at(room.engine, statement), pytest.raises(Broken):
        send(room, conversation_id)
    assert room.dump() == before
    assert send(room, conversation_id).fresh


def test_only_a_person_takes_files(room: Room) -> None:
    conversation_id = room.begin()
    for _ in range(2):  # the bot's, then the queue's
        with pytest.raises(FileNotTaken, match="no_person_serves"):
            send(room, conversation_id)
        with read_transaction(room.engine) as session, pytest.raises(FileNotTaken):
            files.files_left(session, conversation_id, Author.CUSTOMER, WIDE)
        room.request_person(conversation_id)
    assert names(room, conversation_id) == []


def test_so_many_files_and_no_more(room: Room) -> None:
    conversation_id, bounds = served(room), files.Room(files=2, all_bytes=1000)
    answer(room, conversation_id)  # counts for the other side
    with read_transaction(room.engine) as session:
        assert files.files_left(session, conversation_id, Author.CUSTOMER, bounds) == 2
    send(room, conversation_id, "one", bounds=bounds)
    send(room, conversation_id, "two", bounds=bounds)
    with pytest.raises(FileNotTaken, match="too_many_files"):
        send(room, conversation_id, "three", bounds=bounds)
    assert not send(room, conversation_id, "two", bounds=bounds).fresh
    assert send(room, served(room), "three", bounds=bounds).fresh


def test_what_all_files_take_is_bounded(room: Room) -> None:
    bounds = files.Room(files=20, all_bytes=2 * len(PHOTO.data))
    for _ in range(2):
        send(room, served(room), bounds=bounds)
    other = served(room)
    with pytest.raises(FileNotTaken, match="no_room_for_files"):
        send(room, other, bounds=bounds)
    with write_transaction(room.engine) as session:
        assert files.forget_files_before(session, after(1)) == 2
    assert send(room, other, bounds=bounds).fresh


def test_an_agents_file_goes_to_the_customer_once(room: Room) -> None:
    conversation_id = served(room)
    kept = answer(room, conversation_id)
    assert answer(room, conversation_id) == Kept(kept.line_number, False)
    line = room.lines(conversation_id)[-1]
    assert (line.author, line.name, line.text) == ("agent", "Mei", "")
    assert line.cards[0]["name"] == "slip.pdf"
    [row] = [row for row in room.outbox(conversation_id) if row.line_number == line.number]
    assert (row.channel, row.status) == ("web", "pending")
    assert room.handoffs(conversation_id)[-1].first_answer_at == START
    with pytest.raises(OwnershipConflict):
        answer(room, conversation_id, "another key", agent="lin")


def test_the_mail_of_an_answer_names_the_file(room: Room) -> None:
    conversation_id = served(room)
    with write_transaction(room.engine) as session:
        consent.give_consent(session, conversation_id, "lin@example.com", START, answers=True)
    answer(room, conversation_id)
    [mail] = room.tables("mail_content")["mail_content"]
    assert mail["text"] == "slip.pdf"


def test_files_are_erased_with_their_conversations(room: Room) -> None:
    one, two, three = served(room), served(room), served(room)
    for number, conversation_id in enumerate((one, two, three)):
        send(room, conversation_id, seconds=number)
    assert names(room, one, three) == ["box.jpg"] * 2
    with write_transaction(room.engine) as session:
        assert files.delete_files(session, [one, three]) == 2
        assert files.delete_files(session, []) == 0
    assert names(room, one, two, three) == ["box.jpg"]
    assert contents(room) == 1


def test_files_of_before_a_moment_are_forgotten(room: Room) -> None:
    conversation_id = served(room)
    for number in range(3):
        send(room, conversation_id, f"key-{number}", seconds=number)
    with write_transaction(room.engine) as session:
        assert files.forget_files_before(session, START + timedelta(seconds=2)) == 2
    assert contents(room) == 1
    [left] = room.tables("stored_file")["stored_file"]
    assert left["key"] == "key-2"


def test_what_is_told_of_files(room: Room) -> None:
    conversation_id = served(room)
    kept = send(room, conversation_id)
    with read_transaction(room.engine) as session:
        [told] = files.files_of(session, [conversation_id])
        [row] = session.execute(select(StoredFile)).scalars()
    assert told == {
        "id": row.id,
        "conversation": conversation_id,
        "line": kept.line_number,
        "author": "customer",
        "name": "box.jpg",
        "media_type": "image/jpeg",
        "size": len(PHOTO.data),
        "at": "2026-11-22T01:02:03Z",
    }
