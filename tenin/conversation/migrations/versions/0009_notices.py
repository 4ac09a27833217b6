"""On PostgreSQL triggers tell the tiers what moved, at the commit (`tenin.conversation.listening`).

SQLite has nothing to tell with: there a datagram does it.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOVED = """
CREATE FUNCTION tenin_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(
        'tenin_moved',
        NEW.id || ' ' || to_char(
            NEW.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
        )
    );
    RETURN NULL;
END $$
"""
WAITING = """
CREATE FUNCTION tenin_waiting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('tenin_waiting', NEW.conversation_id);
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Make the triggers, on PostgreSQL."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(MOVED)
    op.execute(
        "CREATE TRIGGER tenin_moved AFTER INSERT OR UPDATE OF updated_at ON conversation "
        "FOR EACH ROW EXECUTE FUNCTION tenin_moved()"
    )
    op.execute(WAITING)
    op.execute(
        "CREATE TRIGGER tenin_waiting AFTER INSERT ON inbox "
        "FOR EACH ROW WHEN (NEW.status = 'waiting') EXECUTE FUNCTION tenin_waiting()"
    )
