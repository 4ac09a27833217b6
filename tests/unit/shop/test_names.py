"""The names of the shop's goods, and a version that every change raises, whoever makes it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from tenin.database import read_transaction
from tenin.language.goods import Name
from tenin.shop.names import names_version, read_names

Run = Callable[..., None]

ROWS = (
    "INSERT INTO categories (code, position) VALUES ('boats', 1)",
    "INSERT INTO category_text (category, language, name) VALUES ('boats', 'en', 'Boats')",
    "INSERT INTO category_alias (category, language, alias) VALUES ('boats', 'en', 'ships')",
    "INSERT INTO products (id, sku, category, price, currency, stock, sold) "
    "VALUES (7, 'B-7', 'boats', 100, 'CNY', 3, 0)",
    "INSERT INTO product_text (product_id, language, name, description, reason) "
    "VALUES (7, 'en', 'Canoe', 'A boat.', 'It floats.')",
    "INSERT INTO product_alias (product_id, language, alias) VALUES (7, 'ja', 'カヌー')",
)
NAMES = {
    Name("category", "boats", "Boats"),
    Name("category", "boats", "ships"),
    Name("product", "B-7", "B-7"),
    Name("product", "B-7", "Canoe"),
    Name("product", "B-7", "カヌー"),
}
CHANGES = (
    "UPDATE products SET sku = 'B-8' WHERE id = 7",
    "UPDATE products SET category = 'ships' WHERE id = 7",
    "UPDATE product_text SET name = 'Kayak' WHERE product_id = 7",
    "UPDATE product_text SET description = 'Another.' WHERE product_id = 7",
    "UPDATE product_alias SET alias = 'ボート' WHERE product_id = 7",
    "DELETE FROM product_alias WHERE product_id = 7",
    "DELETE FROM product_text WHERE product_id = 7",
    "DELETE FROM products WHERE id = 7",
    "UPDATE categories SET position = 9 WHERE code = 'boats'",
    "UPDATE category_text SET name = 'Vessels' WHERE category = 'boats'",
    "UPDATE category_alias SET alias = 'vessels' WHERE category = 'boats'",
    "DELETE FROM category_alias WHERE category = 'boats'",
    "DELETE FROM category_text WHERE category = 'boats'",
    "DELETE FROM categories WHERE code = 'ships'",
)


@pytest.fixture
def run(empty_shop: Engine) -> Iterator[Run]:
    """Run SQL as a shop's own program does: by the database's driver, each call one transaction."""
    url = make_url(empty_shop.url)
    if url.drivername.startswith("sqlite"):
        connection = sqlite3.connect(str(url.database))
        connection.execute("PRAGMA foreign_keys = ON")
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg2.connect(plain)

    def execute(*statements: str) -> None:
        with closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.commit()

    yield execute
    connection.close()


@pytest.fixture
def boats(run: Run) -> Run:
    """A shop with one product, and a second category."""
    run(*ROWS, "INSERT INTO categories (code, position) VALUES ('ships', 2)")
    return run


def version(engine: Engine) -> int:
    with read_transaction(engine) as session:
        return names_version(session)


def test_all_names_with_what_they_name(empty_shop: Engine, boats: Run) -> None:
    with read_transaction(empty_shop) as session:
        assert set(read_names(session)) == NAMES


def test_an_empty_shop_has_a_version_and_no_names(empty_shop: Engine) -> None:
    with read_transaction(empty_shop) as session:
        assert names_version(session) > 0
        assert read_names(session) == []


def test_every_new_row_raises_the_version(empty_shop: Engine, run: Run) -> None:
    versions = [version(empty_shop)]
    for statement in ROWS:
        run(statement)
        versions.append(version(empty_shop))
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_raises_the_version(empty_shop: Engine, boats: Run, change: str) -> None:
    before = version(empty_shop)
    boats(change)
    assert version(empty_shop) > before


def test_what_an_order_changes_does_not_count(empty_shop: Engine, boats: Run) -> None:
    before = version(empty_shop)
    boats("UPDATE products SET stock = stock - 1, sold = sold + 1, price = 90 WHERE sku = 'B-7'")
    boats("UPDATE products SET sku = 'B-7' WHERE id = 7")
    assert version(empty_shop) == before


def test_what_is_rolled_back_does_not_count(empty_shop: Engine, boats: Run) -> None:
    before = version(empty_shop)
    with Session(empty_shop, future=True) as session:
        session.execute(text("UPDATE product_text SET name = 'Kayak'"))
        session.rollback()
    assert version(empty_shop) == before


def test_the_version_is_that_of_the_names_beside_it(empty_shop: Engine, boats: Run) -> None:
    """A change between the two reads is seen by neither."""
    with read_transaction(empty_shop) as session:
        before = names_version(session)
        boats("UPDATE product_text SET name = 'Kayak'")
        assert set(read_names(session)) == NAMES
        assert names_version(session) == before
    assert version(empty_shop) > before


def test_without_its_row_the_version_is_an_error(empty_shop: Engine, run: Run) -> None:
    run("DELETE FROM catalogue_version")
    with read_transaction(empty_shop) as session, pytest.raises(NoResultFound):
        names_version(session)


# SQLite has one writer at a time, one schema and no roles.
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@on_postgresql
def test_a_transaction_raises_the_version_once(empty_shop: Engine, run: Run) -> None:
    before = version(empty_shop)
    run(*ROWS)
    assert version(empty_shop) == before + 1


@on_postgresql
def test_emptying_a_table_counts(empty_shop: Engine, boats: Run) -> None:
    for table in ("product_alias", "product_text", "category_alias", "category_text"):
        before = version(empty_shop)
        boats(f"TRUNCATE {table}")
        assert version(empty_shop) > before


@on_postgresql
def test_two_programs_that_change_the_catalogue_do_not_wait_for_each_other(
    empty_shop: Engine, boats: Run
) -> None:
    before = version(empty_shop)
    with Session(empty_shop, future=True) as other:
        other.execute(text("UPDATE product_text SET name = 'Kayak'"))
        boats("SET lock_timeout = '2s'", "UPDATE category_text SET name = 'Vessels'")
        other.execute(text("UPDATE category_alias SET alias = 'vessels'"))
        other.commit()
    assert version(empty_shop) == before + 2


@on_postgresql
def test_who_may_write_to_the_catalogue_needs_no_right_to_the_version(
    empty_shop: Engine, boats: Run
) -> None:
    before = version(empty_shop)
    boats("DROP ROLE IF EXISTS buyer", "CREATE ROLE buyer")
    try:
        boats(
            "GRANT UPDATE ON product_text TO buyer",
            "GRANT USAGE ON SCHEMA public TO buyer",
            "SET LOCAL search_path = pg_catalog",
            "SET LOCAL ROLE buyer",
            "UPDATE public.product_text SET name = 'Kayak'",
        )
        assert version(empty_shop) == before + 1
    finally:
        boats("DROP OWNED BY buyer", "DROP ROLE buyer")
