"""Recommendations: in stock, popular, varied, with the reason in the customer's language."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.database import read_transaction, write_transaction
from tenin.shop.models import products
from tenin.shop.recommendations import (
    Recommendation,
    Wish,
    nearest_in_stock,
    recommend,
    suits_something,
)
from tenin.shop.sample_data import load_sample_data

EVERYTHING = 100


def rows_of(session: Session, goods: list[Recommendation]) -> list[tuple[str, int, int]]:
    """Category, stock and sold count of what was recommended, in its order."""
    rows = {row.sku: row for row in session.execute(select(products))}
    found = [rows[each.sku] for each in goods]
    return [(row.category, row.stock, row.sold) for row in found]


def test_three_of_three_categories_the_most_popular_first(session: Session) -> None:
    assert [each.sku for each in recommend(session, "en")] == ["KW-501", "KC-304", "KS-103"]


def test_a_recommendation_carries_what_a_card_shows(session: Session) -> None:
    assert recommend(session, "zh-Hans", limit=1) == [
        Recommendation(
            sku="KW-501",
            name="日常保温杯 500ml",
            text="杯盖能拆成三件，缝隙都洗得到，密封圈 9 元就能换新。",
            price=Decimal("139.00"),
            currency="CNY",
            image="/static/products/bottles.svg",
        )
    ]


def test_each_category_comes_once_before_any_comes_twice(session: Session) -> None:
    rows = rows_of(session, recommend(session, "en", limit=EVERYTHING))
    categories = [category for category, _, _ in rows]
    assert len(rows) == 12
    assert set(categories[:6]) == set(categories[6:])
    assert len(set(categories)) == 6
    sold = [count for _, _, count in rows]
    assert sold[:6] == sorted(sold[:6], reverse=True)
    assert sold[6:] == sorted(sold[6:], reverse=True)


def test_a_category_gives_all_it_has_in_stock(session: Session) -> None:
    rows = rows_of(session, recommend(session, "en", limit=EVERYTHING, category="camping"))
    assert {category for category, _, _ in rows} == {"camping"}
    assert len(rows) == 5  # the sleeping bag is sold out
    assert [sold for _, _, sold in rows] == sorted((sold for _, _, sold in rows), reverse=True)
    assert len(recommend(session, "en", category="camping")) == 3


@pytest.mark.parametrize("category", [None, "shoes", "jackets", "clothing", "camping"])
def test_nothing_that_is_sold_out(session: Session, category: str | None) -> None:
    goods = recommend(session, "en", limit=EVERYTHING, category=category)
    assert goods
    assert all(stock > 0 for _, stock, _ in rows_of(session, goods))


def test_what_is_excluded_makes_room_for_the_next(session: Session) -> None:
    first = recommend(session, "en", category="bottles")
    rest = recommend(session, "en", category="bottles", exclude=[each.sku for each in first])
    whole = recommend(session, "en", limit=6, category="bottles")
    assert first + rest == whole


def test_nothing_suitable_gives_nothing(session: Session) -> None:
    assert recommend(session, "xx") == []
    assert recommend(session, "en", category="boats") == []
    assert recommend(session, "en", limit=0) == []


def test_the_last_one_sold_is_recommended_no_more(empty_shop: Engine, today: date) -> None:
    with write_transaction(empty_shop) as session:
        load_sample_data(session, today)
        session.execute(products.update().where(products.c.sku == "KW-501").values(stock=0))
    with read_transaction(empty_shop) as session:
        skus = [each.sku for each in recommend(session, "en", limit=EVERYTHING)]
    assert "KW-501" not in skus
    assert skus[:3] == ["KC-304", "KS-103", "KB-401"]
    assert {"KW-503", "KW-502"} < set(skus)


def test_what_suits_the_stated_need_comes_first(session: Session) -> None:
    goods = recommend(session, "en", wish=Wish(words=["kayaking", "rain"]))
    assert goods[0].sku == "KB-406"  # the dry bag has both
    assert {each.because for each in goods} == {"need"}
    assert recommend(session, "en", wish=Wish(words=["%%", "__", "\0"])) == recommend(session, "en")


def test_a_budget_is_kept(session: Session) -> None:
    goods = recommend(session, "en", limit=EVERYTHING, wish=Wish(most=Decimal("149.00")))
    assert max(each.price for each in goods) == Decimal("149.00")
    assert recommend(session, "en", wish=Wish(category="shoes", most=Decimal(50))) == []


def test_little_to_be_spent_puts_the_least_expensive_first(session: Session) -> None:
    prices = [each.price for each in recommend(session, "en", wish=Wish("shoes", cheap=True))]
    assert prices == sorted(prices)
    assert prices[0] == Decimal("289.00")


def test_what_was_bought_before_leads_to_what_others_bought_with_it(session: Session) -> None:
    goods = recommend(session, "en", wish=Wish(bought=["KS-102"]))
    assert goods[0].because == "history"
    assert "KS-102" not in [each.sku for each in goods]
    need = recommend(session, "en", wish=Wish(words=["kayaking"], bought=["KS-102"]))
    assert (need[0].sku, need[0].because) == ("KB-406", "need")


def test_what_was_looked_at_comes_first_among_what_suits_alike(session: Session) -> None:
    usual = recommend(session, "en")
    last = recommend(session, "en", limit=40)[-1].sku
    goods = recommend(session, "en", wish=Wish(looked_at=[last, "NO-SUCH", "\0"]))
    assert (goods[0].sku, goods[0].because) == (last, "looked_at")
    assert {good.because for good in goods[1:]} == {"popular"}
    assert [good.sku for good in goods[1:]] == [good.sku for good in usual[:2]]
    # What was said goes before what was seen, and so does the least expensive where it is wanted.
    need = recommend(session, "en", wish=Wish(words=["kayaking"], looked_at=[last]))
    assert (need[0].sku, need[0].because) == ("KB-406", "need")
    cheap, looked = Wish(cheap=True), Wish(cheap=True, looked_at=[last])
    assert recommend(session, "en", wish=looked) == recommend(session, "en", wish=cheap)
    # What was bought already is not recommended again.
    bought = recommend(session, "en", wish=Wish(bought=[last], looked_at=[last]))
    assert last not in [good.sku for good in bought]


def test_words_that_the_catalogue_knows(session: Session) -> None:
    assert suits_something(session, "ja", ["ランニング"])
    assert not suits_something(session, "ja", ["xkcd", "\0"])
    assert not suits_something(session, "en", [])


def test_latin_words_are_found_where_a_word_begins(session: Session) -> None:
    assert suits_something(session, "en", ["rain"])
    assert suits_something(session, "en", ["water-repellent"]) == suits_something(
        session, "en", ["repellent"]
    )
    assert not suits_something(session, "en", ["ain"])
    assert not suits_something(session, "en", ["epellent"])


def test_the_nearest_in_stock_is_of_the_same_kind(session: Session) -> None:
    nearest = nearest_in_stock(session, "en", "KT-603")
    assert nearest is not None
    assert (nearest.category, nearest.sku, nearest.in_stock) == ("camping", "KT-604", True)
    other = nearest_in_stock(session, "en", "KT-603", exclude=["KT-604"])
    assert other is not None
    assert other.sku not in ("KT-603", "KT-604")
    assert nearest_in_stock(session, "en", "none") is None
