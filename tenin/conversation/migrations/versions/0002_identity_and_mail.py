"""Signed-in customers, proved orders, consent to mail, and mail in the outbox."""

import sqlalchemy as sa
from alembic import op

import tenin.database

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and room in the outbox for a second way to the same customer."""
    op.create_table(
        "signed_in",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("until", tenin.database.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "proved_order",
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("order_number", sa.String(length=64), nullable=False),
        sa.Column("at", tenin.database.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("conversation_id", "order_number"),
    )
    op.create_table(
        "mail_consent",
        sa.Column("holder", sa.String(length=160), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("given_at", tenin.database.UTCDateTime(), nullable=False),
        sa.Column("withdrawn_at", tenin.database.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("holder"),
    )
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(
            sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        outbox.add_column(sa.Column("available_at", tenin.database.UTCDateTime(), nullable=True))
        outbox.add_column(sa.Column("error", sa.Text(), nullable=True))
        outbox.drop_constraint("outbox_line", type_="unique")
        outbox.create_unique_constraint(
            "outbox_line", ["conversation_id", "line_number", "channel"]
        )
        outbox.create_index("outbox_to_send", ["channel", "status", "available_at"], unique=False)
    op.create_table(
        "mail_content",
        sa.Column(
            "outbox_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("holder", sa.String(length=160), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"]),
        sa.PrimaryKeyConstraint("outbox_id"),
    )
