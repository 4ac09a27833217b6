"""Names by which customers call goods, and a version that every change of the catalogue raises.

The version is kept by triggers, so that a shop's own SQL counts too. Of `products` only number,
SKU and category count: stock, sales and prices change with every order, and are read afresh
wherever they are told.

A later batch migration of one of these tables on SQLite drops its triggers: it must make them
anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "shop_0002"
down_revision = "shop_0001"
branch_labels = None
depends_on = None

# Each table, and the columns whose change counts: None for all of them.
COUNTED = {
    "products": ("id", "sku", "category"),
    "product_text": None,
    "product_alias": None,
    "categories": None,
    "category_text": None,
    "category_alias": None,
}

# A transaction raises the version once, however many rows it changes. The rights and the schema
# are the table's owner's, so that whoever may write to the catalogue needs none to the version.
RAISE_VERSION = """
CREATE FUNCTION catalogue_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format(
        'UPDATE %I.catalogue_version SET version = version + 1, changed_by = txid_current() '
        'WHERE changed_by IS DISTINCT FROM txid_current()',
        TG_TABLE_SCHEMA
    );
    RETURN NULL;
END
$$
"""
RAISE_VERSION_SQLITE = "UPDATE catalogue_version SET version = version + 1"


def upgrade() -> None:
    """Make the tables, the version's one row and the triggers."""
    op.create_table(
        "product_alias",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", "language", "alias", name="pk_product_alias"),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_product_alias_product_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "category_alias",
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("category", "language", "alias", name="pk_category_alias"),
        sa.ForeignKeyConstraint(
            ["category"],
            ["categories.code"],
            name="fk_category_alias_category",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "catalogue_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_version"),
        sa.CheckConstraint("id = 1", name="ck_catalogue_version_one_row"),
    )
    op.execute("INSERT INTO catalogue_version (id, version) VALUES (1, 1)")
    if op.get_bind().dialect.name == "postgresql":
        _make_postgresql_triggers()
    else:
        _make_sqlite_triggers()


def _make_postgresql_triggers() -> None:
    """Raise the version at the end of a transaction, when it waits for no other lock.

    Taken earlier, the version's row would be held as long as a shop's transaction lasts, and two
    of them could block each other.
    """
    op.execute(RAISE_VERSION)
    for table, columns in COUNTED.items():
        for name, happening, condition in (
            ("added", "INSERT OR DELETE", ""),
            ("changed", "UPDATE", f"WHEN ({_differs('IS DISTINCT FROM', columns)})"),
        ):
            op.execute(
                f"CREATE CONSTRAINT TRIGGER catalogue_{table}_{name} AFTER {happening} ON {table} "
                f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW {condition} "
                "EXECUTE FUNCTION catalogue_changed()"
            )
        op.execute(
            f"CREATE TRIGGER catalogue_{table}_emptied AFTER TRUNCATE ON {table} "
            "EXECUTE FUNCTION catalogue_changed()"
        )


def _make_sqlite_triggers() -> None:
    for table, columns in COUNTED.items():
        for happening in ("INSERT", "UPDATE", "DELETE"):
            counted = columns if happening == "UPDATE" else None
            condition = f"WHEN {_differs('IS NOT', counted)}" if counted else ""
            op.execute(
                f"CREATE TRIGGER catalogue_{table}_{happening.lower()} AFTER {happening} "
                f"ON {table} FOR EACH ROW {condition} BEGIN {RAISE_VERSION_SQLITE}; END"
            )


def _differs(operator: str, columns: tuple[str, ...] | None) -> str:
    names = columns or ("*",)
    return " OR ".join(f"OLD.{name} {operator} NEW.{name}" for name in names)
