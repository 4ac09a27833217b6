"""The transcript as the customer and the desk see it, and what became of each line."""

from tenin.conversation import delivery
from tenin.conversation.models import Author, Visibility
from tenin.conversation.transcript import Reply, add_line, find_offer, lines_after, recent_texts
from tenin.database import read_transaction
from tests.unit.conversation.room import Room, after


def filled(room: Room) -> str:
    """A conversation of six lines; the fourth is the desk's alone."""
    conversation = room.begin()
    with room.locked(conversation) as (session, found):
        for author, text, visibility in (
            (Author.CUSTOMER, "one", Visibility.ALL),
            (Author.BOT, "two", Visibility.ALL),
            (Author.CUSTOMER, "three", Visibility.ALL),
            (Author.BOT, "four", Visibility.DESK),
            (Author.SYSTEM, "five", Visibility.ALL),
            (Author.AGENT, "six", Visibility.ALL),
        ):
            add_line(session, found, author, Reply(text), visibility=visibility, now=after(1))
    return conversation


def statuses(room: Room, conversation: str) -> dict[int, str]:
    with read_transaction(room.engine) as session:
        return delivery.statuses(session, conversation)


def received(room: Room, conversation: str, up_to: int, seconds: float) -> int:
    with room.locked(conversation) as (session, _):
        return delivery.mark_received(session, conversation, up_to, after(seconds))


def test_each_outgoing_line_is_delivered_once(room: Room) -> None:
    conversation, other = filled(room), filled(room)
    before = statuses(room, conversation)
    assert before == {2: "pending", 4: "suppressed", 5: "pending", 6: "pending"}
    assert received(room, conversation, 1, 5) == 0
    assert received(room, conversation, 5, 6) == 2
    assert statuses(room, conversation) == {**before, 2: "delivered", 5: "delivered"}
    assert received(room, conversation, 5, 7) == 0
    assert received(room, conversation, 3, 8) == 0
    assert received(room, conversation, 999, 9) == 1
    at = {row.line_number: row.delivered_at for row in room.outbox(conversation)}
    assert at == {2: after(6), 4: None, 5: after(6), 6: after(9)}
    assert statuses(room, other) == before


def test_lines_after_a_number_with_the_desks_and_without(room: Room) -> None:
    conversation = filled(room)
    filled(room)

    def after_line(number: int, **rest: object) -> list[str]:
        with read_transaction(room.engine) as session:
            return [line.text for line in lines_after(session, conversation, number, **rest)]

    assert after_line(0) == ["one", "two", "three", "five", "six"]
    assert after_line(0, desk=True) == ["one", "two", "three", "four", "five", "six"]
    assert after_line(3) == ["five", "six"]
    assert after_line(3, desk=True) == ["four", "five", "six"]
    assert after_line(6, desk=True) == []
    assert after_line(1, limit=3) == ["two", "three", "five"]


def test_recent_texts_are_what_the_customer_was_told(room: Room) -> None:
    conversation = filled(room)
    with read_transaction(room.engine) as session:
        assert recent_texts(session, conversation) == ["two", "five", "six"]
        assert recent_texts(session, conversation, 2) == ["five", "six"]


def test_an_offer_holds_in_its_own_conversation_only(room: Room) -> None:
    conversation, other = room.begin(), room.begin()
    with room.locked(conversation) as (session, found):
        reply = Reply("Which?", [("Returns", "/faq/returns"), ("退换货", "/faq/returns")])
        line = add_line(session, found, Author.BOT, reply)
        first, second = line.buttons
    assert (first["title"], second["title"]) == ("Returns", "退换货")
    assert first["id"] != second["id"]
    with read_transaction(room.engine) as session:
        offer = find_offer(session, conversation, first["id"])
        assert (offer.title, offer.payload, offer.line_number) == ("Returns", "/faq/returns", 1)
        assert find_offer(session, other, first["id"]) is None
        assert find_offer(session, conversation, "0" * 32) is None


def test_offers_for_the_desk_alone_are_none(room: Room) -> None:
    conversation = room.begin()
    with room.locked(conversation) as (session, found):
        reply = Reply("Which?", [("Returns", "/faq/returns")])
        line = add_line(session, found, Author.BOT, reply, visibility=Visibility.DESK)
    with read_transaction(room.engine) as session:
        assert find_offer(session, conversation, line.buttons[0]["id"]) is None
