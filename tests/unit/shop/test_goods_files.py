"""A shop's own goods from files: read, stored, changed, taken out; faults by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.engine import Engine

from tenin.cli import main
from tenin.database import make_engine, migrate, read_transaction, write_transaction
from tenin.language.languages import configured
from tenin.shop.goods_files import GoodsError, Loaded, read_goods, store_goods
from tenin.shop.models import (
    MIGRATIONS,
    VERSION_TABLE,
    categories,
    customers,
    orders,
    product_options,
    products,
)
from tenin.shop.names import names_version, read_names
from tenin.shop.sample_data import SAMPLE, load_sample_data
from tests.unit.shop.conftest import TODAY

TEA = """\
category: tea
currency: EUR
position: 1
name: {en: Tea, ja: お茶}
aliases: {en: [teas], ja: [茶葉]}
sizes: [50 g, 100 g]
products:
  - sku: T-1
    price: "12.50"
    stock: 9
    en: {name: Sencha, description: Green tea from Shizuoka., reason: Fresh and mild., aliases: [green tea]}
    ja: {name: 煎茶, description: 静岡の緑茶です。, reason: さわやかな味わいです。}
  - sku: T-2
    price: "8"
    stock: 0
    sizes: [75 g]
    en: {name: Hojicha, description: Roasted green tea., reason: Little caffeine.}
    ja: {name: ほうじ茶, description: 焙煎した緑茶です。, reason: カフェインが少なめです。}
"""  # noqa: E501 (as people write it)
LANGUAGES = ("en", "ja")


def folder(tmp_path: Path, **files: str) -> Path:
    goods = tmp_path / "goods"
    goods.mkdir(exist_ok=True)
    for name, text in files.items():
        (goods / f"{name}.yml").write_text(text, encoding="utf-8")
    return goods


def store(engine: Engine, goods: Path, rest_goes: bool = True) -> Loaded:
    with write_transaction(engine) as session:
        return store_goods(session, read_goods(goods, LANGUAGES), rest_goes)


def rows(engine: Engine, *columns: Any) -> list[tuple[Any, ...]]:
    with read_transaction(engine) as session:
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def test_goods_come_change_and_go(empty_shop: Engine, tmp_path: Path) -> None:
    assert store(empty_shop, folder(tmp_path, tea=TEA)) == Loaded(2, 0, 0, 0)
    assert rows(empty_shop, products.c.sku, products.c.stock) == [("T-1", 9), ("T-2", 0)]
    assert [value for (value,) in rows(empty_shop, product_options.c.value)] == [
        "100 g",
        "50 g",
        "75 g",
    ]
    with read_transaction(empty_shop) as session:
        before = names_version(session)
        names = {(name.kind, name.code, name.text) for name in read_names(session)}
    assert {("product", "T-1", "green tea"), ("category", "tea", "茶葉")} <= names

    changed = TEA.replace("stock: 9", "stock: 4").replace("Sencha", "Fine Sencha")
    changed = changed[: changed.index("  - sku: T-2")]
    assert store(empty_shop, folder(tmp_path, tea=changed)) == Loaded(0, 1, 1, 0)
    assert rows(empty_shop, products.c.sku, products.c.stock) == [("T-1", 4)]
    with read_transaction(empty_shop) as session:
        assert names_version(session) != before
        assert "Fine Sencha" in {name.text for name in read_names(session)}
        sizes = session.execute(select(product_options.c.value)).scalars().all()
    assert sorted(sizes) == ["100 g", "50 g"]


def test_what_orders_name_stays_sold_out(empty_shop: Engine, tmp_path: Path) -> None:
    with write_transaction(empty_shop) as session:
        demo = load_sample_data(session, TODAY)
    loaded = store(empty_shop, folder(tmp_path, tea=TEA))
    assert loaded.added == 2
    assert loaded.withdrawn > 0
    assert loaded.removed + loaded.withdrawn == demo
    stock = dict(rows(empty_shop, products.c.sku, products.c.stock))
    assert len(stock) == 2 + loaded.withdrawn
    assert {left for sku, left in stock.items() if sku not in ("T-1", "T-2")} == {0}


def test_the_demo_is_read_as_files_of_a_shop(tmp_path: Path) -> None:
    goods = tmp_path / "goods"
    goods.mkdir()
    for file in SAMPLE.glob("products-*.yml"):
        (goods / file.name).write_bytes(file.read_bytes())
    assert len(read_goods(goods, ("en", "zh-Hans", "zh-Hant", "ja"))) == 6


def test_the_goods_of_the_guide_can_be_copied(tmp_path: Path) -> None:
    guide = Path(__file__).parents[3] / "docs/trainers/goods_tea.yml"
    [tea] = read_goods(folder(tmp_path, tea=guide.read_text(encoding="utf-8")), configured().ready)
    assert len(tea["products"]) == 2


@pytest.mark.parametrize(
    ("before", "after", "line", "said"),
    [
        ('price: "12.50"', "price: 12.50", 9, "an amount in quotes"),
        ("stock: 9", "stock: -1", 10, "how many there are"),
        ("currency: EUR", "currency: Euro", 2, "three capital letters"),
        ("  - sku: T-2", "  - sku: T-1", None, "'T-1' is in"),
        ("    ja: {name: ほうじ茶", "    de: {name: ほうじ茶", 13, "'ja'"),
        ("name: {en: Tea, ja: お茶}", "name: {en: Tea}", 4, "'ja'"),
        ("position: 1", "position 1", None, "tea.yml, line"),
        ("reason: Little caffeine.", "reasons: Little caffeine.", 17, "reason"),
    ],
)
def test_a_fault_is_named_with_its_place(
    tmp_path: Path, before: str, after: str, line: int | None, said: str
) -> None:
    assert before in TEA
    with pytest.raises(GoodsError) as raised:
        read_goods(folder(tmp_path, tea=TEA.replace(before, after)), LANGUAGES)
    assert said in str(raised.value)
    if line is not None:
        assert f"tea.yml, line {line}" in str(raised.value)


def test_a_folder_without_goods_is_named(tmp_path: Path) -> None:
    with pytest.raises(GoodsError, match="no file"):
        read_goods(folder(tmp_path), LANGUAGES)


def test_the_command_puts_ones_own_goods_in_place_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    monkeypatch.setenv("TENIN_ROOT", str(tmp_path))
    monkeypatch.setenv("TENIN_SHOP_DATABASE_URL", url)
    engine = make_engine(url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    with write_transaction(engine) as session:
        demo = load_sample_data(session, TODAY)
    words = 'en: {name: Fine tea, description: "Green.", reason: "Mild."}'
    said = "\n    ".join(
        [words, *(words.replace("en:", f"{c}:") for c in ("zh-Hans", "zh-Hant", "ja"))]
    )
    name = "{en: Tea, zh-Hans: 茶, zh-Hant: 茶, ja: お茶}"
    head = f"category: tea\ncurrency: EUR\nposition: 1\nname: {name}\nproducts:\n"
    folder(tmp_path, tea=f'{head}  - sku: T-1\n    price: "9"\n    stock: 3\n    {said}\n')

    assert main(["goods", "load", "--forget-demo"]) == 0
    assert (
        f"1 goods are new, 0 were there, {demo} are gone, 0 are sold out" in capsys.readouterr().out
    )
    assert rows(engine, products.c.sku) == [("T-1",)]
    assert rows(engine, categories.c.code) == [("tea",)]
    assert rows(engine, orders.c.number) == rows(engine, customers.c.email) == []
    engine.dispose()

    (tmp_path / "goods" / "tea.yml").write_text("category: tea\n", encoding="utf-8")
    assert main(["goods", "load"]) == 2
    assert "tea.yml" in capsys.readouterr().err
