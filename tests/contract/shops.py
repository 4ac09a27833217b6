"""Shops for the contract of `tenin.shop.interface`: in a database, and behind the reference API.

Each kind is made once for a pytest process, with the demo shop in it; a test places orders of its
own with `World.place`, so that no test sees another's.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Engine
from starlette.types import ASGIApp

from tenin.database import make_engine, migrate, read_transaction, write_transaction
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.http_shop import HttpShop
from tenin.shop.interface import Shop
from tenin.shop.models import (
    MIGRATIONS,
    VERSION_TABLE,
    customers,
    order_changes,
    order_items,
    order_refunds,
    order_returns,
    order_urges,
    orders,
    product_options,
    products,
    restock_wishes,
)
from tenin.shop.reference_api import make_app
from tenin.shop.sample_data import load_sample_data
from tenin.shop.terms import Terms
from tests.databases import postgres_database, sqlite_url

LOOPBACK = "127.0.0.1"
TODAY = date(2026, 3, 2)  # a Monday
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
TOKEN = "a token of the tests"
TIMEOUT = 20.0
TERMS = Terms(
    return_days=30,
    exchange_days=20,
    cancellation_fee=Decimal("5.00"),
    refund_working_days=5,
    currency="CNY",
    most_pieces=10,
    shop_name={"en": "Kodama", "ja": "こだま"},
)
ADDRESS = "12 Test Street, London SE1 0AA"
TABLES = (
    products,
    orders,
    order_items,
    order_changes,
    order_returns,
    order_refunds,
    order_urges,
    restock_wishes,
)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Placed:
    """An order that a test placed: its number, and the ids of its items and products."""

    id: int
    number: str
    customer: str
    email: str
    items: tuple[str, ...]
    products: tuple[int, ...]
    skus: tuple[str, ...]


@dataclass
class World:
    """A shop and the tables behind it; `day` is the shop's own."""

    engine: Engine
    shop: Shop = field(init=False)
    now: datetime = NOW

    def direct(self) -> DatabaseShop:
        """The shop without anything before it."""
        return DatabaseShop(self.engine, TERMS, now=lambda: self.now)

    def place(
        self,
        status: str = "paid",
        items: Sequence[tuple[str, int]] = (("100.00", 2), ("40.00", 1)),
        stock: int = 5,
        delivered: int = 3,
        customer: str | None = None,
        placed_at: datetime = NOW - timedelta(days=6),
    ) -> Placed:
        """Place an order of new products, each with its price, and bought so often."""
        unique = f"T{next(_numbers):08d}"
        email = f"{unique.lower()}@example.com"
        days: dict[str, Any] = {}
        if status in ("shipped", "delivered"):
            shipped = TODAY - timedelta(days=delivered + 2)
            days |= {"shipped_on": shipped, "carrier": "ems", "tracking_number": unique}
        if status == "delivered":
            days["delivered_on"] = TODAY - timedelta(days=delivered)
        with write_transaction(self.engine) as session:

            def add(table: Any, **values: Any) -> int:
                return int(session.execute(insert(table).values(**values)).inserted_primary_key[0])

            person = (
                int(customer)
                if customer
                else add(customers, name="<b>Test & Co.</b>", email=email, language="en")
            )
            order = add(
                orders,
                number=unique,
                customer_id=person,
                placed_at=placed_at,
                status=status,
                address=ADDRESS,
                destination="London …0AA",
                **days,
            )
            there, goods, skus = [], [], []
            for i, (price, quantity) in enumerate(items):
                sku = f"{unique}-{i}"
                product = add(
                    products,
                    sku=sku,
                    category="shoes",
                    price=Decimal(price),
                    currency="CNY",
                    stock=stock,
                    sold=0,
                )
                for kind, values in (("size", ("39", "40")), ("colour", ("black", "sand"))):
                    for value in values:
                        row = {"product_id": product, "kind": kind, "value": value}
                        session.execute(insert(product_options).values(row))
                row = {"size": "39", "colour": "black", "price": Decimal(price)}
                row |= {"order_id": order, "product_id": product, "quantity": quantity}
                there.append(str(add(order_items, **row)))
                goods.append(product)
                skus.append(sku)
        return Placed(order, unique, str(person), email, tuple(there), tuple(goods), tuple(skus))

    def stock(self, product: int) -> int:
        """How many of a product are in stock."""
        with read_transaction(self.engine) as session:
            statement = select(products.c.stock).where(products.c.id == product)
            return int(session.execute(statement).scalar_one())

    def set(self, table: Any, row: int, **values: Any) -> None:
        """Change a row behind the shop's back."""
        with write_transaction(self.engine) as session:
            session.execute(update(table).where(table.c.id == row).values(**values))

    def count(self, table: Any, *conditions: Any) -> int:
        """How many rows there are."""
        with read_transaction(self.engine) as session:
            statement = select(func.count()).select_from(table).where(*conditions)
            return int(session.execute(statement).scalar_one())

    def everything(self) -> dict[str, list[Any]]:
        """All rows that a change may touch."""
        with read_transaction(self.engine) as session:
            return {
                table.name: session.execute(select(table).order_by(*table.primary_key)).all()
                for table in TABLES
            }


@contextlib.contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Run an app under uvicorn in a thread, on a free port; give its address."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + TIMEOUT
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.005)
        assert server.started
        try:
            yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(TIMEOUT)
            assert not thread.is_alive()


@contextlib.contextmanager
def opened(url: str) -> Iterator[World]:
    """Make the demo shop in an empty database."""
    engine = make_engine(url)
    try:
        migrate(engine, MIGRATIONS, VERSION_TABLE)
        with write_transaction(engine) as session:
            load_sample_data(session, TODAY)
        yield World(engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="session", params=["sqlite", "postgresql", "http"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """A shop of each kind."""
    with contextlib.ExitStack() as stack:
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres_url")
            world = stack.enter_context(opened(stack.enter_context(postgres_database(server))))
        else:
            folder: Path = tmp_path_factory.mktemp(request.param)
            world = stack.enter_context(opened(sqlite_url(folder)))
        world.shop = world.direct()
        if request.param == "http":
            url = stack.enter_context(served(make_app(world.direct(), TOKEN)))
            shop = HttpShop(url, TOKEN, TIMEOUT)
            stack.callback(shop.close)
            world.shop = shop
        yield world


@pytest.fixture
def shop(world: World) -> Shop:
    """The shop of the world."""
    return world.shop
