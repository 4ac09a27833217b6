"""The command `tenin goods load`: the shop's own goods, from files, into its database."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from tenin.settings import Settings

FOLDER = Path("goods")


def add_commands(
    add: Callable[
        [str, Callable[[Settings, argparse.Namespace], int | None], str], argparse.ArgumentParser
    ],
) -> None:
    """Add the command by `add`, which takes a name, a function and a line of help."""
    goods = add("goods", _goods, "Load the shop's own goods from files.")
    what = goods.add_subparsers(metavar="load", required=True)
    text = "Make the catalogue what goods/*.yml say: new, changed, and gone."
    load = what.add_parser("load", help=text, description=text)
    load.add_argument(
        "folder", nargs="?", type=Path, default=FOLDER, help="with a file for each category"
    )
    load.add_argument(
        "--forget-demo", action="store_true", help="remove the demo shop's customers and orders"
    )
    load.set_defaults(goods=_load)


def _goods(settings: Settings, given: argparse.Namespace) -> int:
    found: int = given.goods(settings, given)
    return found


def _load(settings: Settings, given: argparse.Namespace) -> int:
    from tenin.database import check_schema, make_engine, write_transaction
    from tenin.language.languages import configured
    from tenin.shop.goods_files import read_goods, store_goods
    from tenin.shop.models import MIGRATIONS, VERSION_TABLE
    from tenin.shop.sample_data import forget_demo

    groups = read_goods(settings.path(str(given.folder)), configured().ready)
    engine = make_engine(settings.shop.database_url)
    try:
        check_schema(engine, MIGRATIONS, VERSION_TABLE)
        with write_transaction(engine) as session:
            forgotten = forget_demo(session) if given.forget_demo else 0
            loaded = store_goods(session, groups, rest_goes=True)
    finally:
        engine.dispose()
    if forgotten:
        print(f"the demo shop's {forgotten} customers and their orders are gone")
    print(
        f"{loaded.added} goods are new, {loaded.kept} were there, {loaded.removed} are gone, "
        f"{loaded.withdrawn} are sold out for good, since orders name them"
    )
    return 0
