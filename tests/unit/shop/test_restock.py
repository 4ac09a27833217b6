"""What is back in stock, and the shop's own list of who was told."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Engine

from tenin.database import read_transaction, write_transaction
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.models import product_text, products, restock_wishes
from tenin.shop.restock import back_in_stock, mark_told
from tenin.shop.sample_data import load_sample_data
from tenin.shop.terms import Terms

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
TERMS = Terms(30, 30, Decimal(0), 5, "CNY", 10, {"en": "Kodama"})
WANTED = {"en": ["KT-603", "KS-104", "no such"], "ja": ["KT-603"], "fr": ["KT-603"]}


def stock(engine: Engine, sku: str, pieces: int) -> None:
    with write_transaction(engine) as session:
        session.execute(update(products).where(products.c.sku == sku).values(stock=pieces))


def back(engine: Engine) -> dict[str, dict[str, str]]:
    with read_transaction(engine) as session:
        return back_in_stock(session, WANTED)


def test_what_can_be_bought_is_back_by_its_name(empty_shop: Engine, today: date) -> None:
    with write_transaction(empty_shop) as session:
        load_sample_data(session, today)
    assert back(empty_shop) == {}
    stock(empty_shop, "KT-603", 3)
    found = back(empty_shop)
    assert set(found) == {"KT-603"}
    assert set(found["KT-603"]) == {"en", "ja"}
    assert found["KT-603"]["en"] != found["KT-603"]["ja"]
    stock(empty_shop, "KT-603", 0)
    assert back(empty_shop) == {}


def test_what_was_withdrawn_is_never_back(empty_shop: Engine, today: date) -> None:
    with write_transaction(empty_shop) as session:
        load_sample_data(session, today)
    stock(empty_shop, "KT-603", 3)
    tent = select(products.c.id).where(products.c.sku == "KT-603").scalar_subquery()
    with write_transaction(empty_shop) as session:
        of_it = (product_text.c.product_id == tent, product_text.c.language == "ja")
        session.execute(delete(product_text).where(*of_it))
    assert set(back(empty_shop)["KT-603"]) == {"en"}
    with write_transaction(empty_shop) as session:
        session.execute(delete(product_text).where(product_text.c.product_id == tent))
    assert back(empty_shop) == {}


def test_who_was_told_stands_in_the_list(empty_shop: Engine, today: date) -> None:
    clock = [NOW]
    shop = DatabaseShop(empty_shop, TERMS, now=lambda: clock[0])

    def told() -> dict[str, datetime | None]:
        with read_transaction(empty_shop) as session:
            rows = session.execute(
                select(products.c.sku, restock_wishes).join(
                    products, products.c.id == restock_wishes.c.product_id
                )
            )
            return {f"{row.sku} {row.contact}": row.told_at for row in rows}

    def mark(*wishes: tuple[str, str]) -> None:
        with write_transaction(empty_shop) as session:
            mark_told(session, wishes, clock[0])

    with write_transaction(empty_shop) as session:
        load_sample_data(session, today)
    for sku, contact in [("KT-603", "b@x.example"), ("KT-603", "chat:1"), ("KS-104", "chat:1")]:
        assert shop.wish_restock(sku, contact, "ja")
    mark(("KT-603", "chat:1"), ("KT-603", "nobody"), ("no such", "chat:1"))
    expected = {"KT-603 b@x.example": None, "KT-603 chat:1": NOW, "KS-104 chat:1": None}
    assert told() == expected
    clock[0] = NOW + timedelta(hours=1)
    mark(("KT-603", "chat:1"))
    assert told() == expected
    assert shop.wish_restock("KT-603", "chat:1", "ja")
    assert told()["KT-603 chat:1"] is None
    mark(("KT-603", "chat:1"))
    assert told()["KT-603 chat:1"] == clock[0]
