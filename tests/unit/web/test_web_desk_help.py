"""What helps an agent: the case card, suggestions, search, ready replies, examples for training."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from tenin.channels.customer_token import issue_token, load_rules
from tenin.clock import utcnow
from tenin.conversation import ownership, page_views, tracker
from tenin.conversation.consent import give_consent
from tenin.conversation.identity import remember_proof
from tenin.conversation.models import TrackerEvent
from tenin.conversation.page_views import View
from tenin.conversation.transcript import lock_conversation
from tenin.database import make_engine, read_transaction, write_transaction
from tenin.desk.models import AuditEntry, CannedReply, TrainingExample
from tenin.shop.catalogue import get_product
from tenin.shop.models import customers, orders
from tests.agent import DeskAgent
from tests.customer import Customer
from tests.demo_orders import TOKEN_LASTS
from tests.unit.web.conftest import SiteMaker
from tests.unit.web.served import Site

LOOK_FIRST = {
    "en": "One moment, {customer}, I'm reading what you wrote.",
    "zh-Hans": "稍等，我先看一下前面的对话",
}
RETURNS = {
    "en": "Send it back within {returns_days:days}, says {agent}.",
    "ja": "{order}の件です。",
}


def api(conversation: str, what: str) -> str:
    return f"/desk/api/conversations/{conversation}/{what}"


def get(agent: DeskAgent, path: str, language: str = "en", **params: str) -> Any:
    answer = agent.http.get(path, params=params, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def ready_replies(site: Site) -> None:
    texts = {"look": (LOOK_FIRST, None, 0), "back": (RETURNS, "returns", 1)}
    with write_transaction(site.engine) as session:
        for shortcut, (wording, skill, place) in texts.items():
            session.add(
                CannedReply(
                    shortcut=shortcut,
                    texts=wording,
                    skill=skill,
                    place=place,
                    updated_at=utcnow(),
                )
            )


def an_order(site: Site) -> tuple[str, str, str]:
    """An order of the demo shop, and its customer's id and name."""
    engine = make_engine(site.settings.shop.database_url)
    with read_transaction(engine) as session:
        wanted = select(orders.c.number, customers.c.id, customers.c.name).join(
            customers, customers.c.id == orders.c.customer_id
        )
        row = session.execute(wanted.order_by(orders.c.number).limit(1)).one()
    engine.dispose()
    return row.number, str(row.id), row.name


def heard(site: Site, conversation: str, *events: dict[str, Any]) -> None:
    with write_transaction(site.engine) as session:
        tracker.append(session, conversation, [{"timestamp": 1.0, **event} for event in events])


def said(need: str) -> dict[str, Any]:
    return {"event": "user", "text": "said", "parse_data": {"intent": {"name": need}}}


# the case card


def test_the_card_of_somebody_unknown(mei: DeskAgent, conversation: str) -> None:
    card = get(mei, api(conversation, "card"))
    assert card["customer"] == {"signed_in": False, "id": None, "name": None, "address": None}
    assert card["orders"] == []
    assert card["language"] == "en"
    assert card["earlier"] == []
    assert card["pages"] == []


def test_the_card_says_what_it_is_about_and_what_makes_it_urgent(
    site: Site, mei: DeskAgent, customer: Customer
) -> None:
    customer.send(text="hello")
    conversation = site.answer("Hi")
    heard(site, conversation, said("complaint"), {"event": "action", "name": "utter_complaint"})
    with write_transaction(site.engine) as session:
        ownership.request_person(
            session,
            lock_conversation(session, conversation),
            "complaint",
            site.voice,
            category="complaint",
            signs=["complaint"],
        )
        give_consent(session, conversation, "emma@example.com")
    card = get(mei, api(conversation, "card"), "ja")
    assert card["category"] == "complaint"
    assert card["category_title"] == "苦情を伝えたい"
    assert (card["priority"], card["reason"]) == (2, "complaint")
    assert "complaint" in card["signs"]
    assert card["customer"]["address"] == "emma@example.com"


@pytest.mark.parametrize(("reader", "name"), [("en", "Nest 2 Tent"), ("ja", None)])
def test_pages_seen_are_told_with_products_by_name(
    site: Site, mei: DeskAgent, conversation: str, reader: str, name: str | None
) -> None:
    views = [
        View("/tents", "Tents", None, "category", 20),
        View("/tents/nest", "My tent", "KT-601", "product", 5),
        View("/tents", "Tents", None, "category"),
        View("/tents/nest", "My tent", "KT-601", "product", 7),
        View("/old", "Gone since", "NO-SUCH", "product"),
    ]
    with write_transaction(site.engine) as session:
        page_views.keep_consent(session, conversation, True)
        for view in views:
            page_views.keep_view(session, conversation, view)
    pages = get(mei, api(conversation, "card"), reader)["pages"]
    assert [(page["path"], page["seconds"]) for page in pages] == [
        ("/old", 0),
        ("/tents/nest", 12),
        ("/tents", 20),
    ]
    [gone, tent, tents] = [page["product"] for page in pages]
    assert (gone, tents) == (None, None)
    engine = make_engine(site.settings.shop.database_url)
    with read_transaction(engine) as session:
        known = get_product(session, "KT-601", reader)
    engine.dispose()
    assert known is not None
    assert tent == known.name
    assert name in (None, tent)


def test_orders_that_were_proved_are_looked_up_live(
    site: Site, mei: DeskAgent, conversation: str
) -> None:
    number, _, name = an_order(site)
    with write_transaction(site.engine) as session:
        remember_proof(session, conversation, number)
    card = get(mei, api(conversation, "card"))
    [order] = card["orders"]
    assert order["number"] == number
    assert order["items"]
    assert order["total"]["amount"]
    assert order["total"]["currency"] == "CNY"
    # Who proves an order has not said who they are.
    assert card["customer"]["signed_in"] is False
    assert card["customer"]["name"] is None
    assert name not in str(card)


def test_whoever_is_signed_in_has_a_name_and_their_orders_alone(site: Site, mei: DeskAgent) -> None:
    number, customer_id, name = an_order(site)
    rules = load_rules(site.settings)
    assert rules is not None
    word = issue_token(customer_id, rules, TOKEN_LASTS)
    customer = Customer(site.url, "en", shops_word=word)
    customer.send(text="A person, please")
    conversation = site.answer("One moment", wanted="asked")
    customer.close()
    card = get(mei, api(conversation, "card"))
    assert card["customer"] == {
        "signed_in": True,
        "id": customer_id,
        "name": name,
        "address": None,
    }
    engine = make_engine(site.settings.shop.database_url)
    with read_transaction(engine) as session:
        theirs = set(
            session.execute(
                select(orders.c.number).where(orders.c.customer_id == int(customer_id))
            ).scalars()
        )
    engine.dispose()
    assert {order["number"] for order in card["orders"]} == theirs
    assert number in theirs


def test_what_is_known_in_slots_is_shown_and_nothing_internal(
    site: Site, mei: DeskAgent, conversation: str
) -> None:
    values = {"order_number": "202610140026", "budget": "400", "second_need_waiting": "x"}
    heard(
        site,
        conversation,
        *({"event": "slot", "name": name, "value": value} for name, value in values.items()),
    )
    assert get(mei, api(conversation, "card"))["slots"] == [
        {"name": "order_number", "value": "202610140026"},
        {"name": "budget", "value": "400"},
    ]


def test_what_the_bot_tried_and_what_came_of_it(
    site: Site, mei: DeskAgent, conversation: str
) -> None:
    apology = {"event": "bot", "text": "Sorry", "metadata": {"utter_action": "utter_action_failed"}}
    with write_transaction(site.engine) as session:
        session.query(TrackerEvent).delete()
    heard(
        site,
        conversation,
        said("page_opened"),
        said("return_item"),
        {"event": "action", "name": "order_form"},
        said("track_order"),
        apology,
        said("nlu_fallback"),
        {"event": "action", "name": "action_not_understood"},
        *(said("greet") for _ in range(20)),
    )
    tried = get(mei, api(conversation, "card"), "zh-Hans")["tried"]
    assert len(tried) == 12
    with write_transaction(site.engine) as session:
        session.query(TrackerEvent).delete()
    heard(
        site,
        conversation,
        said("page_opened"),
        said("return_item"),
        said("track_order"),
        apology,
        said("nlu_fallback"),
        {"event": "action", "name": "action_not_understood"},
    )
    tried = get(mei, api(conversation, "card"), "zh-Hans")["tried"]
    assert [(each["need"], each["title"], each["outcome"]) for each in tried] == [
        ("return_item", "我要退货", "answered"),
        ("track_order", "我的订单到哪了", "failed"),
        (None, None, "not_understood"),
    ]


def test_earlier_services_are_told(site: Site, mei: DeskAgent, conversation: str) -> None:
    mei.take(conversation)
    with write_transaction(site.engine) as session:
        row = lock_conversation(session, conversation)
        ownership.hand_back(session, row, row.epoch, row.agent_id, site.voice)
    [earlier] = get(mei, api(conversation, "card"))["earlier"]
    assert (earlier["agent"], earlier["outcome"]) == ("Mei", "handed_back")
    assert earlier["ended_at"].endswith("Z")


class Hanging(BaseHTTPRequestHandler):
    """A shop's API that takes a call and never answers."""

    def do_GET(self) -> None:
        time.sleep(8)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hanging_shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hanging)
    server.daemon_threads, server.block_on_close = True, False
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("down", ["hanging", "closed"])
def test_with_the_shop_slow_or_down_the_card_says_so(
    make_site: SiteMaker, hanging_shop: str, down: str
) -> None:
    url = hanging_shop if down == "hanging" else "http://127.0.0.1:9"
    site = make_site(SHOP_API_URL=url, SHOP_API_TOKEN="token", SHOP_API_TIMEOUT_SECONDS=60)
    customer, mei = site.customer(), site.agent()
    customer.send(text="A person, please")
    conversation = site.answer("One moment", wanted="asked")
    with write_transaction(site.engine) as session:
        remember_proof(session, conversation, "202610140026")
    began = time.monotonic()
    card = get(mei, api(conversation, "card"))
    assert time.monotonic() - began < 7
    assert card["orders"] == "shop_unreachable"
    assert card["customer"]["signed_in"] is False


# suggestions, search, ready replies


def test_without_the_bot_answers_are_found_by_words_in_the_customers_language(
    site: Site, mei: DeskAgent
) -> None:
    ready_replies(site)
    customer = site.customer("zh-Hans")
    customer.send(text="运费多少")
    conversation = site.answer("好", wanted="asked")
    found = get(mei, api(conversation, "suggestions"), "en")
    assert found["understood"] == []  # nobody listens on the bot's port
    first, *others = found["replies"]
    assert (first["source"], first["text"]) == ("canned", LOOK_FIRST["zh-Hans"])
    assert "utter_faq/shipping_cost" in [each["id"] for each in others]
    assert "199" in next(each["text"] for each in others if "shipping_cost" in each["id"])


def test_ready_replies_are_filled_for_the_conversation(
    site: Site, mei: DeskAgent, conversation: str
) -> None:
    ready_replies(site)
    with write_transaction(site.engine) as session:
        remember_proof(session, conversation, "202610140026")
    canned = get(mei, "/desk/api/canned", language="en", conversation=conversation)["canned"]
    assert [(each["shortcut"], each["text"]) for each in canned] == [
        ("look", "One moment, …, I'm reading what you wrote."),
        ("back", "Send it back within 30 days, says Mei."),
    ]
    canned = get(mei, "/desk/api/canned", language="ja", conversation=conversation)["canned"]
    assert canned[1]["text"] == "202610140026の件です。"
    assert get(mei, "/desk/api/canned", "zh-Hans")["canned"][0]["text"] == LOOK_FIRST["zh-Hans"]


@pytest.mark.parametrize(
    ("language", "query", "kind", "wanted"),
    [
        ("en", "how much is shipping", "fact", "shipping_fee"),
        ("en", "shipping cost", "answer", "utter_faq/shipping_cost"),
        ("en", "returns", "fact", "returns_days"),
        ("zh-Hans", "运费", "answer", "utter_faq/shipping_cost"),
        ("zh-Hans", "shipping cost", "answer", "utter_faq/shipping_cost"),  # by its English title
        ("zh-Hant", "保固", "answer", "utter_faq/warranty_repair"),
        ("ja", "送料", "answer", "utter_faq/shipping_cost"),
        ("ja", "ﾍﾝﾋﾟﾝ 返品", "answer", "utter_faq/returns_policy"),
    ],
)
def test_answers_and_terms_are_found_in_every_language(
    open_site: Site, language: str, query: str, kind: str, wanted: str
) -> None:
    results = get(open_site.agent(), "/desk/api/search", q=query, language=language)["results"]
    assert (kind, wanted) in [(each["kind"], each["id"]) for each in results[:5]]
    assert all("{" not in each["text"] for each in results)
    assert len({each["text"] for each in results}) == len(results)


def test_ready_replies_are_found_too_and_nothing_by_nonsense(site: Site, mei: DeskAgent) -> None:
    ready_replies(site)
    results = get(mei, "/desk/api/search", q="前面的对话", language="zh-Hans")["results"]
    assert (results[0]["kind"], results[0]["title"]) == ("canned", "look")
    assert get(mei, "/desk/api/search", q="  ")["results"] == []
    assert get(mei, "/desk/api/search", q="ξξξξ")["results"] == []
    answer = mei.http.get("/desk/api/search", params={"q": "a" * 201})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "query_too_long")


# examples for training


def test_a_lead_marks_a_sentence_and_it_is_kept_without_personal_data(
    site: Site, mei: DeskAgent
) -> None:
    customer = site.customer("zh-Hans")
    customer.send(text="我叫李小明，订单202610140026要退货，电话13700001234")
    conversation = site.answer("好", wanted="asked")
    mei.take(conversation)
    mei.write(conversation, "李小明您好，我是Mei，马上帮您办")
    lead = site.agent("Lee", "lead")
    for need in (None, "return_item"):
        answer = lead.change(conversation, "example", {"line": 1, "need": need})
        assert answer.status_code == 201, answer.text
    with read_transaction(site.engine) as session:
        [example] = session.execute(select(TrainingExample)).scalars()
        marked = session.execute(
            select(AuditEntry.agent_name, AuditEntry.subject).where(
                AuditEntry.action == "example_marked"
            )
        ).all()
    assert example.text == "我叫[name]，订单[order_number]要退货，电话[phone]"
    assert "Mei" not in example.answer
    assert (example.need, example.language) == ("return_item", "zh-Hans")
    assert {tuple(row) for row in marked} == {("Lee", conversation)}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "no_line"),
        ({"line": True}, 422, "no_line"),
        ({"line": 10**12}, 422, "no_line"),
        ({"line": 2}, 404, "no_such_line"),  # the bot's
        ({"line": 99}, 404, "no_such_line"),
        ({"line": 1, "need": "nonsense"}, 422, "no_such_need"),
        ({"line": 1, "need": ["return_item"]}, 422, "no_such_need"),
    ],
)
def test_what_is_no_example_is_refused(
    site: Site, conversation: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = site.agent("Lee", "lead").change(conversation, "example", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_agent_may_not_mark(mei: DeskAgent, conversation: str) -> None:
    assert mei.change(conversation, "example", {"line": 1}).status_code == 403


@pytest.mark.parametrize("what", ["card", "suggestions"])
@pytest.mark.parametrize("named", ["0" * 32, "nonsense"])
def test_where_there_is_no_conversation(open_site: Site, what: str, named: str) -> None:
    answer = open_site.agent().http.get(api(named, what))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_conversation")
    answer = open_site.agent().http.get("/desk/api/canned", params={"conversation": named})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path", ["conversations/x/card", "conversations/x/suggestions", "search?q=a", "canned"]
)
def test_nobody_is_helped_without_an_account(open_site: Site, path: str) -> None:
    assert open_site.http().get(f"/desk/api/{path}").status_code == 401
