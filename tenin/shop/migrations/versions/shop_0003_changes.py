"""What customers have changed in their orders: addresses, changes, returns, refunds, invoices."""

import sqlalchemy as sa
from alembic import op

revision = "shop_0003"
down_revision = "shop_0002"
branch_labels = None
depends_on = None

MONEY = sa.Numeric(12, 2).with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and the columns for the address of an order."""
    op.add_column("orders", sa.Column("address", sa.Text()))
    op.add_column("orders", sa.Column("destination", sa.Text()))
    op.create_table(
        "product_options",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("value", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("product_id", "kind", "value", name="pk_product_options"),
        sa.CheckConstraint("kind IN ('size', 'colour')", name="ck_product_options_kind"),
        _key("product_options", "product_id", "products"),
    )
    op.create_table(
        "order_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fee", MONEY, nullable=False),
        sa.Column("refund", MONEY, nullable=False),
        sa.Column("extra", MONEY, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("refund_days", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_order_changes"),
        sa.UniqueConstraint("key", name="uq_order_changes_key"),
        sa.UniqueConstraint("reference", name="uq_order_changes_reference"),
        sa.CheckConstraint(
            "kind IN ('cancel', 'address', 'item', 'return', 'exchange', 'urge')",
            name="ck_order_changes_kind",
        ),
        _key("order_changes", "order_id", "orders"),
    )
    op.create_index("ix_order_changes_order_id", "order_changes", ["order_id"])
    op.create_table(
        "order_returns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("size", sa.String(16)),
        sa.Column("colour", sa.String(32)),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_order_returns"),
        sa.UniqueConstraint("reference", name="uq_order_returns_reference"),
        sa.CheckConstraint("kind IN ('return', 'exchange')", name="ck_order_returns_kind"),
        sa.CheckConstraint("state IN ('requested', 'received')", name="ck_order_returns_state"),
        sa.CheckConstraint("quantity > 0", name="ck_order_returns_quantity"),
        _key("order_returns", "item_id", "order_items"),
    )
    op.create_index("ix_order_returns_item_id", "order_returns", ["item_id"])
    op.create_table(
        "order_refunds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("amount", MONEY, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("expected_on", sa.Date()),
        sa.Column("paid_on", sa.Date()),
        sa.PrimaryKeyConstraint("id", name="pk_order_refunds"),
        sa.UniqueConstraint("reference", name="uq_order_refunds_reference"),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'paid')", name="ck_order_refunds_state"
        ),
        sa.CheckConstraint("amount > 0", name="ck_order_refunds_amount"),
        _key("order_refunds", "order_id", "orders"),
    )
    op.create_index("ix_order_refunds_order_id", "order_refunds", ["order_id"])
    op.create_table(
        "order_urges",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("urged_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "urged_on", name="pk_order_urges"),
        _key("order_urges", "order_id", "orders"),
    )
    op.create_table(
        "invoices",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(48), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_invoices"),
        sa.UniqueConstraint("number", name="uq_invoices_number"),
        _key("invoices", "order_id", "orders"),
    )
    op.create_table(
        "restock_wishes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("wished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_restock_wishes"),
        sa.UniqueConstraint("product_id", "contact", name="uq_restock_wishes_product_id_contact"),
        _key("restock_wishes", "product_id", "products"),
    )


def _key(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{referred}.id"], name=f"fk_{table}_{column}", ondelete="CASCADE"
    )
