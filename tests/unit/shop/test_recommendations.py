"""Recommendations: in stock, popular, varied, with the reason in the customer's language."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tenin.database import read_transaction, write_transaction
from tenin.shop.models import products
from tenin.shop.recommendations import Recommendation, recommend
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
