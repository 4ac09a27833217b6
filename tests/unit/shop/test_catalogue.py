"""The catalogue as the shop's pages show it."""

from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy.orm import Session

import tenin.pages
from tenin.shop.catalogue import (
    ProductView,
    get_product,
    list_products,
    products_by_sku,
    products_of_category,
    stock_of,
)

STATIC = Path(next(iter(tenin.pages.__path__))) / "static"


def test_all_products_by_category_the_best_sold_first(session: Session) -> None:
    goods = list_products(session, "en")
    assert len(goods) == 36
    order = list(dict.fromkeys(product.category for product in goods))
    assert order == ["shoes", "jackets", "clothing", "bags", "bottles", "camping"]
    assert [product.category for product in goods] == [name for name in order for _ in range(6)]
    assert [product.sku for product in goods[:3]] == ["KS-103", "KS-101", "KS-102"]


def test_a_product_in_each_language(session: Session) -> None:
    assert get_product(session, "KT-603", "zh-Hans") == ProductView(
        sku="KT-603",
        category="camping",
        category_name="露营装备",
        name="茧形睡袋",
        description="仿羽绒填充，舒适温度 3 度，双向拉链，带手机袋，两只可以拼成双人睡袋。",
        reason="标的 3 度是国际标准里的舒适温度，不是勉强熬过一夜的极限温度。",
        price=Decimal("749.00"),
        currency="CNY",
        in_stock=False,
        image="/static/products/camping.svg",
    )
    english = get_product(session, "KT-603", "en")
    assert english is not None
    assert (english.name, english.category_name) == ("Cocoon Sleeping Bag", "Tents and camping")


def test_the_list_shows_what_the_single_product_shows(session: Session) -> None:
    for product in list_products(session, "zh-Hans"):
        assert get_product(session, product.sku, "zh-Hans") == product


@pytest.mark.parametrize(
    "sku", ["", "KS-999", "ks-101", "KS-101 ", "\0", "\ud800", "'--", "x" * 9999]
)
def test_no_such_product(session: Session, sku: str) -> None:
    assert get_product(session, sku, "en") is None
    assert products_by_sku(session, [sku], "en") == []
    assert stock_of(session, sku) is None
    assert products_of_category(session, sku, "en") == []


def test_products_by_sku_come_as_asked_for_each_once(session: Session) -> None:
    wanted = ["KT-601", "nothing", "KS-101", "\0", "KT-601"]
    goods = products_by_sku(session, wanted, "ja")
    assert [product.sku for product in goods] == ["KT-601", "KS-101"]
    assert goods == [get_product(session, product.sku, "ja") for product in goods]
    assert goods[0].name == "ネスト 2人用テント"
    assert products_by_sku(session, [], "en") == []
    assert products_by_sku(session, ["KT-601"], "xx") == []


def test_products_of_a_category_the_best_sold_first(session: Session) -> None:
    for category in ("shoes", "camping"):
        goods = products_of_category(session, category, "zh-Hant")
        of_all = [each for each in list_products(session, "zh-Hant") if each.category == category]
        assert goods == of_all
        assert len(goods) == 6
    assert products_of_category(session, "boats", "en") == []


def test_the_stock_of_a_product(session: Session) -> None:
    assert stock_of(session, "KS-101") == 64
    assert stock_of(session, "KT-603") == 0


def test_no_such_language(session: Session) -> None:
    assert list_products(session, "xx") == []
    assert get_product(session, "KS-101", "xx") is None


def test_every_picture_is_there_small_and_its_own(session: Session) -> None:
    paths = {product.image for product in list_products(session, "en")}
    assert len(paths) == 6
    pictures = [STATIC / path.removeprefix("/static/") for path in paths]
    for picture in pictures:
        assert picture.stat().st_size < 3000
        assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    assert len({picture.read_bytes() for picture in pictures}) == 6
