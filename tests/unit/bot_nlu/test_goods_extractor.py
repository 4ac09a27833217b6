"""Goods of a real shop database in messages: a change of the catalogue at the next message."""

import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.spacy_tokenizer import SpacyTokenizer
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url

from tenin.bot import goods_extractor
from tenin.bot.goods_extractor import GoodsExtractor
from tenin.bot.spacy_nlp import SpacyNLP
from tenin.database import make_engine, migrate, write_transaction
from tenin.shop.models import MIGRATIONS, VERSION_TABLE
from tenin.shop.sample_data import load_sample_data
from tests.databases import database_url, engine, postgres_url
from tests.unit.bot_nlu.conftest import Places

__all__ = ["database_url", "engine", "postgres_url"]

Run = Callable[..., None]


@pytest.fixture
def shop(engine: Engine, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The demo shop's database, named by the settings of a project of the test's own."""
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    with write_transaction(engine) as session:
        load_sample_data(session, date(2026, 3, 2))
    monkeypatch.setenv("TENIN_ROOT", str(tmp_path))
    monkeypatch.setenv("TENIN_SHOP_DATABASE_URL", database_url)
    return database_url


@pytest.fixture
def run(shop: str) -> Iterator[Run]:
    """SQL by the database's own driver, as from a shop's own program."""
    url = make_url(shop)
    if url.drivername.startswith("sqlite"):
        connection: Any = sqlite3.connect(str(url.database))
    else:
        connection = psycopg2.connect(shop)

    def execute(*statements: str) -> None:
        with contextlib.closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.commit()

    yield execute
    connection.close()


@pytest.fixture
def extractor(shop: str, places: Places) -> Iterator[GoodsExtractor]:
    made = loaded(places)
    yield made
    if made._engine is not None:
        made._engine.dispose()


def loaded(places: Places, **config: Any) -> GoodsExtractor:
    config = {**GoodsExtractor.get_default_config(), **config}
    return GoodsExtractor.load(config, places.storage, places.resource, places.context)


def goods(extractor: GoodsExtractor, text: str) -> list[tuple[str, str, str]]:
    message = Message.build(text=text)
    assert extractor.process([message]) == [message]
    return [
        (each["entity"], each["value"], text[each["start"] : each["end"]])
        for each in message.get(ENTITIES, [])
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("do you have the rain jacket in M", [("product", "KJ-201", "rain jacket")]),
        ("有没有保温杯和帐篷", [("product", "KW-501", "保温杯"), ("category", "camping", "帐篷")]),
        ("請問筆電包還有貨嗎", [("product", "KB-401", "筆電包")]),
        (
            "寝袋とリュックを探しています",
            [("product", "KT-603", "寝袋"), ("category", "bags", "リュック")],
        ),
        (
            "ks-101 or hiking boots?",
            [("product", "KS-101", "ks-101"), ("product", "KS-102", "hiking boots")],
        ),
        ("where is my order", []),
    ],
)
def test_goods_of_the_demo_shop_in_four_languages(
    extractor: GoodsExtractor, text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert goods(extractor, text) == expected


def test_a_change_is_understood_at_the_next_message(extractor: GoodsExtractor, run: Run) -> None:
    text = "is the Otter Canoe or the down jacket in stock?"
    jacket = ("product", "KJ-202", "down jacket")
    assert goods(extractor, text) == [jacket]
    run(
        "INSERT INTO products (id, sku, category, price, currency, stock, sold) "
        "VALUES (9001, 'KO-9', 'camping', 100, 'CNY', 3, 0)",
        "INSERT INTO product_text (product_id, language, name, description, reason) "
        "VALUES (9001, 'en', 'Otter Canoe', 'A boat.', 'It floats.')",
    )
    assert goods(extractor, text) == [("product", "KO-9", "Otter Canoe"), jacket]
    run("UPDATE product_text SET name = 'Beaver Canoe' WHERE product_id = 9001")
    assert goods(extractor, text) == [jacket]
    assert goods(extractor, "beaver canoes") == [("product", "KO-9", "beaver canoes")]
    run("INSERT INTO product_alias (product_id, language, alias) VALUES (9001, 'ja', 'カヌー')")
    assert goods(extractor, "カヌーはありますか") == [("product", "KO-9", "カヌー")]
    run("UPDATE products SET sku = 'KO-10' WHERE id = 9001")
    assert goods(extractor, "カヌーはありますか") == [("product", "KO-10", "カヌー")]
    run(
        "DELETE FROM product_alias WHERE product_id = 9001",
        "DELETE FROM product_text WHERE product_id = 9001",
        "DELETE FROM products WHERE id = 9001",
    )
    assert goods(extractor, "カヌーはありますか, beaver canoe") == []
    assert goods(extractor, text) == [jacket]


def test_a_message_costs_one_select_while_nothing_changes(
    extractor: GoodsExtractor, run: Run
) -> None:
    goods(extractor, "rain jacket")
    asked: list[str] = []

    def note(*args: Any) -> None:
        asked.append(args[2])

    assert extractor._engine is not None
    event.listen(extractor._engine, "before_cursor_execute", note)
    run("UPDATE products SET stock = stock + 1")
    assert goods(extractor, "rain jacket")
    selects = [statement for statement in asked if statement.startswith("SELECT")]
    assert len(selects) == 1
    assert "catalogue_version" in selects[0]


def test_other_finds_stay_and_nothing_is_found_inside_an_address(extractor: GoodsExtractor) -> None:
    text = "shoes@example.com wants shoes"
    email = {"entity": "email", "value": text[:17], "start": 0, "end": 17, "extractor": "Other"}
    message = Message.build(text=text)
    message.set(ENTITIES, [email], add_to_output=True)
    extractor.process([message])
    assert message.get(ENTITIES) == [
        email,
        {
            **{"entity": "category", "value": "shoes", "start": 24, "end": 29},
            "extractor": "GoodsExtractor",
        },
    ]
    assert message.as_dict(only_output_properties=True)[ENTITIES] == message.get(ENTITIES)


def test_the_words_of_the_pipeline_tell_single_signs(
    extractor: GoodsExtractor, places: Places, cache: str
) -> None:
    component = SpacyNLP.create({"cache": cache}, *places)
    messages = [Message.build(text=text) for text in ("想买包", "包邮吗")]
    component.process(messages, component.provide())
    SpacyTokenizer(SpacyTokenizer.get_default_config()).process(messages)
    extractor.process(messages)
    assert [len(message.get(ENTITIES)) for message in messages] == [1, 0]


def test_a_message_without_text_passes(extractor: GoodsExtractor) -> None:
    message = Message(data={})
    assert extractor.process([message]) == [message]
    assert message.get(ENTITIES) is None


def test_a_failing_database_loses_no_message_and_is_used_again(
    shop: str, run: Run, places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    extractor = loaded(places, pause=0.0)
    assert goods(extractor, "rain jacket")
    run("ALTER TABLE catalogue_version RENAME TO elsewhere")
    assert goods(extractor, "rain jacket") == []
    [record] = [each for each in caplog.records if each.name == goods_extractor.__name__]
    assert record.levelno == logging.ERROR
    assert "catalogue_version" in record.getMessage()
    assert "\n" not in record.getMessage()
    run("ALTER TABLE elsewhere RENAME TO catalogue_version")
    assert goods(extractor, "rain jacket")
    extractor._engine.dispose()


def test_a_failed_database_is_left_in_peace_for_a_while(
    shop: str, run: Run, places: Places, caplog: pytest.LogCaptureFixture
) -> None:
    run("ALTER TABLE catalogue_version RENAME TO elsewhere")
    extractor = loaded(places, pause=60.0)
    run("ALTER TABLE elsewhere RENAME TO catalogue_version")
    for _ in range(3):
        assert goods(extractor, "rain jacket") == []
    assert len(caplog.records) == 1
    extractor._engine.dispose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_locked_database_holds_no_message_up(
    shop: str, engine: Engine, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goods_extractor, "STATEMENT_SECONDS", 0.2)
    extractor = loaded(places, pause=0.0)
    assert goods(extractor, "rain jacket")
    with engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE catalogue_version IN ACCESS EXCLUSIVE MODE")
        assert goods(extractor, "rain jacket") == []
    assert goods(extractor, "rain jacket")
    extractor._engine.dispose()


def test_a_missing_file_is_not_made(
    places: Places,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TENIN_ROOT", str(tmp_path))
    monkeypatch.delenv("TENIN_SHOP_DATABASE_URL", raising=False)
    extractor = loaded(places, pause=0.0)
    assert goods(extractor, "rain jacket") == []
    assert "there is no file" in caplog.text
    assert list(tmp_path.rglob("*.db")) == []
    shop = make_engine(f"sqlite:///{tmp_path / 'var' / 'shop.db'}")
    migrate(shop, MIGRATIONS, VERSION_TABLE)
    with write_transaction(shop) as session:
        load_sample_data(session, date(2026, 3, 2))
    shop.dispose()
    assert goods(extractor, "rain jacket")
    extractor._engine.dispose()


def test_rasa_knows_it_as_an_extractor_that_is_not_trained() -> None:
    registered = DefaultV1Recipe._from_registry("tenin.bot.goods_extractor.GoodsExtractor")
    assert registered.clazz is GoodsExtractor
    assert registered.types == {DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR}
    assert not registered.is_trainable
