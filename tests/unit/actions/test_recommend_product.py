"""Recommendations: what is in stock, in the customer's language, with a reason and a picture."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tenin.conversation import page_views
from tenin.conversation.page_views import View
from tenin.database import read_transaction, write_transaction
from tenin.language.languages import configured
from tenin.shop.models import product_text, products
from tests.unit.actions.counter import Answer, Counter, said, shown, slots_set, words


def cards(answer: Answer) -> list[dict[str, Any]]:
    [response] = answer["responses"]
    found: list[dict[str, Any]] = response["custom"]["cards"]
    return found


def recommend(counter: Counter, **slots: Any) -> Answer:
    return counter.run("action_recommend_product", need="recommend_product", **slots)


def goods(counter: Counter, sku: str, language: str) -> Any:
    with read_transaction(counter.shop) as session:
        return session.execute(
            select(products, product_text.c.name, product_text.c.reason)
            .join(product_text, product_text.c.product_id == products.c.id)
            .where(products.c.sku == sku, product_text.c.language == language)
        ).one()


@pytest.mark.parametrize("language", configured().ready)
def test_cards_say_what_the_shop_says_of_its_goods(counter: Counter, language: str) -> None:
    answer = recommend(counter, language=language)
    assert said(answer) == ["utter_recommend"]
    assert slots_set(answer)["stage"] == "recommend"
    assert words(answer, language)
    assert len(cards(answer)) == 3
    for card in cards(answer):
        sku = card["url"].removeprefix("/#")
        found = goods(counter, sku, language)
        assert found.stock > 0
        assert (card["title"], card["text"]) == (found.name, found.reason)
        assert (card["price"], card["currency"]) == (float(found.price), found.currency)
        assert card["kind"] == "product"
        assert card["image"].startswith("/")
        assert set(card) == {"kind", "title", "text", "price", "currency", "image", "url"}


def test_without_a_language_it_is_the_default_s(counter: Counter) -> None:
    assert recommend(counter) == recommend(counter, language=configured().default)


def test_what_is_sold_out_is_not_recommended(counter: Counter) -> None:
    """Asked again and again while the shop sells out, down to nothing."""
    seen: set[str] = set()
    for _ in range(100):
        answer = recommend(counter, language="en")
        if said(answer) == ["utter_recommend_none"]:
            break
        skus = [card["url"].removeprefix("/#") for card in cards(answer)]
        assert skus
        assert not seen.intersection(skus)
        assert all(goods(counter, sku, "en").stock > 0 for sku in skus)
        seen.update(skus)
        counter.sell_out(skus)
    with read_transaction(counter.shop) as session:
        everything = set(session.execute(select(products.c.sku)).scalars())
        assert not session.execute(select(products.c.sku).where(products.c.stock > 0)).first()
    assert len(seen) > 3
    assert seen <= everything


@pytest.mark.parametrize("language", configured().ready)
def test_what_the_customer_agreed_to_tell_they_looked_at_comes_first(
    counter: Counter, language: str
) -> None:
    conversation, usual = counter.room.begin(language), recommend(counter, language=language)
    sku = next(each for each in everything(counter) if each not in skus_of(usual))
    with write_transaction(counter.conversations) as session:
        page_views.keep_consent(session, conversation, True)
        page_views.keep_view(session, conversation, View("/p", "A page", sku, "product"))
    answer = recommend(counter, language=language, sender=conversation)
    assert said(answer) == ["utter_recommend_looked_at"]
    assert skus_of(answer) == [sku, *skus_of(usual)[:2]]
    assert goods(counter, sku, language).name in str(words(answer, language))
    why = counter.run(
        "action_why_this",
        need="why_this",
        sender=conversation,
        language=language,
        shown=slots_set(answer)["shown"],
    )
    assert said(why)[0] == "utter_why_looked_at"
    assert goods(counter, sku, language).name in str(words(why, language))

    # Consent withdrawn: as for anybody else.
    with write_transaction(counter.conversations) as session:
        page_views.keep_consent(session, conversation, False)
    assert skus_of(recommend(counter, language=language, sender=conversation)) == skus_of(usual)


def skus_of(answer: Answer) -> list[str]:
    return [card["url"].removeprefix("/#") for card in cards(answer)]


def everything(counter: Counter) -> list[str]:
    with read_transaction(counter.shop) as session:
        in_stock = select(products.c.sku).where(products.c.stock > 0).order_by(products.c.sku)
        return list(session.execute(in_stock).scalars())


@pytest.mark.parametrize("language", configured().ready)
def test_nothing_in_stock_is_said_in_words(counter: Counter, language: str) -> None:
    counter.sell_out()
    answer = recommend(counter, language=language)
    assert said(answer) == ["utter_recommend_none"]
    assert answer["responses"][0]["custom"] == {}
    assert words(answer, language)


@pytest.mark.parametrize("language", configured().ready)
def test_of_a_category_named_only_its_own_goods_in_stock(counter: Counter, language: str) -> None:
    shoes = counter.goods(language, "shoes")
    counter.sell_out([shoes[0].sku])
    answer = recommend(counter, named=[("category", "shoes")], language=language)
    assert said(answer) == ["utter_recommend_category"]
    [message] = shown(answer, language)
    assert shoes[0].category_name in str(message.text)
    skus = [card["url"].removeprefix("/#") for card in cards(answer)]
    assert skus == [shoe.sku for shoe in shoes if shoe.sku != shoes[0].sku and shoe.in_stock][:3]


def test_of_two_categories_named_it_is_the_first(counter: Counter) -> None:
    named = [("category", "bags"), ("category", "shoes")]
    answer = recommend(counter, named=named, language="en")
    bags = {bag.sku for bag in counter.goods("en", "bags")}
    assert {card["url"].removeprefix("/#") for card in cards(answer)} <= bags


@pytest.mark.parametrize("language", configured().ready)
def test_a_category_that_is_sold_out_or_unknown_has_nothing(
    counter: Counter, language: str
) -> None:
    counter.sell_out([shoe.sku for shoe in counter.goods(language, "shoes")])
    for category in ("shoes", "no such category"):
        answer = recommend(counter, named=[("category", category)], language=language)
        assert said(answer) == ["utter_recommend_none"]
        assert words(answer, language)


@pytest.mark.parametrize("language", configured().ready)
def test_goods_of_a_category_without_a_name_are_recommended_without_it(
    counter: Counter, language: str
) -> None:
    counter.forget_category_text("shoes", language)
    answer = recommend(counter, named=[("category", "shoes")], language=language)
    assert said(answer) == ["utter_recommend"]
    assert len(cards(answer)) == 3
    assert words(answer, language)


def test_goods_without_text_in_the_language_are_not_recommended(counter: Counter) -> None:
    first = cards(recommend(counter, language="ja"))[0]["url"].removeprefix("/#")
    counter.forget_text(first, "ja")
    assert f"/#{first}" not in [card["url"] for card in cards(recommend(counter, language="ja"))]
    assert f"/#{first}" in [card["url"] for card in cards(recommend(counter, language="en"))]
