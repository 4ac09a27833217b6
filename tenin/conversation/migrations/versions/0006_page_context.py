"""Pages seen, with consent; conversations that were erased; a customer's conversations, found."""

import sqlalchemy as sa
from alembic import op

import tenin.database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, the mark of what was erased, and the index by customer."""
    op.create_table(
        "page_consent",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.Column("at", tenin.database.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    op.create_table(
        "page_view",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("sku", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("at", tenin.database.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("page_view", schema=None) as batch_op:
        batch_op.create_index("page_view_by_conversation", ["conversation_id", "id"], unique=False)
        batch_op.create_index("page_view_by_time", ["at"], unique=False)

    with op.batch_alter_table("signed_in", schema=None) as batch_op:
        batch_op.create_index("signed_in_by_customer", ["customer_id"], unique=False)

    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", tenin.database.UTCDateTime(), nullable=True))
