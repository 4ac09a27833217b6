"""The migrations make the tables that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.engine import Engine

import tenin.desk.models  # its tables are in the same metadata, and the next one's
import tenin.invitation.models
import tenin.training.missed.models
from tenin.conversation.models import MIGRATIONS, VERSION_TABLE, metadata
from tenin.database import check_schema, migrate
from tests.databases import database_url, engine, postgres_url

# Here an empty database, not the migrated one of conftest.py.
__all__ = ["database_url", "engine", "postgres_url", "tenin"]


def test_migrations_equal_the_models(engine: Engine) -> None:
    assert inspect(engine).get_table_names() == []
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    check_schema(engine, MIGRATIONS, VERSION_TABLE)
    options = {"compare_type": True, "version_table": VERSION_TABLE}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
