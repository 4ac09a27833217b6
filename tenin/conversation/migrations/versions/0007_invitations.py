"""Visitors of the shop's pages who agreed to be known, and whom invitations were shown."""

import sqlalchemy as sa
from alembic import op

from tenin.database import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "visitor",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("held_out", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("first_seen", UTCDateTime(), nullable=False),
        sa.Column("began_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("page", sa.JSON(), nullable=False),
        sa.Column("products", sa.JSON(), nullable=False),
        sa.Column("hand_by", sa.String(length=32), nullable=True),
        sa.Column("hand_name", sa.String(length=80), nullable=True),
        sa.Column("hand_text", sa.Text(), nullable=True),
        sa.Column("hand_at", UTCDateTime(), nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("chatted_at", UTCDateTime(), nullable=True),
        sa.Column("ordered_at", UTCDateTime(), nullable=True),
        sa.Column("order_value", sa.String(length=20), nullable=True),
        sa.Column("order_currency", sa.String(length=3), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("visitor_by_seen", "visitor", ["seen_at"])
    op.create_table(
        "invited",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("visitor_id", sa.String(length=64), nullable=False),
        sa.Column("invitation", sa.String(length=32), nullable=False),
        sa.Column("held_out", sa.Boolean(), nullable=False),
        sa.Column("promises_person", sa.Boolean(), nullable=False),
        sa.Column("agent_id", sa.String(length=32), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("page", sa.String(length=16), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=False),
        sa.Column("answered_at", UTCDateTime(), nullable=True),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitor.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("invited_by_visitor", "invited", ["visitor_id", "at"])
    op.create_index("invited_by_time", "invited", ["at"])
