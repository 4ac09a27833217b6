"""The wish to hear of stock, mail agreed to and taken back, and a welcome with what is back."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any

import pytest
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event
from sqlalchemy import select, update

from actions import context
from tenin.clock import utcnow
from tenin.conversation import consent, restock
from tenin.conversation.consent import MailWanted, mail_wanted
from tenin.conversation.identity import sign_in
from tenin.database import read_transaction, write_transaction
from tenin.language.languages import configured
from tenin.shop.http_shop import HttpShop
from tenin.shop.models import customers, products, restock_wishes
from tests.mail_server import free_port
from tests.unit.actions.counter import Answer, Counter, payloads, said, shown, slots_set, words

READY = configured().ready
SKU = "KT-603"
ADDRESS = "lin@shop.example"


@pytest.fixture
def mailing(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Counter:
    """A counter of a shop that sends mail."""
    for name, value in {"HOST": "127.0.0.1", "TLS": "plain", "SENDER": "a@kodama.example"}.items():
        monkeypatch.setenv(f"TENIN_EMAIL_{name}", value)
    counter.restart()
    return counter


def in_form(form: str) -> tuple[Event, ...]:
    return ActiveLoop(form), ActionExecuted(form), ActionExecuted("action_listen")


def wishes(counter: Counter) -> list[tuple[str, str]]:
    with read_transaction(counter.conversations) as session:
        return [(each.conversation_id, each.sku) for each in restock.untold(session, [SKU])]


def wanted(counter: Counter, conversation: str) -> MailWanted:
    with read_transaction(counter.conversations) as session:
        return mail_wanted(session, conversation)


def shop_s_contacts(counter: Counter) -> list[str]:
    with read_transaction(counter.shop) as session:
        return list(session.execute(select(restock_wishes.c.contact)).scalars())


def wish(counter: Counter, conversation: str, chosen: str | None, **rest: Any) -> Answer:
    rest.setdefault("product", SKU)
    return counter.run(
        "action_restock_wish",
        sender=conversation,
        need="restock_wish",
        after={"notice_mail": chosen},
        **rest,
    )


# the wish


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("chosen", ["here", ADDRESS])
def test_a_wish_is_kept_here_and_passed_on(mailing: Counter, language: str, chosen: str) -> None:
    conversation = mailing.room.begin(language)
    answer = wish(mailing, conversation, chosen, language=language)
    by_mail = chosen == ADDRESS
    assert said(answer) == ["utter_restock_noted_mail" if by_mail else "utter_restock_noted"]
    [good] = [good for good in mailing.goods(language) if good.sku == SKU]
    assert good.name in words(answer, language)
    assert slots_set(answer) == {"offered": None, "notice_mail": None}
    assert wishes(mailing) == [(conversation, SKU)]
    assert wanted(mailing, conversation) == MailWanted(False, by_mail)
    assert shop_s_contacts(mailing) == [ADDRESS if by_mail else f"chat:{conversation}"]
    wish(mailing, conversation, chosen, language=language)
    assert wishes(mailing) == [(conversation, SKU)]
    assert len(shop_s_contacts(mailing)) == 1


def test_where_no_mail_is_sent_none_is_promised_for_a_wish(counter: Counter) -> None:
    conversation = counter.room.begin()
    answer = wish(counter, conversation, ADDRESS, language="en")
    assert said(answer) == ["utter_restock_noted"]
    assert wanted(counter, conversation) == MailWanted(False, False)


@pytest.mark.parametrize("language", READY)
def test_a_shop_that_fails_loses_no_wish(mailing: Counter, language: str) -> None:
    conversation = mailing.room.begin(language)
    down = HttpShop(f"http://127.0.0.1:{free_port()}", "t" * 40, 0.5)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(context, "shop_of_orders", functools.lru_cache(lambda: down))
        answer = wish(mailing, conversation, ADDRESS, language=language)
    down.close()
    assert said(answer) == ["utter_restock_noted_mail"]
    assert wishes(mailing) == [(conversation, SKU)]
    assert shop_s_contacts(mailing) == []


def test_what_is_there_is_not_wished_for(counter: Counter) -> None:
    conversation = counter.room.begin()
    with write_transaction(counter.shop) as session:
        session.execute(update(products).where(products.c.sku == SKU).values(stock=2))
    assert said(wish(counter, conversation, "here", language="en")) == ["utter_restock_there"]
    assert wishes(counter) == []


def test_a_shop_that_has_it_by_now_takes_no_wish(counter: Counter) -> None:
    """Its API may know before the catalogue does."""

    class Has:
        def wish_restock(self, *_: str) -> bool:
            return False

    conversation = counter.room.begin()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(context, "shop_of_orders", functools.lru_cache(Has))
        answer = wish(counter, conversation, "here", language="en")
    assert said(answer) == ["utter_restock_there"]
    assert wishes(counter) == []


@pytest.mark.parametrize("language", READY)
def test_for_no_product_which_is_asked(counter: Counter, language: str) -> None:
    conversation = counter.room.begin(language)
    answer = wish(counter, conversation, "here", product=None, language=language)
    assert said(answer) == ["utter_restock_which"]
    assert any(SKU in payload for payload in payloads(shown(answer, language)[0]))
    assert wishes(counter) == []


def test_the_form_asks_nothing_about_no_product(mailing: Counter) -> None:
    for product, expected in ((None, {"notice_mail": "here"}), (SKU, {})):
        begun = mailing.run("validate_restock_form", need="restock_wish", product=product)
        assert slots_set(begun) == expected


def test_what_the_catalogue_does_not_have_is_a_person_s(counter: Counter) -> None:
    conversation, product = counter.room.begin(), "no such product"
    answer = wish(counter, conversation, "here", product=product, language="en")
    assert said(answer) == ["utter_restock_person"]
    assert wishes(counter) == []


def test_a_wish_that_can_t_be_kept_goes_to_a_person(counter: Counter) -> None:
    answer = wish(counter, "no such conversation", "here", language="en")
    assert said(answer) == ["utter_restock_person"]
    assert "/human_agent" in payloads(shown(answer, "en")[0])


# the questions


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize(
    ("form", "need"), [("restock_form", "restock_wish"), ("mail_form", "mail_notices")]
)
def test_the_question_offers_the_address_that_is_known(
    mailing: Counter, form: str, need: str, language: str
) -> None:
    ask = f"action_ask_{form}_notice_mail"
    own = {"restock_form": '/restock_wish{"skip": "this"}', "mail_form": "/deny"}[form]
    for contact in (None, "13800000000"):
        answer = mailing.run(ask, need=need, language=language, contact=contact)
        assert said(answer) == [f"utter_ask_{form}_notice_mail"]
        [message] = shown(answer, language)
        assert payloads(message)[0] == own
    answer = mailing.run(ask, need=need, language=language, contact=ADDRESS)
    [message] = shown(answer, language)
    assert payloads(message)[:2] == [f'/{need}{{"email": "{ADDRESS}"}}', own]
    assert ADDRESS not in str(message.text)


@pytest.mark.parametrize("form", ["restock_form", "mail_form"])
@pytest.mark.parametrize(
    ("need", "named", "taken"),
    [
        ("inform", [("email", ADDRESS)], [ADDRESS]),
        ("nlu_fallback", [("email", ADDRESS)], [ADDRESS]),
        ("inform", [("email", "lin@localhost"), ("email", ADDRESS)], [ADDRESS]),
        ("inform", [("email", "lin@localhost")], [None]),  # asked for again
        ("inform", [("phone", "13800000000")], []),
        ("affirm", [], []),
        ("faq/shipping_cost", [], []),
    ],
)
def test_an_address_is_an_answer_and_nothing_else(
    mailing: Counter, form: str, need: str, named: Any, taken: list[Any]
) -> None:
    answer = mailing.run(
        f"validate_{form}",
        need=need,
        named=named,
        before=in_form(form),
        requested_slot="notice_mail",
        product=SKU,
        language="en",
    )
    assert [slots_set(answer)] == [{"notice_mail": each} for each in taken] or not taken
    assert bool(answer["events"]) is bool(taken)


def test_in_the_chat_alone_is_an_answer_to_a_wish(mailing: Counter) -> None:
    for form, expected in (("restock_form", {"notice_mail": "here"}), ("mail_form", {})):
        answer = mailing.run(
            f"validate_{form}", need="restock_wish", named=[("skip", "this")], language="en"
        )
        assert slots_set(answer) == expected


@pytest.mark.parametrize("form", ["restock_form", "mail_form"])
def test_where_no_mail_is_sent_nobody_is_asked(counter: Counter, form: str) -> None:
    answer = counter.run(f"validate_{form}", need="restock_wish", language="en")
    assert slots_set(answer) == {"notice_mail": "here"}


def test_a_yes_opens_the_form_where_there_is_something_to_ask(mailing: Counter) -> None:
    conversation = mailing.room.begin()
    yes = {"need": "affirm", "offered": "restock_wish", "product": SKU, "language": "en"}
    answer = mailing.run("action_affirm", sender=conversation, **yes)
    assert [each["name"] for each in answer["events"] if each["event"] == "followup"] == [
        "restock_form"
    ]
    with_it = mailing.run("action_affirm", sender=conversation, named=[("email", ADDRESS)], **yes)
    assert said(with_it) == ["utter_restock_noted_mail"]
    assert wanted(mailing, conversation).anything


def test_a_yes_is_enough_where_no_mail_is_sent(counter: Counter) -> None:
    conversation = counter.room.begin()
    answer = counter.run(
        "action_affirm",
        sender=conversation,
        need="affirm",
        offered="restock_wish",
        product=SKU,
        language="en",
    )
    assert said(answer) == ["utter_restock_noted"]
    assert wishes(counter) == [(conversation, SKU)]


# mail


@pytest.mark.parametrize("language", READY)
def test_mail_is_agreed_to_and_taken_back(mailing: Counter, language: str) -> None:
    conversation = mailing.room.begin(language)
    given = mailing.run(
        "action_mail_notices",
        sender=conversation,
        need="mail_notices",
        notice_mail=ADDRESS,
        language=language,
    )
    assert said(given) == ["utter_mail_agreed"]
    assert ADDRESS in words(given, language)
    assert payloads(shown(given, language)[0]) == ["/mail_stop"]
    assert slots_set(given) == {"notice_mail": None}
    assert wanted(mailing, conversation) == MailWanted(True, True)
    stop = {"sender": conversation, "need": "mail_stop", "language": language}
    stopped = mailing.run("action_mail_stop", **stop)
    assert said(stopped) == ["utter_mail_stopped"]
    assert payloads(shown(stopped, language)[0]) == ["/mail_notices"]
    assert wanted(mailing, conversation) == MailWanted(False, False)
    again = mailing.run("action_mail_stop", **stop)
    assert said(again) == ["utter_mail_not_on"]
    assert words(again, language)


def test_stopping_ends_the_mail_of_a_wish_and_keeps_the_wish(mailing: Counter) -> None:
    conversation = mailing.room.begin()
    wish(mailing, conversation, ADDRESS, language="en")
    answer = mailing.run("action_mail_stop", sender=conversation, need="mail_stop")
    assert said(answer) == ["utter_mail_stopped"]
    assert not wanted(mailing, conversation).anything
    assert wishes(mailing) == [(conversation, SKU)]


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("chosen", ["here", ADDRESS])
def test_where_no_mail_is_sent_none_is_agreed_to(
    counter: Counter, language: str, chosen: str
) -> None:
    conversation = counter.room.begin()
    answer = counter.run(
        "action_mail_notices",
        sender=conversation,
        need="mail_notices",
        notice_mail=chosen,
        language=language,
    )
    assert said(answer) == ["utter_mail_none"]
    assert words(answer, language)
    assert not wanted(counter, conversation).anything


@pytest.mark.parametrize("language", READY)
def test_consent_that_can_t_be_kept_is_said(mailing: Counter, language: str) -> None:
    answer = mailing.run(
        "action_mail_notices",
        sender="no such conversation",
        need="mail_notices",
        notice_mail=ADDRESS,
        language=language,
    )
    assert said(answer) == ["utter_mail_failed"]
    assert payloads(shown(answer, language)[0]) == ["/human_agent"]


# the welcome


def customers_of(counter: Counter) -> list[str]:
    with read_transaction(counter.shop) as session:
        return [str(each) for each in session.execute(select(customers.c.id)).scalars()]


def signed_in(counter: Counter, customer: str, language: str = "en") -> str:
    conversation = counter.room.begin(language)
    with write_transaction(counter.conversations) as session:
        sign_in(session, conversation, customer, utcnow() + timedelta(hours=1))
    return conversation


def wished(counter: Counter, conversation: str, *skus: str) -> None:
    with write_transaction(counter.conversations) as session:
        for sku in skus:
            restock.wish(session, conversation, sku)


@pytest.mark.parametrize("language", READY)
def test_a_welcome_names_what_is_back_of_what_was_wished_for(
    counter: Counter, language: str
) -> None:
    mine, another = customers_of(counter)[:2]
    wished(counter, signed_in(counter, mine), SKU, "KS-104")
    wished(counter, signed_in(counter, another), "KS-104")
    now = signed_in(counter, mine, language)

    def welcome() -> Answer:
        return counter.run("action_welcome", sender=now, need="page_opened", language=language)

    assert len(said(welcome())) == 1
    with write_transaction(counter.shop) as session:
        session.execute(update(products).where(products.c.sku == SKU).values(stock=2))
    answer = welcome()
    assert said(answer)[1:] == ["utter_welcome_restock"]
    message = shown(answer, language)[1]
    [good] = [good for good in counter.goods(language) if good.sku == SKU]
    assert good.name in str(message.text)
    assert payloads(message) == [f'/product_info{{"product": "{SKU}"}}']
    told = slots_set(answer)["restock_told"]
    assert len(told) == 1
    # Not told before its turn is committed: run again, the turn says the same.
    assert said(welcome()) == said(answer)
    with write_transaction(counter.conversations) as session:
        restock.named_in_welcome(session, told)
    assert len(said(welcome())) == 1
    assert "restock_told" not in slots_set(welcome())


def test_whoever_is_not_signed_in_hears_of_nobody_s_wishes(counter: Counter) -> None:
    conversation = counter.room.begin()
    wished(counter, conversation, SKU)
    with write_transaction(counter.shop) as session:
        session.execute(update(products).values(stock=2))
    answer = counter.run(
        "action_welcome", sender=counter.room.begin(), need="page_opened", language="en"
    )
    assert said(answer) == ["utter_welcome"]


def test_consent_and_a_wish_are_one_customer_s(mailing: Counter) -> None:
    """A signed-in customer stops in one conversation what was agreed to in another."""
    customer = customers_of(mailing)[0]
    first, second = signed_in(mailing, customer), signed_in(mailing, customer)
    with write_transaction(mailing.conversations) as session:
        consent.give_consent(session, first, ADDRESS)
    answer = mailing.run("action_mail_stop", sender=second, need="mail_stop", language="en")
    assert said(answer) == ["utter_mail_stopped"]
    assert not wanted(mailing, first).anything
