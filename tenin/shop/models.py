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
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from tenin.database import UTCDateTime

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE = "shop_version"

ORDER_STATUSES = ("paid", "packed", "shipped", "delivered", "cancelled")
OPTION_KINDS = ("size", "colour")
CHANGE_KINDS = ("cancel", "address", "item", "return", "exchange", "urge")
RETURN_KINDS = ("return", "exchange")
RETURN_STATES = ("requested", "received")
REFUND_STATES = ("requested", "approved", "paid")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


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

# The sizes and colours that a product comes in; one with neither here comes in any.
product_options = Table(
    "product_options",
    metadata,
    Column("product_id", ForeignKey("products.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(8), primary_key=True),
    Column("value", String(32), primary_key=True),
    _one_of("kind", OPTION_KINDS),
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
    # Never given out in full: what may be told of it is `destination`.
    Column("address", Text),
    Column("destination", Text),
    _one_of("status", ORDER_STATUSES),
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

# What customers had changed, each once: `key` names the request, `fingerprint` what it asked for.
order_changes = Table(
    "order_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(128), nullable=False, unique=True),
    Column("fingerprint", String(64), nullable=False),
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("reference", String(32), nullable=False, unique=True),
    Column("made_at", UTCDateTime, nullable=False),
    Column("fee", Money, nullable=False),
    Column("refund", Money, nullable=False),
    Column("extra", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("refund_days", Integer),
    _one_of("kind", CHANGE_KINDS),
)

# Pieces on their way back: for money, or for another size or colour, taken from the stock already.
order_returns = Table(
    "order_returns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", String(32), nullable=False, unique=True),
    Column("item_id", ForeignKey("order_items.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("reason", Text),
    Column("size", String(16)),
    Column("colour", String(32)),
    Column("requested_on", Date, nullable=False),
    _one_of("kind", RETURN_KINDS),
    _one_of("state", RETURN_STATES),
    CheckConstraint("quantity > 0", name="quantity"),
)

order_refunds = Table(
    "order_refunds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reference", String(32), nullable=False, unique=True),
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("amount", Money, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("requested_on", Date, nullable=False),
    Column("expected_on", Date),
    Column("paid_on", Date),
    _one_of("state", REFUND_STATES),
    CheckConstraint("amount > 0", name="amount"),
)

order_urges = Table(
    "order_urges",
    metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("urged_on", Date, primary_key=True),
)

invoices = Table(
    "invoices",
    metadata,
    Column("order_id", ForeignKey("orders.id", ondelete="CASCADE"), primary_key=True),
    Column("number", String(48), nullable=False, unique=True),
    Column("issued_on", Date, nullable=False),
)

# Who wants to hear when a product is back; `told_at` is set when they have been told.
restock_wishes = Table(
    "restock_wishes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("product_id", ForeignKey("products.id", ondelete="CASCADE"), nullable=False),
    Column("contact", Text, nullable=False),
    Column("language", String(16), nullable=False),
    Column("wished_at", UTCDateTime, nullable=False),
    Column("told_at", UTCDateTime),
    UniqueConstraint("product_id", "contact"),
)
