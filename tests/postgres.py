"""A PostgreSQL server for the tests: made in a folder, on a free loopback port, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2

START_TIMEOUT = 60.0
ATTEMPTS = 5


class PostgresMissing(Exception):
    """There is no PostgreSQL server to start on this machine."""


FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")
# What is committed is in the kernel's hands: it outlives the server's processes.
KEPT = ("-c", "fsync=off", "-c", "full_page_writes=on", "-c", "synchronous_commit=on")


@dataclass
class PostgresServer:
    """A server that runs, and may be killed and started again on the same port."""

    binaries: Path
    home: Path
    user: str | None
    options: tuple[str, ...]
    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """The URL of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def restart(self) -> None:
        """End it at once, with whatever is open, and start it again; back when it answers."""
        _stop(self.process)
        self.process, self.port = _start(
            self.binaries, self.home, self.user, self.options, self.port
        )


@contextlib.contextmanager
def start_postgres(folder: Path | None = None) -> Iterator[str]:
    """Start a server as `postgres_server` does; give the URL of its database."""
    with postgres_server(folder) as server:
        yield server.url


@contextlib.contextmanager
def postgres_server(
    folder: Path | None = None, options: tuple[str, ...] = FAST
) -> Iterator[PostgresServer]:
    """Start a server with its data in a new folder inside `folder`, for as long as the block runs.

    When the caller is root, the server's user must be able to reach that folder, which is not so
    of pytest's own temporary folders; the system's is taken then, and without a `folder`. Raises
    PostgresMissing when no server is installed, RuntimeError with the server's own words when it
    doesn't start.
    """
    binaries = server_binaries()
    user = _server_user()
    home = Path(tempfile.mkdtemp(prefix="pg", dir=_reachable(folder, user)))
    try:
        if user is not None:
            os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        data = home / "data"
        _initialise(binaries, data, user)
        process, port = _start(binaries, home, user, options)
        server = PostgresServer(binaries, home, user, options, process, port)
        try:
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def server_binaries() -> Path:
    """Return the folder with `initdb` and `postgres`, the newest that Debian installed first.

    Raises PostgresMissing if there is none.
    """
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(debian, key=lambda path: float(path.parent.name), reverse=True)
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True)
        folders.append(Path(answer.stdout.strip()))
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).parent)
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise PostgresMissing(
        "no PostgreSQL server on this machine (looked for initdb and postgres in "
        "/usr/lib/postgresql, by pg_config and on the PATH): install Debian's package `postgresql`"
    )


def _server_user() -> str | None:
    """Return whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise PostgresMissing("PostgreSQL refuses to run as root, and there is no user `postgres`")


def _reachable(folder: Path | None, user: str | None) -> Path:
    """Return the wished folder, or else a temporary one, that the server's user can reach."""
    for place in filter(None, (folder, Path(tempfile.gettempdir()), Path("/tmp"))):
        parents = (place.resolve(), *place.resolve().parents)
        if user is None or all(parent.stat().st_mode & 0o001 for parent in parents):
            return place
    raise RuntimeError(f"the user {user} can reach no temporary folder: set TMPDIR to one")


def _initialise(binaries: Path, data: Path, user: str | None) -> None:
    answer = subprocess.run(
        [
            *(binaries / "initdb", "--pgdata", data, "--username", "postgres", "--auth", "trust"),
            *("--encoding", "UTF8", "--no-locale", "--no-sync"),
        ],
        user=user,
        cwd=data.parent,
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        raise RuntimeError(f"initdb failed: {answer.stderr.strip() or answer.stdout.strip()}")


def _start(
    binaries: Path,
    home: Path,
    user: str | None,
    options: tuple[str, ...],
    own_port: int | None = None,
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server; another process may snatch the free port, so try a few."""
    log, data = home / "log", home / "data"
    for _ in range(ATTEMPTS):
        port = own_port or _free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    *(binaries / "postgres", "-D", data, "-p", str(port)),
                    *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=100"),
                    *("-c", "unix_socket_directories="),
                    *("-c", "shared_buffers=16MB"),
                    *options,
                ],
                user=user,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops the server
            )
        if _answers(process, port):
            return process, port
        _stop(process)
        if b"Address already in use" not in log.read_bytes():
            break
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace').strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(
                host="127.0.0.1", port=port, user="postgres", dbname="postgres", connect_timeout=5
            ).close()
            return process.poll() is None
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server at once (its "immediate" mode: there is nothing to save), by its own id."""
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
