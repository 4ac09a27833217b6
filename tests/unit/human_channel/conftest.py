"""Both desks, each behind the real web tier; one site of each serves all tests of a process.

After each test nobody waits any more, and Chatwoot is whole again: a test sees its own
customers alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from tenin.conversation.models import Conversation, InboxRow, InboxStatus, Owner
from tenin.database import write_transaction
from tenin.desk.models import OtherDesk, OtherDeskReach
from tests.unit.human_channel.chatwoot_server import Chatwoot
from tests.unit.human_channel.desks import ChatwootDesk, Desk, TeninDesk
from tests.unit.web.conftest import databases
from tests.unit.web.served import Site, make_root

__all__ = ["databases"]

WEBHOOK = "/desk/chatwoot/webhook"


@pytest.fixture(scope="session")
def chatwoot_server() -> Iterator[Chatwoot]:
    """A Chatwoot that is open."""
    server = Chatwoot()
    server.start()
    server.run_webhooks()
    yield server
    server.close()


@pytest.fixture(scope="session")
def site_of_chatwoot(
    databases: Path, tmp_path_factory: pytest.TempPathFactory, chatwoot_server: Chatwoot
) -> Iterator[Site]:
    """A site that Chatwoot serves."""
    with _opened(tmp_path_factory, databases, chatwoot_server.environ()) as site:
        chatwoot_server.webhook_url = f"{site.url}{WEBHOOK}"
        yield site


@pytest.fixture(scope="session")
def site_of_tenin(databases: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that our desk serves."""
    with _opened(tmp_path_factory, databases, {}) as site:
        yield site


@pytest.fixture
def there(chatwoot_server: Chatwoot, site_of_chatwoot: Site) -> Iterator[ChatwootDesk]:
    """Chatwoot, as its agents use it."""
    yield ChatwootDesk(site_of_chatwoot, chatwoot_server)
    chatwoot_server.mend()
    _end_all(site_of_chatwoot)


@pytest.fixture(params=["tenin", "chatwoot"])
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Either desk, with its site."""
    if request.param == "chatwoot":
        yield request.getfixturevalue("there")
        return
    site: Site = request.getfixturevalue("site_of_tenin")
    yield TeninDesk(site)
    _end_all(site)


@contextlib.contextmanager
def _opened(
    factory: pytest.TempPathFactory, databases: Path, environ: dict[str, object]
) -> Iterator[Site]:
    given = {f"TENIN_{name}": str(value) for name, value in environ.items()}
    root = make_root(factory.mktemp("site"), databases)
    site = Site(root, {"TENIN_TURN_SLOW_NOTICE_SECONDS": "600", **given})
    try:
        site.start()
        yield site
    finally:
        site.stop()


def _end_all(site: Site) -> None:
    """Nobody waits, nobody serves, nothing is left to be passed on."""
    with write_transaction(site.engine) as session:
        for change in (
            update(Conversation).values(owner=Owner.BOT.value, agent_id=None, handoff_id=None),
            update(InboxRow).values(status=InboxStatus.DONE.value),
            update(OtherDesk).values(open=False),
            delete(OtherDeskReach),
        ):
            session.execute(change.execution_options(synchronize_session=False))
    site.woken(0)
    site.leave()
