"""Goods asked about: shown, in stock or not, side by side; or asked for, with goods to choose."""

from __future__ import annotations

import pytest

from actions.goods import MOST_SHOWN
from tenin.bot.payloads import parse
from tenin.language.languages import configured
from tenin.shop.catalogue import ProductView
from tests.unit.actions.counter import Answer, Counter, cards, payloads, said, shown, titles, words

READY = configured().ready
# The needs that ask which product is meant, with the question.
ASKING = {"product_info": "utter_product_info_which", "stock_availability": "utter_stock_which"}
UNKNOWN = "KX-000"


def ask(counter: Counter, need: str, *named: str, category: str = "", **rest: object) -> Answer:
    """Ask in a typed message that names products, and a category if one is given."""
    entities = [("product", sku) for sku in named] + ([("category", category)] if category else [])
    return counter.run(f"action_{need}", need=need, named=entities, **rest)  # type: ignore[arg-type]


def asks_which(counter: Counter, need: str, answer: Answer, language: str) -> list[str]:
    """Hold that the answer asks which product; return the SKUs to choose from."""
    assert said(answer) == [ASKING[need]]
    assert answer["events"] == []
    [message] = shown(answer, language)
    assert message.text
    names = {good.sku: good.name for good in counter.goods(language)}
    skus = []
    for title, payload in zip(titles(message), payloads(message), strict=True):
        data = parse(payload, title)
        assert data["intent"]["name"] == need
        [entity] = data["entities"]
        assert entity["entity"] == "product"
        assert names[entity["value"]] == title
        skus.append(entity["value"])
    assert len(set(skus)) == len(skus)
    return skus


def test_the_most_shown_are_fewer_than_there_are(counter: Counter) -> None:
    """Or nothing below would be cut off."""
    assert len(counter.goods("en", "shoes")) >= MOST_SHOWN
    assert len(counter.goods("en")) > MOST_SHOWN


# product_info


def is_card_of(card: dict[str, object], good: ProductView) -> bool:
    return card == {
        "kind": "product",
        "title": good.name,
        "text": f"{good.description} {good.reason}",
        "price": float(good.price),
        "currency": good.currency,
        "image": good.image,
        "url": f"/#{good.sku}",
        "in_stock": good.in_stock,
    }


@pytest.mark.parametrize("language", READY)
def test_a_product_named_is_shown_with_what_is_known_of_it(counter: Counter, language: str) -> None:
    good = counter.goods(language)[3]
    answer = ask(counter, "product_info", good.sku, language=language)
    assert said(answer) == ["utter_product_info"]
    assert answer["events"] == []
    [message] = shown(answer, language)
    [card] = cards(message)
    assert is_card_of(card, good)
    assert payloads(message) == ["/faq/size_advice", "/stock_availability"]


def test_a_product_is_shown_to_whoever_presses_its_button(counter: Counter) -> None:
    good = counter.goods("en")[5]
    need = f'product_info{{"product": "{good.sku}"}}'
    answer = counter.run("action_product_info", need=need, text=good.name, language="en")
    assert [card["url"] for card in cards(shown(answer, "en")[0])] == [f"/#{good.sku}"]


@pytest.mark.parametrize("need", ASKING)
def test_the_product_talked_about_last_is_meant(counter: Counter, need: str) -> None:
    first, second = counter.goods("en")[:2]
    remembered = ask(counter, need, language="en", product=first.sku)
    assert remembered["responses"] == ask(counter, need, first.sku, language="en")["responses"]
    # What is named now goes before it.
    other = ask(counter, need, second.sku, language="en", product=first.sku)
    assert other["responses"] == ask(counter, need, second.sku, language="en")["responses"]
    assert other["responses"] != remembered["responses"]


@pytest.mark.parametrize("need", ASKING)
def test_a_category_named_is_not_about_the_product_before(counter: Counter, need: str) -> None:
    tent = counter.goods("en", "camping")[0]
    answer = ask(counter, need, category="shoes", language="en", product=tent.sku)
    shoes = {good.sku for good in counter.goods("en", "shoes")}
    assert set(asks_which(counter, need, answer, "en")) <= shoes


@pytest.mark.parametrize("need", ASKING)
def test_a_product_named_beside_its_category_is_meant(counter: Counter, need: str) -> None:
    shoe = counter.goods("en", "shoes")[2]
    answer = ask(counter, need, shoe.sku, category="shoes", language="en")
    assert answer["responses"] == ask(counter, need, shoe.sku, language="en")["responses"]


@pytest.mark.parametrize("language", READY)
def test_several_products_named_are_each_shown_once(counter: Counter, language: str) -> None:
    goods = counter.goods(language)
    named = [good.sku for good in (goods[7], goods[1], goods[7], *goods[2:7])]
    [message] = shown(ask(counter, "product_info", *named, language=language), language)
    wanted = [goods[7], goods[1], goods[2], goods[3]]
    assert len(cards(message)) == MOST_SHOWN
    assert all(map(is_card_of, cards(message), wanted))


# which product is meant


@pytest.mark.parametrize("need", ASKING)
@pytest.mark.parametrize("language", READY)
def test_where_none_is_named_it_is_asked_with_goods_to_choose(
    counter: Counter, need: str, language: str
) -> None:
    answer = ask(counter, need, language=language)
    assert len(asks_which(counter, need, answer, language)) == MOST_SHOWN


@pytest.mark.parametrize("need", ASKING)
@pytest.mark.parametrize("language", READY)
def test_where_a_category_is_named_it_is_asked_with_its_goods(
    counter: Counter, need: str, language: str
) -> None:
    answer = ask(counter, need, category="bags", language=language)
    bags = [bag.sku for bag in counter.goods(language, "bags")]
    assert asks_which(counter, need, answer, language) == bags[:MOST_SHOWN]


@pytest.mark.parametrize("need", ASKING)
@pytest.mark.parametrize(
    "unknown", [UNKNOWN, "", "\x00", "'; DROP TABLE products; --", "商品", "x" * 5000]
)
def test_an_unknown_product_is_asked_for(counter: Counter, need: str, unknown: str) -> None:
    answer = ask(counter, need, unknown, language="en")
    assert len(asks_which(counter, need, answer, "en")) == MOST_SHOWN
    assert counter.goods("en")


@pytest.mark.parametrize("need", ASKING)
def test_an_unknown_product_of_a_button_is_asked_for(counter: Counter, need: str) -> None:
    """A button of yesterday, of goods that the shop has no more; the slot has it too."""
    pressed = f'{need}{{"product": "{UNKNOWN}"}}'
    answer = counter.run(f"action_{need}", need=pressed, language="en", product=UNKNOWN)
    assert len(asks_which(counter, need, answer, "en")) == MOST_SHOWN


@pytest.mark.parametrize("need", ASKING)
@pytest.mark.parametrize("language", READY)
def test_a_product_without_text_in_the_language_is_asked_for(
    counter: Counter, need: str, language: str
) -> None:
    good = counter.goods(language)[0]
    counter.forget_text(good.sku, language)
    answer = ask(counter, need, good.sku, language=language)
    assert good.sku not in asks_which(counter, need, answer, language)
    other = next(each for each in READY if each != language)
    assert good.name not in words(answer, language)
    assert said(ask(counter, need, good.sku, language=other)) != [ASKING[need]]


@pytest.mark.parametrize("need", ASKING)
@pytest.mark.parametrize("category", ["shoes", "no such category", "\x00", ""])
def test_there_is_always_something_to_choose(counter: Counter, need: str, category: str) -> None:
    """The question says that there is: of a category sold out or unknown, of a shop sold out."""
    counter.sell_out([shoe.sku for shoe in counter.goods("en", "shoes")])
    answer = ask(counter, need, category=category, language="en")
    assert len(asks_which(counter, need, answer, "en")) == MOST_SHOWN
    counter.sell_out()
    answer = ask(counter, need, category=category, language="en")
    assert len(asks_which(counter, need, answer, "en")) == MOST_SHOWN


def test_of_a_category_sold_out_its_own_goods_are_to_choose(counter: Counter) -> None:
    """Who asks whether there are any gets told so of each, not of other goods."""
    shoes = [shoe.sku for shoe in counter.goods("en", "shoes")]
    counter.sell_out(shoes)
    answer = ask(counter, "stock_availability", category="shoes", language="en")
    assert asks_which(counter, "stock_availability", answer, "en") == shoes[:MOST_SHOWN]


# stock_availability


@pytest.mark.parametrize("language", READY)
def test_in_stock_or_sold_out_as_the_shop_has_it_now(counter: Counter, language: str) -> None:
    good = counter.goods(language)[0]
    assert good.in_stock
    answer = ask(counter, "stock_availability", good.sku, language=language)
    assert said(answer) == ["utter_stock_in"]
    assert good.name in words(answer, language)
    counter.sell_out([good.sku])
    answer = ask(counter, "stock_availability", good.sku, language=language)
    [response] = said(answer)
    assert response.startswith("utter_stock_out_")  # with the nearest in stock
    [message] = shown(answer, language, product=good.sku)
    assert good.name in str(message.text)
    assert good.sku not in str(message.text)
    assert payloads(message) == ["/restock_wish", "/recommend_product", "/human_agent"]


@pytest.mark.parametrize("language", READY)
def test_of_two_products_named_each_is_told_of(counter: Counter, language: str) -> None:
    here, gone = counter.goods(language)[:2]
    counter.sell_out([gone.sku])
    answer = ask(counter, "stock_availability", gone.sku, here.sku, language=language)
    assert [name[:15] for name in said(answer)] == ["utter_stock_out", "utter_stock_in"]
    first, second = shown(answer, language)
    assert gone.name in str(first.text)
    assert here.name in str(second.text)


def test_what_is_known_is_told_of_beside_what_is_not(counter: Counter) -> None:
    good = counter.goods("en")[0]
    answer = ask(counter, "stock_availability", UNKNOWN, good.sku, language="en")
    assert said(answer) == ["utter_stock_in"]


# compare_products


@pytest.mark.parametrize("language", READY)
def test_two_products_named_are_put_side_by_side(counter: Counter, language: str) -> None:
    goods = counter.goods(language)
    answer = ask(counter, "compare_products", goods[6].sku, goods[2].sku, language=language)
    assert said(answer) == ["utter_compare"]
    [message] = shown(answer, language)
    assert message.text
    assert len(cards(message)) == 2
    assert all(map(is_card_of, cards(message), [goods[6], goods[2]]))


def compared(counter: Counter, *named: str, category: str = "") -> list[str]:
    answer = ask(counter, "compare_products", *named, category=category, language="en")
    assert said(answer) == ["utter_compare"]
    return [card["url"].removeprefix("/#") for card in cards(shown(answer, "en")[0])]


def test_more_than_are_shown_are_cut(counter: Counter) -> None:
    skus = [good.sku for good in counter.goods("en")][:6]
    assert compared(counter, *skus) == skus[:MOST_SHOWN]


def test_the_goods_of_a_category_are_compared(counter: Counter) -> None:
    bags = [bag.sku for bag in counter.goods("en", "bags")]
    assert compared(counter, category="bags") == bags[:MOST_SHOWN]


def test_a_product_is_compared_with_its_category(counter: Counter) -> None:
    """Also one that is not among those that sell best."""
    shoes = [shoe.sku for shoe in counter.goods("en", "shoes")]
    assert compared(counter, shoes[-1], category="shoes") == [shoes[-1], *shoes[: MOST_SHOWN - 1]]
    assert compared(counter, shoes[1], category="shoes")[:2] == [shoes[1], shoes[0]]


def test_two_products_named_beside_a_category_are_the_two(counter: Counter) -> None:
    skus = [bag.sku for bag in counter.goods("en", "bags")][2:4]
    assert compared(counter, *skus, category="bags") == skus


def test_what_is_sold_out_is_compared_all_the_same(counter: Counter) -> None:
    skus = [bag.sku for bag in counter.goods("en", "bags")][:2]
    counter.sell_out()
    assert compared(counter, *skus) == skus


@pytest.mark.parametrize("language", READY)
def test_where_there_are_not_two_it_is_asked_which(counter: Counter, language: str) -> None:
    one, other = (good.sku for good in counter.goods(language)[:2])
    counter.forget_text(other, language)
    asked = [
        ask(counter, "compare_products", *named, category=category, language=language)
        for named, category in [
            ((), ""),
            ((one,), ""),
            ((one, one), ""),
            ((one, UNKNOWN), ""),
            ((one, other), ""),
            ((), "no such category"),
        ]
    ]
    assert all(said(answer) == ["utter_compare_which"] for answer in asked)
    assert all(words(answer, language) for answer in asked)
    assert not any(cards(message) for answer in asked for message in shown(answer, language))
