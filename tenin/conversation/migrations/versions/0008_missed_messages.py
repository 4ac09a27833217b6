"""Messages that the bot missed, masked, with their groups and what trainers decided."""

import sqlalchemy as sa
from alembic import op

from tenin.database import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "missed_message",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("need", sa.String(length=64), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.Column("marked_need", sa.String(length=64), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("group_id", sa.String(length=16), nullable=True),
        sa.Column("central", sa.Float(), nullable=False),
        sa.Column("decision", sa.String(length=12), nullable=False),
        sa.Column("wording", sa.Text(), nullable=True),
        sa.Column("given_need", sa.String(length=64), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", UTCDateTime(), nullable=True),
        sa.Column("exported_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "missed_by_line", "missed_message", ["conversation_id", "line_number"], unique=True
    )
    op.create_index("missed_by_group", "missed_message", ["group_id"])
    op.create_index("missed_by_language", "missed_message", ["language", "decision"])
