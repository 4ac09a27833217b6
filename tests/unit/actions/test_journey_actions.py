"""The journey's own actions: welcome, doubt, the questions about the need, why, sold out."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import ActionExecuted, ActiveLoop, Event

from tenin.language.languages import configured
from tests.unit.actions.counter import (
    Answer,
    Counter,
    cards,
    payloads,
    said,
    shown,
    slots_set,
    words,
)

READY = configured().ready
IN_FORM: tuple[Event, ...] = (
    ActiveLoop("recommend_form"),
    ActionExecuted("recommend_form"),
    ActionExecuted("action_listen"),
)


def asked(counter: Counter, question: str, text: str, **rest: Any) -> Answer:
    """The form's check of an answer to a question."""
    rest.setdefault("need", "nlu_fallback")
    return counter.run(
        "validate_recommend_form", text=text, before=IN_FORM, requested_slot=question, **rest
    )


def opened(counter: Counter, text: str, **rest: Any) -> Answer:
    return counter.run("validate_recommend_form", need="recommend_product", text=text, **rest)


@pytest.mark.parametrize("language", READY)
def test_a_first_visitor_sees_goods(counter: Counter, language: str) -> None:
    answer = counter.run("action_welcome", need="page_opened", language=language)
    assert said(answer) == ["utter_welcome"]
    assert len(cards(shown(answer, language)[0])) == 3
    assert slots_set(answer) == {"stage": "welcome"}


def test_a_welcome_without_a_shop(counter: Counter) -> None:
    counter.sell_out()
    answer = counter.run("action_welcome", need="page_opened", language="en")
    assert said(answer) == ["utter_welcome"]
    assert cards(shown(answer, "en")[0]) == []


@pytest.mark.parametrize("language", READY)
@pytest.mark.parametrize("kind", ["after_sales", "price", "quality", "undecided"])
def test_a_doubt_in_its_three_ways(counter: Counter, kind: str, language: str) -> None:
    """With a reason; to the impatient the answer itself; the second time with a person."""
    need = f"doubt_{kind}"
    product = counter.goods(language)[0]
    ways = [
        ("action_doubt", {}, f"utter_{need}", 1),
        ("action_doubt", {"impatient": True}, f"utter_{need}_direct", 1),
        ("action_reassure", {}, f"utter_reassure_{kind}", 2),
    ]
    for action, slots, response, goods in ways:
        answer = counter.run(action, need=need, language=language, product=product.sku, **slots)
        assert said(answer) == [response]
        [message] = shown(answer, language)
        assert cards(message)[0]["title"] == product.name
        assert len(cards(message)) == goods
        assert slots_set(answer)["stage"] == "doubt"


def test_a_doubt_in_a_form_asks_nothing_of_its_own(counter: Counter) -> None:
    answer = counter.run("action_doubt", need="doubt_price", language="en", before=IN_FORM)
    assert said(answer) == ["utter_doubt_price_direct"]


def test_two_doubts_make_a_hesitant_customer(counter: Counter) -> None:
    answer = counter.run("action_reassure", need="doubt_price", language="en")
    assert slots_set(answer)["hesitant"] is True
    assert len(cards(shown(answer, "en")[0])) == 2


@pytest.mark.parametrize(
    ("question", "text", "named", "value"),
    [
        ("purpose", "for hiking", (), "for hiking"),
        ("purpose", "送礼用的", (), "送礼用的"),
        ("purpose", "没想好，都行", (), "open"),
        ("budget", "300 at most", (), "300"),
        ("budget", "300 or so", (), "360.0"),
        ("preference", "dunno", (), "open"),
        ("budget", "不要太贵", (), "little"),
        ("budget", "五百块以内", (("money", "500.00 CNY"),), "500.00"),
        ("preference", "shoes", (("category", "shoes"),), "shoes"),
        ("preference", "特にない", (), "open"),
    ],
)
def test_an_answer_is_taken(
    counter: Counter, question: str, text: str, named: Any, value: str
) -> None:
    answer = asked(counter, question, text, named=named, language="zh-Hans")
    assert slots_set(answer)[question] == value


@pytest.mark.parametrize("question", ["purpose", "budget", "preference"])
@pytest.mark.parametrize("text", ["xkcd brumm zzyx", "do you ship to Japan?"])
def test_what_is_no_answer_is_left_to_its_own_rule(
    counter: Counter, question: str, text: str
) -> None:
    assert asked(counter, question, text, language="en")["events"] == []


def test_a_wish_of_its_own_is_no_answer(counter: Counter) -> None:
    for need in ("stock_availability", "faq/shipping_cost", "human_agent"):
        answer = asked(counter, "purpose", "for hiking", need=need, language="en")
        assert answer["events"] == [], need  # a button, which is sure


def test_just_show_me_ends_the_questions(counter: Counter) -> None:
    answer = asked(counter, "purpose", "just tell me which one", language="en")
    assert slots_set(answer) == {
        "purpose": "open",
        "budget": "open",
        "preference": "open",
        "impatient": True,
    }


def test_asked_again_in_the_middle_the_rest_is_left_open(counter: Counter) -> None:
    answer = asked(
        counter, "budget", "show me some", need="recommend_product", purpose="hiking", language="en"
    )
    assert slots_set(answer) == {"budget": "open", "preference": "open"}


def test_with_nothing_known_the_first_question_is_put(counter: Counter) -> None:
    """Also when Rasa has opened the form already, as it has."""
    for before in ((), (ActiveLoop("recommend_form"),)):
        found = opened(counter, "recommend me something", before=before, language="en")
        assert found["events"] == []


def test_for_others_than_those_shown_nothing_is_asked(counter: Counter) -> None:
    found = opened(counter, "something else", shown=["KS-103 popular"], language="en")
    assert set(slots_set(found).values()) == {"open"}


def test_what_the_message_says_is_not_asked(counter: Counter) -> None:
    assert opened(counter, "any tips?", language="en")["events"] == []
    camping = [("category", "camping")]
    answer = opened(counter, "something good", named=camping, language="en")
    assert slots_set(answer) == {"preference": "camping"}
    answer = opened(counter, "想送我爸的生日禮物，預算五百以內", language="zh-Hant")
    assert set(slots_set(answer)) == {"purpose", "budget"}
    assert slots_set(answer)["budget"] == "500"


def test_no_rate_of_exchange_is_made_up(counter: Counter) -> None:
    answer = asked(counter, "budget", "50 dollars", named=[("money", "50.00 USD")], language="en")
    assert said(answer) == ["utter_budget_currency"]
    assert slots_set(answer)["budget"] == "open"


@pytest.mark.parametrize("language", READY)
def test_the_kinds_of_goods_are_buttons(counter: Counter, language: str) -> None:
    answer = counter.run("action_ask_recommend_form_preference", language=language)
    [message] = shown(answer, language)
    assert '/recommend_product{"category": "shoes"}' in payloads(message)


@pytest.mark.parametrize("language", READY)
def test_what_suits_is_recommended_within_the_budget(counter: Counter, language: str) -> None:
    purpose = {"en": "camping", "zh-Hans": "露营", "zh-Hant": "露營", "ja": "キャンプ"}[language]
    answer = counter.run(
        "action_recommend_product",
        need="inform",
        language=language,
        purpose=purpose,
        budget="500",
        preference="open",
    )
    assert said(answer) == ["utter_recommend_for_need"]
    found = cards(shown(answer, language)[0])
    assert 0 < len(found) <= 3
    assert max(card["price"] for card in found) <= 500
    why = counter.run("action_why_this", language=language, shown=slots_set(answer)["shown"])
    assert said(why) == ["utter_why_need"]
    assert found[0]["title"] in str(shown(why, language)[0].text)


def test_nothing_within_the_budget_is_said_so(counter: Counter) -> None:
    answer = counter.run(
        "action_recommend_product", language="en", preference="shoes", budget="50", purpose="open"
    )
    assert said(answer) == ["utter_recommend_over_budget"]
    assert len(cards(shown(answer, "en")[0])) == 1


def test_what_is_cheap_is_no_answer_to_a_need_that_something_dearer_meets(
    counter: Counter,
) -> None:
    known = {"purpose": "a rain jacket for rainy days", "preference": "jackets", "budget": "600"}
    answer = counter.run("action_recommend_product", language="en", **known)
    assert said(answer) == ["utter_recommend_over_budget"]
    [card] = cards(shown(answer, "en")[0])
    assert "Rain" in card["title"]


def test_one_that_was_recommended_is_talked_about(counter: Counter) -> None:
    known = {"language": "en", "purpose": "open", "preference": "shoes"}
    one = counter.run("action_recommend_product", budget="50", **known)
    [card] = cards(shown(one, "en")[0])
    assert slots_set(one)["product"] == card["url"].removeprefix("/#")
    assert slots_set(counter.run("action_recommend_product", **known))["product"] is None


def test_several_that_were_recommended_are_to_choose_from(counter: Counter) -> None:
    first = slots_set(counter.run("action_recommend_product", language="en", preference="bags"))
    asked_about = counter.run(
        "action_stock_availability", need="stock_availability", shown=first["shown"], language="en"
    )
    [response] = asked_about["responses"]
    payloads = [choice["payload"] for choice in response["choices"]]
    assert len(payloads) == len(first["shown"])
    for payload, kept in zip(payloads, first["shown"], strict=True):
        assert kept.split()[0] in payload


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "is there anything cheaper"),
        ("zh-Hans", "有没有更便宜的"),
        ("zh-Hant", "有便宜一點的嗎"),
        ("ja", "もっと安いのはありますか"),
    ],
)
def test_cheaper_is_less_than_all_that_was_shown(
    counter: Counter, language: str, text: str
) -> None:
    known: dict[str, Any] = {"language": language, "preference": "jackets", "purpose": "open"}
    found = counter.run("action_recommend_product", **known)
    prices = {card["price"] for card in cards(shown(found, language)[0])}
    while True:
        slots = slots_set(found)
        known |= {"shown": slots["shown"], "rejected": slots["rejected"]}
        found = counter.run(
            "action_recommend_product", need="recommend_product", text=text, **known
        )
        if said(found) == ["utter_recommend_cheapest"]:
            break
        below = {card["price"] for card in cards(shown(found, language)[0])}
        assert max(below) < min(prices)
        prices = below


def test_what_was_turned_down_does_not_come_back(counter: Counter) -> None:
    known: dict[str, Any] = {"language": "en", "purpose": "open", "preference": "shoes"}
    first = slots_set(counter.run("action_recommend_product", **known))
    denied = slots_set(
        counter.run("action_deny", need="deny", shown=first["shown"], offered=first["offered"])
    )
    seen = {each.split()[0] for each in first["shown"]}
    assert set(denied["rejected"]) == seen
    second = slots_set(
        counter.run("action_recommend_product", rejected=denied["rejected"], **known)
    )
    assert second["shown"]
    assert not seen & {each.split()[0] for each in second["shown"]}


def test_a_no_and_a_yes_to_what_was_offered(counter: Counter) -> None:
    assert said(counter.run("action_deny", need="deny", offered="goods")) == ["utter_no_pressure"]
    assert said(counter.run("action_deny", need="deny")) == ["utter_deny"]
    assert said(counter.run("action_affirm", need="affirm")) == ["utter_affirm"]


@pytest.mark.parametrize("language", READY)
def test_sold_out_leads_to_the_nearest_and_to_a_wish(counter: Counter, language: str) -> None:
    answer = counter.run(
        "action_stock_availability",
        need="stock_availability",
        named=[("product", "KT-603")],
        language=language,
    )
    assert said(answer) == ["utter_stock_out_cheaper"]
    [message] = shown(answer, language)
    assert "360" in str(message.text)  # 749 - 459
    assert slots_set(answer) == {"product": "KT-603", "offered": "restock_wish"}


def test_nothing_to_give_a_reason_for(counter: Counter) -> None:
    assert said(counter.run("action_why_this", language="en")) == ["utter_why_nothing"]


@pytest.mark.parametrize("language", READY)
def test_who_lingers_is_told_a_reason_for_what_they_look_at(
    counter: Counter, language: str
) -> None:
    product = counter.goods(language)[2]
    named = [("product", product.sku)]
    answer = counter.run("action_lingering", need="page_lingering", language=language, named=named)
    assert said(answer) == ["utter_lingering"]
    assert product.name in words(answer, language)
    assert product.reason in words(answer, language)
    assert slots_set(answer) == {"stage": "welcome", "product": product.sku}


@pytest.mark.parametrize("sku", ["", "GONE-1"])
def test_who_lingers_at_nothing_that_is_sold_is_asked(counter: Counter, sku: str) -> None:
    named = [("product", sku)] if sku else []
    answer = counter.run("action_lingering", need="page_lingering", language="en", named=named)
    assert said(answer) == ["utter_lingering_any"]
    assert slots_set(answer) == {"stage": "welcome"}
