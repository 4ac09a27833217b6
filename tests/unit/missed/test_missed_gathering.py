"""What was missed is found in the conversations, kept masked, and goes with them."""

from __future__ import annotations

from sqlalchemy import func, select

from tenin.conversation import identity
from tenin.database import read_transaction, write_transaction
from tenin.desk.examples import mark_example
from tenin.desk.models import DeskSetting
from tenin.forgetting import forget
from tenin.training.missed.gathering import LOOKED_AT, gather, looked_at
from tenin.training.missed.models import Decision, MissedMessage
from tests.unit.conversation.room import PROJECT, after
from tests.unit.missed.served import Shop

DUTY = "who pays the customs duty for norway"


def test_refused_and_unsure_are_missed_and_sure_is_not(shop: Shop) -> None:
    one = shop.room.begin()
    shop.say(one, DUTY, others={"faq/shipping_cost": 0.3, "faq/delivery_area": 0.1})
    shop.say(one, "is wool warm", "product_info", 0.41)
    shop.say(one, "where is my order", "track_order", 0.9)
    shop.say(one, "thanks a bunch", "thanks", 0.3)
    assert shop.look() == 2
    assert shop.reasons() == {DUTY: ["refused"], "is wool warm": ["unsure"]}
    refused, unsure = shop.missed()
    assert (refused.need, refused.ranking) == (
        None,
        [["faq/shipping_cost", 0.3], ["faq/delivery_area", 0.1]],
    )
    assert refused.confidence == 0.3
    assert (unsure.need, unsure.confidence) == ("product_info", 0.41)


def test_what_is_no_question_of_the_customers_is_not_missed(shop: Shop) -> None:
    one = shop.room.begin()
    opens = [{"event": "active_loop", "name": "order_form"}]
    shop.say(one, "cancel my order", "cancel_order", 0.9, more=opens)
    shop.say(one, "it's the blue one", "product_info", 0.2)  # an answer to the form
    shop.say(one, "Yes", "affirm", 0.2, kind="button", payload="/affirm")
    shop.say(one, "?!", None)
    shop.say(one, "tell me a joke", "out_of_scope", 0.9)
    assert shop.look() == 0


def test_not_understood_in_a_form_is_missed(shop: Shop) -> None:
    one = shop.room.begin()
    opens = [{"event": "active_loop", "name": "order_form"}]
    shop.say(one, "cancel my order", "cancel_order", 0.9, more=opens)
    shop.say(one, DUTY)
    shop.look()
    assert shop.reasons() == {DUTY: ["refused"]}


def test_what_led_to_a_person_comes_with_the_agents_answer(shop: Shop) -> None:
    one = shop.room.begin()
    shop.say(one, "hello", "greet", seconds=1)
    shop.say(one, DUTY, "faq/shipping_cost", 0.9, seconds=2)
    shop.say(one, "a person please", "human_agent", seconds=3, wanted="asked")
    shop.serve(one, "Hi, Mei here.", "The shop pays the duty for Norway.", seconds=5)
    shop.look()
    assert shop.reasons() == {DUTY: ["person"]}
    assert shop.missed()[0].answer == "The shop pays the duty for Norway."


def test_an_agent_who_answered_later_is_not_quoted(shop: Shop) -> None:
    one = shop.room.begin()
    shop.say(one, DUTY, seconds=1)
    for at in range(2, 6):
        shop.say(one, f"where is order {at}", "track_order", seconds=at)
    shop.say(one, "a person please", "human_agent", seconds=8, wanted="asked")
    shop.serve(one, "It is in Leeds.", seconds=9)
    shop.look()
    found = {row.text: row for row in shop.missed()}
    assert found[DUTY].reasons == ["refused"]
    assert found[DUTY].answer is None
    assert set(found) == {DUTY, "where is order 4", "where is order 5"}


def test_what_a_person_sees_to_by_itself_is_not_missed_unless_it_ended_badly(shop: Shop) -> None:
    well, badly = shop.room.begin(), shop.room.begin()
    shop.say(well, "this is a disgrace", "complaint", seconds=1, wanted="complaint")
    shop.serve(well, "I am sorry.", seconds=3, rating=5)
    shop.say(badly, "what a mess you made", "complaint", seconds=1, wanted="complaint")
    shop.serve(badly, "Oh.", seconds=3, rating=2)
    shop.look()
    assert shop.reasons() == {"what a mess you made": ["rating"]}


def test_a_bad_rating_that_comes_later_is_seen_at_the_next_look(shop: Shop) -> None:
    one = shop.room.begin()
    shop.say(one, DUTY, "faq/shipping_cost", 0.9, seconds=2)
    shop.say(one, "a person please", "human_agent", seconds=3, wanted="asked")
    shop.serve(one, "No idea.", seconds=5, rating=1)
    assert shop.look(after(1_000)) == 1
    assert shop.look(after(2_000)) == 0
    assert shop.reasons() == {DUTY: ["person", "rating"]}


def test_what_was_marked_at_the_desk_is_there_with_its_need(shop: Shop) -> None:
    one = shop.room.begin()
    number = shop.say(one, "do you repair zips, I am Emma", "product_info", 0.9)
    with write_transaction(shop.engine) as session:
        mark_example(session, one, number, "faq/warranty_repair", "lead", now=after(3))
    shop.look()
    [row] = shop.missed()
    assert (row.reasons, row.marked_need) == (["marked"], "faq/warranty_repair")
    assert row.text == "do you repair zips, I am [name]"
    assert row.need == "product_info"


def test_personal_data_does_not_leave_the_transcript(shop: Shop) -> None:
    one = shop.room.begin()
    with write_transaction(shop.engine) as session:
        identity.sign_in(session, one, "c-7", after(3_600))
    shop.say(one, "Clarke again: parcel 202610140026, mail emma.c@example.com, ask Mei", seconds=1)
    shop.say(one, "a person please", "human_agent", seconds=3, wanted="asked")
    shop.serve(one, "Dear Emma, call +44 7700 900812. Mei", seconds=5)
    shop.look(names={"c-7": "Emma Clarke"})
    [row] = shop.missed()
    assert row.text == "[name] again: parcel [order_number], mail [email], ask [name]"
    assert row.answer == "Dear [name], call [phone]. [name]"
    whole = str(shop.room.dump()["missed_message"])
    for word in ("Emma", "Clarke", "emma.c", "202610140026", "7700"):
        assert word not in whole


def test_a_shop_that_does_not_tell_names_is_asked_again(shop: Shop) -> None:
    one = shop.room.begin()
    with write_transaction(shop.engine) as session:
        identity.sign_in(session, one, "c-7", after(3_600))
    shop.say(one, "Clarke again, where is it", seconds=1)

    class Down(Exception):
        pass

    def down(_: str) -> str | None:
        raise Down

    for _ in range(2):
        try:
            gather(shop.engine, PROJECT, down, after(10))
        except Down:
            pass
        else:
            raise AssertionError("a name that isn't known can't be masked")
    assert shop.missed() == []
    assert shop.look(names={"c-7": "Emma Clarke"}) == 1
    assert shop.missed()[0].text == "[name] again, where is it"


def test_looked_at_again_nothing_is_doubled_and_decisions_stand(shop: Shop) -> None:
    one = shop.room.begin()
    shop.say(one, DUTY)
    assert shop.look() == 1
    with write_transaction(shop.engine) as session:
        row = session.execute(select(MissedMessage)).scalar_one()
        row.decision, row.wording = Decision.ACCEPTED.value, "who pays the duty"
    with write_transaction(shop.engine) as session:  # as if nothing had been looked at yet
        session.delete(session.get(DeskSetting, LOOKED_AT))
    assert shop.look(after(2_000)) == 0
    [row] = shop.missed()
    assert (row.decision, row.wording) == ("accepted", "who pays the duty")
    with read_transaction(shop.engine) as session:
        assert looked_at(session) == after(2_000)


def test_an_erased_conversation_takes_its_missed_messages_with_it(shop: Shop) -> None:
    gone, stays, late = shop.room.begin(), shop.room.begin(), shop.room.begin()
    shop.say(gone, DUTY)
    shop.say(stays, "can i rent a tent")
    shop.look()
    with write_transaction(shop.engine) as session:
        forget(session, [gone], after(50))
    assert [row.text for row in shop.missed()] == ["can i rent a tent"]
    shop.say(late, "is there a repair cafe", seconds=1_500)
    with write_transaction(shop.engine) as session:
        forget(session, [late], after(1_600))
    shop.look(after(2_000))
    with read_transaction(shop.engine) as session:
        assert session.execute(select(func.count(MissedMessage.id))).scalar_one() == 1


def test_messages_in_another_language_stand_apart(shop: Shop) -> None:
    one = shop.room.begin()
    shop.say(one, DUTY)
    shop.say(one, "関税は誰が払いますか", language="ja")
    shop.look()
    assert {row.language: row.text for row in shop.missed()} == {
        "en": DUTY,
        "ja": "関税は誰が払いますか",
    }
