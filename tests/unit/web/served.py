"""The web tier as its tests use it: the real app under uvicorn in a thread, on a free port.

`Site` has the databases and the wording beside it, so that a test can play the worker of
the bot tier; `Stream` is an open event stream, read as it comes.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import delete, select
from sqlalchemy.engine import Engine
from starlette.applications import Starlette

from tenin.app import create_app
from tenin.channels.hub import Hub
from tenin.conversation import tracker, turns
from tenin.conversation.models import Conversation, InboxRow, OutboxRow, WebSession, metadata
from tenin.conversation.transcript import Reply
from tenin.conversation.turns import Outcome, Turn
from tenin.conversation.voice import Voice
from tenin.database import make_engine, read_transaction, write_transaction
from tenin.desk.access import new_link
from tenin.fair_turns import FairTurns
from tenin.settings import Settings, load_settings
from tests.agent import DeskAgent
from tests.answers import voice
from tests.customer import Customer
from tests.hours import open_always
from tests.system import PROJECT, UNLIMITED
from tests.unit.web.streams import Stream

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0
LEASE = timedelta(minutes=1)  # longer than a test on a busy machine


def plain_client(url: str, headers: dict[str, str] | None = None) -> httpx.Client:
    """A client of a site; it reads no certificates, which takes longer than most tests."""
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False, verify=False)


def make_root(root: Path, databases: Path) -> Path:
    """Fill a folder with links to the project's data and a copy of the prepared databases."""
    for name in (
        "blueprints",
        "data",
        "invitations.yml",
        "menus.yml",
        "languages.yml",
        "policy.yml",
    ):
        (root / name).symlink_to(PROJECT / name)
    shutil.copytree(databases, root / "var")
    return root


class Site:
    """A web tier that is open, and what a test needs beside it.

    Whatever the tier logs as an error is in `errors`; a test that means it to fail empties them.
    """

    def __init__(self, root: Path, environ: dict[str, str]) -> None:
        """Read the settings; nothing runs yet."""
        self._root, self._environ = root, environ
        self._open, self._guests = contextlib.ExitStack(), contextlib.ExitStack()
        self.errors: list[str] = []
        self.url = ""
        self.settings: Settings
        self.engine: Engine
        self.bot: socket.socket
        self.app: Starlette
        self.hub: Hub
        self.writers: FairTurns

    @property
    def voice(self) -> Voice:
        """The project's wording and menus."""
        return voice()

    def start(self) -> None:
        """Open the tier: TCP and UDP on one free port, a socket in place of the bot's wake-ups."""
        listening, self.bot = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, 0))
        self._open.callback(self.bot.close)
        self.bot.bind((LOOPBACK, 0))
        port = listening.getsockname()[1]
        self.url = f"http://{LOOPBACK}:{port}"
        self.settings = load_settings(
            self._root,
            {
                "TENIN_SECRET": "a secret of the tests, long enough",
                "TENIN_WEB_PORT": str(port),
                "TENIN_BOT_PORT": str(self.bot.getsockname()[1]),
                **UNLIMITED,
                **self._environ,
            },
        )
        self.engine = make_engine(self.settings.database.url)
        self._open.callback(self.engine.dispose)
        open_always(self.engine)
        app = self.app = create_app(self.settings)
        self.hub = app.state.services.hub
        self.writers = app.state.services.writers
        self._serve(app, listening)

    def _serve(self, app: Any, listening: socket.socket) -> None:
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                ws="none",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=10,
            )
        )
        thread = threading.Thread(target=server.run, args=([listening],), name=self.url)
        self._open.enter_context(_errors_into(self.errors, thread))
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join(START_SECONDS)
            assert not thread.is_alive()

        self._open.callback(stop)
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert thread.is_alive(), f"the web tier did not start: {self.errors}"
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def leave(self) -> None:
        """See all guests off; raises AssertionError if the tier logged an error."""
        self._guests.close()
        logged, self.errors[:] = self.errors[:], []
        assert logged == []

    def stop(self) -> None:
        """Close everything; raises AssertionError if the tier logged an error."""
        self._guests.close()
        self._open.close()
        self.leave()

    def empty(self) -> None:
        """Forget all conversations."""
        with write_transaction(self.engine) as session:
            for table in reversed(metadata.sorted_tables):
                session.execute(delete(table))
        open_always(self.engine)
        self.woken(0)

    # who comes

    def http(self, headers: dict[str, str] | None = None) -> httpx.Client:
        """A client that knows nothing but the address."""
        return self._guests.enter_context(plain_client(self.url, headers))

    def customer(self, language: str = "en", token: str | None = None) -> Customer:
        """A customer with a session."""
        customer = Customer(self.url, language, token)
        self._guests.callback(customer.close)
        return customer

    def stream(self, who: Customer | DeskAgent, after: int | None = None) -> Stream:
        """The open stream of a customer or an agent."""
        headers = {"cookie": "; ".join(f"{k}={v}" for k, v in who.http.cookies.items())}
        path = "/desk/stream"
        if isinstance(who, Customer):
            headers = {"authorization": f"Bearer {who.token}"}
            path = "/chat/stream"
        if after is not None:
            headers["last-event-id"] = str(after)
        return self._guests.enter_context(Stream(self.url, path, headers))

    def desk_link(self, name: str = "Mei", role: str = "agent") -> str:
        """A one-time link to the desk, for the account of this name, made if there is none."""
        return f"/desk/enter?key={new_link(self.engine, self.settings, name, role)}"

    def agent(self, name: str = "Mei", role: str = "agent") -> DeskAgent:
        """An agent who has come in."""
        agent = DeskAgent(self.url, self.desk_link(name, role))
        self._guests.callback(agent.http.close)
        return agent

    # the worker of the bot tier

    def claim(self, text: str | None = None) -> Turn:
        """Lease the next message, which must be there (and say `text`)."""
        turn = turns.claim(self.engine, self.voice, lease=LEASE, attempts=5)
        assert turn is not None
        assert text is None or turn.text == text
        return turn

    def commit(
        self, turn: Turn, *replies: Reply, wanted: str | None = None, language: str | None = None
    ) -> bool:
        """Commit a turn that said `replies`; in `language` the conversation goes on."""
        new = [{"event": "user", "text": turn.text}, {"event": "action", "name": "action_listen"}]
        with read_transaction(self.engine) as session:
            loaded = tracker.load(session, turn.conversation_id)
        outcome = Outcome(new, [*loaded, *new], replies, len(loaded), wanted, language=language)
        return turns.commit(self.engine, turn, outcome, self.voice)

    def answer(
        self, *texts: str, buttons: Sequence[tuple[str, str]] = (), wanted: str | None = None
    ) -> str:
        """Take the next message and answer it, the buttons with the last text; the conversation."""
        turn = self.claim()
        replies = [Reply(text) for text in texts[:-1]] + [
            Reply(text, buttons) for text in texts[-1:]
        ]
        self.commit(turn, *replies, wanted=wanted)
        return turn.conversation_id

    def woken(self, seconds: float = 0.3) -> list[str]:
        """The conversations that the bot tier was woken for since it was last asked."""
        found = []
        self.bot.settimeout(seconds)  # 0: only what is there
        with contextlib.suppress(TimeoutError, BlockingIOError):
            while True:
                found.append(self.bot.recv(64).decode())
        return found

    # what is written down

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table of conversations."""
        with read_transaction(self.engine) as session:
            return {
                table.name: [dict(row) for row in session.execute(select(table)).mappings()]
                for table in metadata.sorted_tables
            }

    def conversation(self, customer: Customer) -> Conversation:
        """The conversation of a customer, as it is now."""
        token_hash = hashlib.sha256(customer.token.encode()).hexdigest()
        with read_transaction(self.engine) as session:
            row = session.get(WebSession, token_hash)
            return session.get(Conversation, row.conversation_id)

    def inbox(self, conversation_id: str) -> list[InboxRow]:
        """The messages of a conversation."""
        return self._of(InboxRow, conversation_id)

    def outbox(self, conversation_id: str) -> dict[int, str]:
        """How far each line that goes out has come."""
        rows: list[OutboxRow] = self._of(OutboxRow, conversation_id)
        return {row.line_number: row.status for row in rows}

    def _of(self, model: Any, conversation_id: str) -> list[Any]:
        wanted = select(model).where(model.conversation_id == conversation_id).order_by(model.id)
        with read_transaction(self.engine) as session:
            return list(session.execute(wanted).scalars())


@contextlib.contextmanager
def _errors_into(errors: list[str], thread: threading.Thread) -> Iterator[None]:
    """Keep what the thread of a site logs as an error."""

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread.ident:
                errors.append(self.format(record))

    handler = Keep(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
