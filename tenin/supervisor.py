"""Keeps the tiers running: starts them, waits until they answer, restarts them, stops them.

`tenin.start` says which tiers there are and calls `supervise`, which returns when Ctrl-C or a
TERM signal was given and no process is left. Everything happens in the main thread, in one loop:
the kernel ties the life of a child to the thread that started it (see `tenin.processes`).
"""

import contextlib
import http.client
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from tenin import processes

POLL_SECONDS = 0.1
PROBE_SECONDS = 0.3
PROBE_TIMEOUT = 1.0
STILL_STARTING_SECONDS = 15.0
READY_SECONDS = 300.0
STOP_SECONDS = 8.0
DEATHS = 5
DEATHS_WITHIN = 120.0
FIRST_DELAY = 0.5
LOG_LINES = 12

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


class SupervisorError(Exception):
    """Tenin can't be started or kept running; the message is one line and names the remedy."""


@dataclass(frozen=True)
class Tier:
    """One process to keep running: its command, its whole environment, and where it answers.

    One that `drains` ends its work and says so when it gets the signal USR1.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready_url: str
    drains: bool = False


@dataclass
class Kept:
    """A tier and the process that it is at present; who isn't `watched` isn't started anew."""

    tier: Tier
    log: Path
    pid_file: Path
    process: "subprocess.Popen[bytes] | None" = None
    ready: bool = False
    started: float = 0.0
    start_at: float = 0.0
    probe_at: float = 0.0
    tell_at: float = 0.0
    deaths: deque[float] = field(default_factory=deque)
    watched: bool = True


# Work between the looks at the tiers, a step each: it may add to what is kept, and change it.
Meanwhile = Callable[[list["Kept"]], Iterator[None]]


def kept_of(tier: Tier, root: Path, watched: bool = True) -> Kept:
    """Give what keeps a tier, its log and its process number below `root`; nothing runs yet."""
    log, pid_file = root / f"var/log/{tier.name}.log", root / f"var/run/{tier.name}.pid"
    return Kept(tier, log, pid_file, watched=watched)


def supervise(
    tiers: Sequence[Tier],
    root: Path,
    say: Say,
    opened: Callable[[], None],
    meanwhile: Meanwhile | None = None,
) -> None:
    """Keep the tiers running until a signal asks to stop; then leave no process behind.

    Logs go to var/log/<tier>.log below `root`, process numbers to var/run/<tier>.pid. `say` gets
    the progress in lines, `opened` is called once, when all tiers answer for the first time;
    from then on a step of `meanwhile` is done between the looks.
    Raises SupervisorError, with everything stopped, when a tier keeps dying or never answers.
    """
    kept = [kept_of(tier, root) for tier in tiers]
    work: Iterator[None] = iter(())
    with _stop_signals(kept) as asked:
        try:
            for one in kept:
                start(one, root)
            is_open = False
            while not asked:
                for one in kept:
                    if one.watched:
                        _look_after(one, root, say)
                if not is_open and all(one.ready for one in kept):
                    is_open = True
                    opened()
                    work = meanwhile(kept) if meanwhile else work
                next(work, None)
                time.sleep(POLL_SECONDS)
            say("Stopping.")
        finally:
            # What was begun is left as it is: everything is stopped.
            processes.stop([one.process for one in kept if one.process], STOP_SECONDS)
            for one in kept:
                one.pid_file.unlink(missing_ok=True)


def start(one: Kept, root: Path) -> None:
    """Start the process of a tier. Raises SupervisorError."""
    try:
        one.process = processes.start(one.tier.command, one.log, root, one.tier.env)
    except OSError as error:
        raise SupervisorError(
            f"{one.tier.name} can't be started ({error}): run `make run`, which repairs .venv"
        ) from error
    one.started = time.monotonic()
    one.ready, one.probe_at = False, one.started
    one.tell_at = one.started + STILL_STARTING_SECONDS
    one.pid_file.parent.mkdir(parents=True, exist_ok=True)
    one.pid_file.write_text(f"{one.process.pid}\n", encoding="ascii")


def _look_after(one: Kept, root: Path, say: Say) -> None:
    """Do what a tier needs now: a start, a probe, or nothing."""
    now = time.monotonic()
    if one.process is None:
        if now >= one.start_at:
            start(one, root)
    elif one.process.poll() is not None:
        _died(one, one.process, now, say)
    elif not one.ready and now >= one.probe_at:
        if answers(one.tier.ready_url) is not None:
            one.ready = True
            say(f"{one.tier.name:<10} is up ({now - one.started:.0f} s)")
            return
        one.probe_at = time.monotonic() + PROBE_SECONDS
        if now - one.started > READY_SECONDS:
            raise _gave_up(one, f"does not answer after {READY_SECONDS:.0f} s", say)
        if now >= one.tell_at:
            one.tell_at = now + STILL_STARTING_SECONDS
            say(f"{one.tier.name:<10} is still starting ({now - one.started:.0f} s)")


def _died(one: Kept, process: "subprocess.Popen[bytes]", now: float, say: Say) -> None:
    """Note a death and when to start anew, or raise SupervisorError after too many of them."""
    processes.stop([process], 0)  # what is left of its group
    one.pid_file.unlink(missing_ok=True)
    one.process, one.ready = None, False
    one.deaths.append(now)
    while one.deaths[0] < now - DEATHS_WITHIN:
        one.deaths.popleft()
    code = process.returncode
    how = f"was ended by signal {-code}" if code < 0 else f"ended by itself (exit code {code})"
    if len(one.deaths) >= DEATHS:
        raise _gave_up(one, f"{how}, {DEATHS} times within {DEATHS_WITHIN:.0f} s", say)
    delay = FIRST_DELAY * 2 ** (len(one.deaths) - 1)
    one.start_at = now + delay
    say(f"{one.tier.name:<10} {how}: starting it again in {delay:g} s")


def _gave_up(one: Kept, fault: str, say: Say) -> SupervisorError:
    for line in processes.last_lines(one.log, LOG_LINES):
        say(f"    {line}")
    return SupervisorError(
        f"{one.tier.name} {fault}: correct what {one.log} says at its end, then start again"
    )


def said_by(one: Kept) -> str:
    """Return the last line of a tier's log, to be shown."""
    return " ".join(processes.last_lines(one.log, 1)).strip()[:200] or "it said nothing"


def answers(url: str, status: int = 200) -> bytes | None:
    """Return what a tier answers with that status; None if it doesn't.

    Goes past any proxy: tiers are on this machine.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        str(parts.hostname), parts.port or 80, timeout=PROBE_TIMEOUT
    )
    try:
        connection.request("GET", parts.path or "/")
        response = connection.getresponse()
        return response.read() if response.status == status else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


@contextlib.contextmanager
def _stop_signals(kept: Sequence[Kept]) -> Iterator[list[int]]:
    """Give a list to which each signal that asks to stop is added; the second one kills at once."""
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 1:
            for one in kept:
                if one.process is not None and one.process.returncode is None:
                    processes.send(one.process.pid, signal.SIGKILL)

    before = {number: signal.signal(number, ask) for number in STOP_SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
