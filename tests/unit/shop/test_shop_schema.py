"""The tables in the code are the tables that the migrations make."""

from decimal import Decimal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, StatementError

from tenin.database import check_schema, read_transaction, write_transaction
from tenin.shop.models import MIGRATIONS, VERSION_TABLE, categories, metadata, products

WATER = {"category": "bottles", "currency": "CNY", "stock": 1, "sold": 0}


def test_migrations_make_the_tables_of_the_code(empty_shop: Engine) -> None:
    check_schema(empty_shop, MIGRATIONS, VERSION_TABLE)
    with empty_shop.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_checks_and_foreign_keys_have_the_names_of_the_code(empty_shop: Engine) -> None:
    """Alembic's comparison leaves out checks, and the names of foreign keys."""
    inspector = inspect(empty_shop)
    for table in metadata.sorted_tables:
        there = {check["name"] for check in inspector.get_check_constraints(table.name)}
        there |= {key["name"] for key in inspector.get_foreign_keys(table.name)}
        there |= {inspector.get_pk_constraint(table.name)["name"]}
        wanted = {
            constraint.name
            for constraint in table.constraints
            if type(constraint).__name__ != "UniqueConstraint"
        }
        assert there == wanted


def test_amounts_come_back_exactly_and_sort_and_sum_as_numbers(empty_shop: Engine) -> None:
    prices = [Decimal("1299.00"), Decimal("0.10"), Decimal("89.95")]
    with write_transaction(empty_shop) as session:
        session.execute(categories.insert().values(code="bottles", position=1))
        for number, price in enumerate(prices):
            session.execute(products.insert().values(sku=f"W{number}", price=price, **WATER))
    with read_transaction(empty_shop) as session:
        ordered = select(products.c.price).order_by(products.c.price)
        assert session.execute(ordered).scalars().all() == sorted(prices)
        total = session.execute(select(func.sum(products.c.price))).scalar_one()
        assert total == Decimal("1389.05")
        assert isinstance(total, Decimal)


def test_an_amount_with_three_decimals_is_refused(empty_shop: Engine) -> None:
    statement = products.insert().values(sku="W", price=Decimal("0.125"), **WATER)
    with (
        pytest.raises(StatementError, match="two decimals"),
        write_transaction(empty_shop) as session,
    ):
        session.execute(statement)


def test_a_product_of_no_category_is_refused(empty_shop: Engine) -> None:
    statement = products.insert().values(sku="W", price=Decimal(1), **WATER)
    with pytest.raises(IntegrityError), write_transaction(empty_shop) as session:
        session.execute(statement)
