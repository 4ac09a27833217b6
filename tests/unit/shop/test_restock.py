"""Who wished for a product is told once when it is back."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from sqlalchemy import update
from sqlalchemy.engine import Engine

from tenin.database import read_transaction, write_transaction
from tenin.shop.database_shop import DatabaseShop
from tenin.shop.models import products
from tenin.shop.restock import due_wishes, mark_told
from tenin.shop.sample_data import load_sample_data
from tenin.shop.terms import Terms

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=timezone.utc)
TERMS = Terms(30, 30, Decimal(0), 5, "CNY", 10, {"en": "Kodama"})


def test_a_wish_is_due_when_the_product_is_back_and_told_once(
    empty_shop: Engine, today: date
) -> None:
    clock = [NOW]
    shop = DatabaseShop(empty_shop, TERMS, now=lambda: clock[0])

    def due() -> list[tuple[str, str, str]]:
        with read_transaction(empty_shop) as session:
            return [(each.sku, each.contact, each.language) for each in due_wishes(session)]

    def stock(pieces: int) -> None:
        with write_transaction(empty_shop) as session:
            back = update(products).where(products.c.sku == "KT-603").values(stock=pieces)
            session.execute(back)

    with write_transaction(empty_shop) as session:
        load_sample_data(session, today)
    for hours, (sku, contact) in enumerate(
        [("KT-603", "b@example.com"), ("KT-603", "a@example.com"), ("KS-104", "a@example.com")]
    ):
        clock[0] = NOW + timedelta(hours=hours)
        assert shop.wish_restock(sku, contact, "ja")
    assert due() == []
    stock(3)
    both = [("KT-603", "b@example.com", "ja"), ("KT-603", "a@example.com", "ja")]
    assert due() == both
    with write_transaction(empty_shop) as session:
        mark_told(session, due_wishes(session, limit=1), NOW)
    assert due() == both[1:]
    stock(0)
    assert due() == []
    assert shop.wish_restock("KT-603", "b@example.com", "en")
    stock(1)
    assert due() == [("KT-603", "a@example.com", "ja"), ("KT-603", "b@example.com", "en")]
