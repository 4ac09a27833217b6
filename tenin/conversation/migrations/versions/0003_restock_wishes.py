"""Wishes to hear that a product is back, each kept by the conversation it was made in."""

import sqlalchemy as sa
from alembic import op

import tenin.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "restock_wish",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("wished_at", tenin.database.UTCDateTime(), nullable=False),
        sa.Column("told_at", tenin.database.UTCDateTime(), nullable=True),
        sa.Column("welcomed_at", tenin.database.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("conversation_id", "sku", name="restock_wish_once"),
    )
    op.create_index("restock_wish_waiting", "restock_wish", ["told_at", "sku"], unique=False)
