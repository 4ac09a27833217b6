"""A release while customers write: each message answered once, in order, and nobody waits long.

The new model is the same one under another name, so that what it says is known.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tenin import model, model_card
from tenin.conversation.models import InboxRow, TrackerEvent
from tenin.database import make_engine, read_transaction
from tests.answers import is_wording_of
from tests.customer import Customer
from tests.system import LINKED, PROJECT, System

CUSTOMERS = 3
RELEASE_SECONDS = 900.0
TURN_SECONDS = 120.0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[System]:
    """A system with a folder of models of its own: a copy of the project's, and another."""
    trained = model.train(PROJECT, print)
    with tempfile.TemporaryDirectory(prefix="tenin") as folder:
        root = Path(folder)
        for name in LINKED:
            if name != "models":
                (root / name).symlink_to(PROJECT / name)
        (root / "models").mkdir()
        files = (
            trained,
            trained.with_name(f"{trained.name}.sha256"),
            model_card.card_file(trained),
        )
        for file in files:
            shutil.copy(file, root / "models" / file.name)
            other = file.name.replace(trained.name.removesuffix(".tar.gz"), "tenin-before")
            shutil.copy(file, root / "models" / other)
        system = System(root)
        system.start()
        try:
            yield system
        finally:
            system.stop()


def tenin(system: System, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tenin", *arguments],
        cwd=system.root,
        env=system.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def write_all_along(customer: Customer, ended: threading.Event, said: list[list[str]]) -> None:
    """Greet and thank in turn until the release has ended, and once more."""
    last = False
    while not last:
        last = ended.is_set()
        for text in ("hello", "thanks"):
            lines = customer.ask(TURN_SECONDS, text=text)
            said.append([text, *(str(line["text"]) for line in lines)])


def test_no_message_is_lost_or_answered_twice(own: System) -> None:
    customers = [Customer(own.url, "en") for _ in range(CUSTOMERS)]
    first = own.pid("bot")
    told: list[list[list[str]]] = [[] for _ in customers]
    ended = threading.Event()
    threads = [
        threading.Thread(target=write_all_along, args=(customer, ended, said))
        for customer, said in zip(customers, told, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        release = tenin(own, "release", "--back")
        output, _ = release.communicate(timeout=RELEASE_SECONDS)
    finally:
        ended.set()
        for thread in threads:
            thread.join(TURN_SECONDS * 2)
    assert release.returncode == 0, output + own.logs()
    assert "tenin-before.tar.gz is at work" in output
    assert own.pid("bot") != first
    for said in told:
        assert len(said) >= 4, "the messages went all through the change"
        assert [text for text, *_ in said] == ["hello", "thanks"] * (len(said) // 2)
        for text, *answers in said[1:]:  # the first greeting may be a welcome
            if text == "thanks":
                assert any(is_wording_of("utter_thanks", "en", each) for each in answers), answers
    engine = make_engine(f"sqlite:///{own.root}/var/tenin.db")
    with read_transaction(engine) as session:
        rows = session.execute(select(InboxRow.status, func.count()).group_by(InboxRow.status))
        assert dict(rows.all()) == {"done": sum(map(len, told))}
        # Each message is one user event, in the order in which it was written.
        heard = session.execute(
            select(TrackerEvent.conversation_id, TrackerEvent.inbox_id).order_by(TrackerEvent.id)
        ).all()
    engine.dispose()
    for conversation in {conversation for conversation, _ in heard}:
        order = [inbox for each, inbox in heard if each == conversation and inbox is not None]
        assert order == sorted(order)
    shown = tenin(own, "models").communicate(timeout=60)[0]
    assert "tenin-before.tar.gz *" in shown
    for customer in customers:
        customer.close()
