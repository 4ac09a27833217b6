"""The tables of the shop, on SQLite and PostgreSQL.

The other modules of this room build their queries on these tables; `migrations/` makes them, and
a test holds that the two agree.
"""

from decimal import Decimal
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from tenin.database import UTCDateTime

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "shop_version"

ORDER_STATUSES = ("paid", "packed", "shipped", "delivered", "cancelled")


class Money(TypeDecorator):  # type: ignore[misc]
    """An amount with two decimals: NUMERIC on PostgreSQL; hundredths on SQLite, which has none."""

    impl = Numeric(12, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine:
        """Return the type that the database stores."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else Numeric(12, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Turn an amount into what the database stores; more than two decimals are refused."""
        if value is None:
            return None
        hundredths = Decimal(value) * 100
        if hundredths != int(hundredths):
            raise ValueError(f"an amount has two decimals at most, this one has more: {value}")
        return int(hundredths) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """Turn what the database stores into an amount."""
        if value is None:
            return None
        return Decimal(value).scaleb(-2) if dialect.name == "sqlite" else Decimal(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

products = Table(
    "products",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sku", String(32), nullable=False, unique=True),
    Column("category", String(32), ForeignKey("categories.code"), nullable=False, index=True),
    Column("price", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("stock", Integer, nullable=False),
    Column("sold", Integer, nullable=False),
    CheckConstraint("stock >= 0", name="stock"),
)

product_text = Table(
    "product_text",
    metadata,
    Column("product_id", ForeignKey("products.id", ondelete="CASCADE"), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

categories = Table(
    "categories",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("position", Integer, nullable=False),
)

category_text = Table(
    "category_text",
    metadata,
    Column("category", ForeignKey("categories.code", ondelete="CASCADE"), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("name", Text, nullable=False),
)

product_alias = Table(
    "product_alias",
    metadata,
    Column("product_id", ForeignKey("products.id", ondelete="CASCADE"), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("alias", Text, primary_key=True),
)

category_alias = Table(
    "category_alias",
    metadata,
    Column("category", ForeignKey("categories.code", ondelete="CASCADE"), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("alias", Text, primary_key=True),
)

# One row, kept by the triggers of shop_0002: how often the catalogue has changed.
catalogue_version = Table(
    "catalogue_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
    Column("changed_by", BigInteger),
    CheckConstraint("id = 1", name="one_row"),
)

customers = Table(
    "customers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False, unique=True),
    Column("phone", Text),
    Column("language", String(16), nullable=False),
)

carrier_text = Table(
    "carrier_text",
    metadata,
    Column("carrier", String(32), primary_key=True),
    Column("language", String(16), primary_key=True),
    Column("name", Text, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(32), nullable=False, unique=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("placed_at", UTCDateTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("carrier", String(32)),
    Column("tracking_number", String(64)),
    Column("shipped_on", Date),
    Column("expected_on", Date),
    Column("delivered_on", Date),
    CheckConstraint(
        "status IN ({})".format(", ".join(f"'{status}'" for status in ORDER_STATUSES)),
        name="status",
    ),
)

order_items = Table(
    "order_items",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("product_id", ForeignKey("products.id"), nullable=False, index=True),
    Column("size", String(16)),
    Column("colour", String(32)),
    Column("quantity", Integer, nullable=False),
    Column("price", Money, nullable=False),
    CheckConstraint("quantity > 0", name="quantity"),
)
