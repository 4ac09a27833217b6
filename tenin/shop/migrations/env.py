"""How Alembic runs the shop's revisions; the work is done in `tenin.database`."""

from tenin.database import run_migrations

run_migrations()
