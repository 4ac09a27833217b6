"""Who is invited: budgets shared by all rules, rests, those held out, no more than can be met."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.conversation.transcript import new_conversation
from tenin.database import read_transaction, write_transaction
from tenin.invitation import visits
from tenin.invitation.models import Answer, Invited, Visitor
from tenin.invitation.rules import Invitation, Invitations
from tenin.invitation.visits import Page, Why

START = datetime(2026, 11, 22, 1, 2, 3, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
ME = visits.visitor_id("a visitor")
LINGERS = Invitation("lingers", {"seconds": 30}, {"en": "May I help?"})
CART = Invitation("cart", {"cart_items": 1}, {"en": "Anything open?"})
PERSON = Invitation("person", {"seconds": 5}, {"en": "One of us is free."}, True)
TENT = Page("product", "/p/tent", "Tent", "KT-601")
OFTEN = Invitations(
    {each.name: each for each in (LINGERS, CART, PERSON)},
    per_session=100,
    per_week=100,
    after_showing=0,
    after_dismissal=(0,),
)


class Shop:
    """Visitors at a shop's pages, minute by minute."""

    def __init__(self, engine: Engine, rules: Invitations) -> None:
        self.engine, self.rules, self.now, self.free = engine, rules, START, 5

    def see(self, visitor: str = ME, page: Page = TENT) -> None:
        with write_transaction(self.engine) as session:
            visits.see(session, visitor, page, "en", self.rules, self.now)

    def invite(self, rule: Invitation = LINGERS, visitor: str = ME) -> int | Why:
        self.see(visitor)
        with write_transaction(self.engine) as session:
            made = visits.invite(session, visitor, rule, self.rules, lambda _: self.free, self.now)
            return made if isinstance(made, Why) else int(made.id)

    def answer(self, number: int, answer: Answer, visitor: str = ME) -> bool:
        with write_transaction(self.engine) as session:
            return visits.answered(session, visitor, number, answer, self.now)

    def row(self, number: int) -> Invited:
        with read_transaction(self.engine) as session:
            return session.get(Invited, number)

    def rows(self) -> list[Invited]:
        with read_transaction(self.engine) as session:
            return list(session.execute(select(Invited).order_by(Invited.id)).scalars())

    def visitor(self, visitor: str = ME) -> Visitor:
        with read_transaction(self.engine) as session:
            return session.get(Visitor, visitor)

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return Shop(engine, OFTEN)


def test_a_visit_remembers_what_was_looked_at_and_ends(shop: Shop) -> None:
    for sku in ("KT-601", "KS-101", "KT-601"):
        shop.see(page=Page("product", f"/p/{sku}", sku, sku))
        shop.later(minutes=1)
    shop.see(page=Page("cart", "/cart", "Cart", None, 2, Decimal("99.50"), "CNY"))
    me = shop.visitor()
    assert (me.products, me.visits) == (["KS-101", "KT-601"], 1)
    assert me.page["cart_value"] == "99.50"
    shop.later(minutes=31)
    shop.see()
    again = shop.visitor()
    assert (again.products, again.visits, again.began_at) == (["KT-601"], 2, shop.now)
    assert again.first_seen == START


def test_what_a_page_says_again_is_known_for_a_while(shop: Shop) -> None:
    def is_known(page: Page = TENT, language: str = "en") -> bool:
        with read_transaction(shop.engine) as session:
            return visits.is_known(session, ME, page, language, shop.now)

    assert not is_known()
    shop.see()
    shop.later(seconds=44)
    assert is_known()
    assert not is_known(page=Page("product", "/p/tent", "Tent", "KT-602"))
    assert not is_known(page=Page("product", "/p/tent", "Tent", "KT-601", cart_items=1))
    assert not is_known(language="ja")
    with write_transaction(shop.engine) as session:
        assert visits.invite_by_hand(session, ME, "a1", "Mei", "Hello", shop.now)
    assert not is_known()
    with write_transaction(shop.engine) as session:
        visits.take_by_hand(session, ME, shop.now)
    assert is_known()
    shop.later(seconds=1)
    assert not is_known()


def test_who_stays_on_a_page_is_here_all_the_time(shop: Shop) -> None:
    """As the web tier does: a word every 15 s, written only where it isn't known."""
    writes = 0
    for _ in range(20):
        with read_transaction(shop.engine) as session:
            known = visits.is_known(session, ME, TENT, "en", shop.now)
        if not known:
            shop.see()
            writes += 1
        shop.later(seconds=14.9)
        with read_transaction(shop.engine) as session:
            assert [each.id for each in visits.here(session, shop.now)] == [ME]
    assert writes == 5


def test_all_rules_share_what_a_visit_and_a_week_allow(engine: Engine) -> None:
    shop = Shop(engine, Invitations(OFTEN.rules, 1, 2, 3, 0, (0,)))
    assert isinstance(shop.invite(LINGERS), int)
    shop.later(minutes=5)
    assert isinstance(shop.invite(CART), int)
    shop.later(minutes=5)
    assert shop.invite(PERSON) is Why.BUDGET
    shop.later(hours=2)  # another visit
    assert isinstance(shop.invite(CART), int)
    shop.later(hours=2)
    assert shop.invite(CART) is Why.BUDGET
    shop.later(days=7)
    assert isinstance(shop.invite(CART), int)


def test_after_each_dismissal_the_rest_is_longer(engine: Engine) -> None:
    shop = Shop(engine, Invitations(OFTEN.rules, 1, 99, 99, 3, (60, 600)))
    for minutes in (60, 600, 600):
        number = shop.invite()
        assert isinstance(number, int)
        assert shop.answer(number, Answer.DISMISSED)
        shop.later(minutes=minutes - 1)
        assert shop.invite(CART) is Why.RESTING
        shop.later(minutes=2)
    assert isinstance(shop.invite(), int)
    shop.later(minutes=2)
    assert shop.invite(CART) is Why.RESTING  # after any, three minutes
    shop.later(minutes=2)
    assert isinstance(shop.invite(CART), int)


def test_a_person_is_promised_only_while_one_is_free(shop: Shop) -> None:
    shop.free = 0
    assert shop.invite(PERSON) is Why.NOBODY
    assert isinstance(shop.invite(LINGERS), int)
    shop.free = 2
    others = [visits.visitor_id(name) for name in "abc"]
    assert [isinstance(shop.invite(PERSON, each), int) for each in others[:2]] == [True, True]
    assert shop.invite(PERSON, others[2]) is Why.NOBODY
    shop.later(minutes=3)  # nobody took them up: they no longer stand
    assert isinstance(shop.invite(PERSON, others[2]), int)


def test_who_chats_is_not_invited_until_the_next_visit(shop: Shop) -> None:
    number = shop.invite()
    assert isinstance(number, int)
    with write_transaction(shop.engine) as session:
        conversation = new_conversation(session, "web", "en").id
        row = visits.began_chat(session, ME, conversation, number, shop.now)
        assert row is not None
    assert (shop.row(number).answer, shop.row(number).conversation_id) == ("accepted", conversation)
    assert shop.invite(CART) is Why.CHATTING
    shop.later(hours=1)
    assert isinstance(shop.invite(CART), int)


def test_the_first_answer_counts_and_nobody_elses(shop: Shop) -> None:
    number = shop.invite()
    assert isinstance(number, int)
    other = visits.visitor_id("another")
    shop.see(other)
    assert not shop.answer(number, Answer.ACCEPTED, other)
    assert not shop.answer(number + 99, Answer.ACCEPTED)
    assert shop.answer(number, Answer.DISMISSED)
    assert shop.answer(number, Answer.ACCEPTED)
    assert shop.row(number).answer == "dismissed"
    with write_transaction(shop.engine) as session:
        conversation = new_conversation(session, "web", "en").id
        assert visits.began_chat(session, other, conversation, number, shop.now) is None
    assert shop.row(number).conversation_id is None


def test_those_held_out_are_noted_once_a_visit_and_never_invited(engine: Engine) -> None:
    shop = Shop(engine, Invitations(OFTEN.rules, 1, 99, 99, 0, (0,), held_out_percent=50))
    names = [visits.visitor_id(str(number)) for number in range(40)]
    out = [name for name in names if visits.is_held_out(name, 50)]
    assert 5 < len(out) < 35
    for _ in range(2):
        for name in names:
            made = shop.invite(visitor=name)
            assert (made is Why.HELD_OUT) == (name in out)
            with write_transaction(engine) as session:
                by_hand = visits.invite_by_hand(session, name, "1", "Mei", "Hello", shop.now)
                assert by_hand == (name not in out)
        shop.later(minutes=10)
    noted = [row for row in shop.rows() if row.held_out]
    assert sorted(row.visitor_id for row in noted) == sorted(out)
    with read_transaction(engine) as session:
        listed = {each.id for each in visits.here(session, shop.now - 9 * MINUTE)}
    assert listed == set(names) - set(out)


def test_the_share_held_out_is_as_set() -> None:
    names = [visits.visitor_id(str(number)) for number in range(20_000)]
    for percent in (0, 10, 50):
        share = sum(visits.is_held_out(name, percent) for name in names) / len(names)
        assert abs(share - percent / 100) < 0.01


def test_an_agent_invites_by_hand_and_it_is_fetched_once(shop: Shop) -> None:
    shop.see()
    with write_transaction(shop.engine) as session:
        assert not visits.invite_by_hand(session, "0" * 64, "1", "Mei", "Hello", shop.now)
        assert visits.invite_by_hand(session, ME, "1", "Mei", "Shall I help?", shop.now)
    with write_transaction(shop.engine) as session:
        taken = visits.take_by_hand(session, ME, shop.now)
        assert taken is not None
        assert (taken[0].text, taken[0].agent_id, taken[1]) == ("Shall I help?", "1", "Mei")
        assert visits.take_by_hand(session, ME, shop.now) is None
    shop.later(minutes=5)
    with write_transaction(shop.engine) as session:  # gone meanwhile
        assert not visits.invite_by_hand(session, ME, "1", "Mei", "Hello", shop.now)


def test_tabs_that_ask_at_once_get_one(engine: Engine) -> None:
    shop = Shop(engine, Invitations(OFTEN.rules, 1, 1, 99, 0, (0,)))
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: shop.invite(), range(6)))
    assert sum(isinstance(each, int) for each in made) == 1
    assert set(made) - {Why.BUDGET} == {next(each for each in made if isinstance(each, int))}


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["lingers", "cart", "person"]),
            st.integers(1, 400),
            st.sampled_from([None, Answer.DISMISSED]),
        ),
        max_size=40,
    )
)
@tried(max_examples=30, database=None)
def test_no_order_of_events_goes_beyond_the_budget(
    sqlite_engine: Engine, steps: list[tuple[str, int, Answer | None]]
) -> None:
    rules = Invitations(OFTEN.rules, 1, 2, 4, 3, (60, 600))
    shop = Shop(sqlite_engine, rules)
    me = visits.visitor_id(str(steps))
    shown: list[datetime] = []
    dismissed: list[datetime] = []
    for name, minutes, answer in steps:
        shop.later(minutes=minutes)
        made = shop.invite(rules.rules[name], me)
        if not isinstance(made, int):
            continue
        assert not shown or shop.now - shown[-1] >= 3 * MINUTE
        if dismissed:
            assert shop.now - dismissed[-1] >= (60 if len(dismissed) == 1 else 600) * MINUTE
        shown.append(shop.now)
        assert len([at for at in shown if at > shop.now - timedelta(days=7)]) <= 4
        assert len([at for at in shown if at >= shop.visitor(me).began_at]) <= 2
        if answer is not None:
            assert shop.answer(made, answer, me)
            dismissed.append(shop.now)
    with write_transaction(sqlite_engine) as session:
        for table in (Invited, Visitor):
            for row in session.execute(select(table)).scalars():
                session.delete(row)
            session.flush()


def test_who_was_not_seen_for_long_is_forgotten(shop: Shop) -> None:
    old = [visits.visitor_id(name) for name in "abc"]
    for each in old:
        shop.invite(visitor=each)
    shop.later(days=40)
    shop.see()
    with write_transaction(shop.engine) as session:
        assert visits.forget_before(session, shop.now - timedelta(days=30), limit=2) == 2
        assert visits.forget_before(session, shop.now - timedelta(days=30)) == 1
        assert visits.forget_before(session, shop.now - timedelta(days=30)) == 0
    assert shop.rows() == []
    assert shop.visitor() is not None
