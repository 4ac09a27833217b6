"""The desk: agents and what leads set, the record of each handoff, who waits and why."""

import sqlalchemy as sa
from alembic import op

import tenin.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and what the queue needs of a conversation."""
    op.create_table(
        "agent",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("skills", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("presence", sa.String(length=8), nullable=False),
        sa.Column("presence_since", tenin.database.UTCDateTime(), nullable=True),
        sa.Column("seen_at", tenin.database.UTCDateTime(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", tenin.database.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("login"),
    )
    op.create_table(
        "audit_entry",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", tenin.database.UTCDateTime(), nullable=False),
        sa.Column("agent_id", sa.String(length=32), nullable=True),
        sa.Column("agent_name", sa.String(length=80), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("audit_by_time", ["at"], unique=False)

    op.create_table(
        "canned_reply",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("shortcut", sa.String(length=32), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("skill", sa.String(length=32), nullable=True),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("updated_at", tenin.database.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("shortcut"),
    )
    op.create_table(
        "desk_setting",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("updated_at", tenin.database.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "other_desk_delivery",
        sa.Column("delivery_id", sa.String(length=128), nullable=False),
        sa.Column("at", tenin.database.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id"),
    )
    with op.batch_alter_table("other_desk_delivery", schema=None) as batch_op:
        batch_op.create_index("other_desk_delivery_by_time", ["at"], unique=False)

    op.create_table(
        "other_desk_reach",
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("failing_since", tenin.database.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("desk"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("at", tenin.database.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index("sign_in_by_address", ["address", "at"], unique=False)
        batch_op.create_index("sign_in_by_login", ["login", "at"], unique=False)

    op.create_table(
        "skill",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "desk_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("agent_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", tenin.database.UTCDateTime(), nullable=False),
        sa.Column("used_at", tenin.database.UTCDateTime(), nullable=False),
        sa.Column("expires_at", tenin.database.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    with op.batch_alter_table("desk_session", schema=None) as batch_op:
        batch_op.create_index("desk_session_by_agent", ["agent_id"], unique=False)

    op.create_table(
        "handoff",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("skill", sa.String(length=32), nullable=True),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("awaiting", sa.String(length=8), nullable=False),
        sa.Column("asked_at", tenin.database.UTCDateTime(), nullable=False),
        sa.Column("promised_low", sa.Integer(), nullable=True),
        sa.Column("promised_high", sa.Integer(), nullable=True),
        sa.Column("agent_id", sa.String(length=64), nullable=True),
        sa.Column("agent_name", sa.String(length=128), nullable=True),
        sa.Column("taken_at", tenin.database.UTCDateTime(), nullable=True),
        sa.Column("first_answer_at", tenin.database.UTCDateTime(), nullable=True),
        sa.Column("ended_at", tenin.database.UTCDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("resolution", sa.String(length=64), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("rating_word", sa.Text(), nullable=True),
        sa.Column("rated_at", tenin.database.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("handoff", schema=None) as batch_op:
        batch_op.create_index("handoff_by_conversation", ["conversation_id"], unique=False)
        batch_op.create_index("handoff_by_end", ["ended_at"], unique=False)
        batch_op.create_index("handoff_by_rating", ["rated_at"], unique=False)
        batch_op.create_index("handoff_by_take", ["taken_at"], unique=False)
        batch_op.create_index("handoff_by_time", ["asked_at"], unique=False)

    op.create_table(
        "other_desk",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("desk", sa.String(length=16), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("remote_id", sa.String(length=64), nullable=True),
        sa.Column(
            "handoff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("forwarded", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", tenin.database.UTCDateTime(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("status_at", tenin.database.UTCDateTime(), nullable=True),
        sa.Column("looked_at", tenin.database.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("conversation_id"),
    )
    with op.batch_alter_table("other_desk", schema=None) as batch_op:
        batch_op.create_index("other_desk_by_remote", ["desk", "remote_id"], unique=False)
        batch_op.create_index("other_desk_open", ["open"], unique=False)

    op.create_table(
        "read_mark",
        sa.Column("agent_id", sa.String(length=32), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("agent_id", "conversation_id"),
    )
    op.create_table(
        "training_example",
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
        sa.Column("marked_by", sa.String(length=32), nullable=False),
        sa.Column("at", tenin.database.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("training_example", schema=None) as batch_op:
        batch_op.create_index(
            "training_example_by_line", ["conversation_id", "line_number"], unique=True
        )

    with op.batch_alter_table("conversation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("category", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("skill", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("signs", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(
            sa.Column("awaiting", sa.String(length=8), nullable=False, server_default="live")
        )
        batch_op.add_column(sa.Column("returned_at", tenin.database.UTCDateTime(), nullable=True))
        batch_op.add_column(sa.Column("offered_to", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("offered_until", tenin.database.UTCDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("passed_over", sa.JSON(), nullable=False, server_default="[]")
        )
        batch_op.add_column(sa.Column("last_agent_id", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column(
                "handoff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(sa.Column("told_kind", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("told", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("told_at", tenin.database.UTCDateTime(), nullable=True))

    with op.batch_alter_table("web_session", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("by_link", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.create_index("web_session_by_conversation", ["conversation_id"], unique=False)
