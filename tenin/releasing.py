"""Puts another model to work while Tenin runs: a second pair of bot and actions, then the first.

`tenin release` (`tenin.release`) asks for it by a file in var/run; the supervisor takes it up
between its looks at the tiers. For a while both pairs take messages from the inbox: the lease that
a turn holds lets one worker at a time have a conversation, so nothing is lost or said twice.

1. A second bot and a second action server start on spare ports, with the new model.
2. Once they answer, the first bot is drained: it takes no more, ends its turns, and is stopped.
3. The first pair starts anew on its own ports, with the new model; then the second is drained.

A model that doesn't start leaves the one before serving.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenin import processes
from tenin.supervisor import (
    PROBE_SECONDS,
    READY_SECONDS,
    STOP_SECONDS,
    Kept,
    Say,
    Tier,
    answers,
    kept_of,
    said_by,
    start,
)

REQUEST = "var/run/release.json"
STATE = "var/run/release-state.json"
RECORD = "models/released.json"
DRAINED = b"drained"
# A turn lasts a minute at most.
DRAIN_SECONDS = 75.0

# Gives bot and actions for a model: those of the project's own ports, or on spare ones.
Pair = Callable[[Path, bool], Sequence[Tier]]


class ReleaseError(Exception):
    """A model can't be put to work; the message is one line and names the remedy."""


def watch(kept: list[Kept], root: Path, pair: Pair, say: Say) -> Iterator[None]:
    """Do what is asked for by the file, for ever, a step each time; for `supervise`."""
    while True:
        request = _taken(root)
        if request is None:
            yield
            continue
        model = root / "models" / request["model"]
        try:
            yield from _change(kept, root, pair, model, say)
        except ReleaseError as error:
            say(f"{'release':<10} {error}")
            tell(root, request["id"], "failed", str(error))
        else:
            record = {key: request[key] for key in ("model", "before", "files")}
            write(root / RECORD, record)
            line = f"{model.name} is at work"
            say(f"{'release':<10} {line}")
            tell(root, request["id"], "done", line)


def tell(root: Path, request: str, status: str, line: str) -> None:
    """Write how far a release is: `done`, `failed` or `working`."""
    write(root / STATE, {"id": request, "status": status, "line": line})


def write(file: Path, what: dict[str, Any]) -> None:
    """Write a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.write_text(json.dumps(what) + "\n", encoding="utf-8")
    new.replace(file)


def read(file: Path) -> dict[str, str] | None:
    """Read what `write` wrote; None if there is nothing whole."""
    with suppress(OSError, ValueError):
        found = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(found, dict) and all(isinstance(each, str) for each in found.values()):
            return found
    return None


def _taken(root: Path) -> dict[str, str] | None:
    file = root / REQUEST
    if not file.exists():
        return None
    request = read(file)
    file.unlink(missing_ok=True)
    whole = request is not None and {"id", "model", "before", "files"} <= set(request)
    return request if whole else None


def _change(kept: list[Kept], root: Path, pair: Pair, model: Path, say: Say) -> Iterator[None]:
    second = [
        kept_of(replace(tier, name=f"{tier.name}-2"), root, watched=False)
        for tier in pair(model, True)
    ]
    first = [one for one in kept if f"{one.tier.name}-2" in {each.tier.name for each in second}]
    say(f"{'release':<10} a second bot starts with {model.name}; the first goes on serving")
    kept += second
    try:
        yield from _started(second, root, "the model before goes on serving")
        for one in second:
            one.watched = True
        say(f"{'release':<10} it answers; the first ends its turns")
        yield from _drained(first)
        before = [one.tier for one in first]
        for one, tier in zip(first, _in_order(pair(model, False), first), strict=True):
            one.tier = tier
        try:
            yield from _started(first, root, "the model before serves again")
        except ReleaseError:
            for one, tier in zip(first, before, strict=True):
                one.tier = tier
            yield from _started(first, root, "start Tenin again")
            raise
        finally:
            for one in first:
                one.watched = True
        yield from _drained(second)
    finally:
        for one in second:
            one.watched = False
            _stop([one])
            if one in kept:
                kept.remove(one)


def _in_order(tiers: Sequence[Tier], like: Sequence[Kept]) -> list[Tier]:
    named = {tier.name: tier for tier in tiers}
    return [named[one.tier.name] for one in like]


def _started(pair: Sequence[Kept], root: Path, otherwise: str) -> Iterator[None]:
    """Start both and wait until they answer; with both stopped raise ReleaseError if they don't."""
    for one in pair:
        start(one, root)
    deadline = time.monotonic() + READY_SECONDS
    while not all(one.ready for one in pair):
        for one in pair:
            fault = _fault(one, deadline)
            if fault:
                reason = said_by(one)
                _stop(pair)
                raise ReleaseError(
                    f"{one.tier.name} {fault} ({reason}): {otherwise}; see {one.log}"
                )
        yield


def _fault(one: Kept, deadline: float) -> str | None:
    """Look whether one answers; give what is wrong, if it never will."""
    now = time.monotonic()
    if one.process is None or one.process.poll() is not None:
        return "ended while it started"
    if not one.ready and now >= one.probe_at:
        one.ready = answers(one.tier.ready_url) is not None
        one.probe_at = now + PROBE_SECONDS
    return "does not answer" if not one.ready and now > deadline else None


def _drained(pair: Sequence[Kept]) -> Iterator[None]:
    """Let the bot of a pair end its turns, and stop both."""
    bots = [one for one in pair if one.tier.drains and one.process is not None and one.ready]
    for one in pair:
        one.watched = False
    for one in bots:
        assert one.process is not None
        with suppress(ProcessLookupError):
            os.kill(one.process.pid, signal.SIGUSR1)
    deadline = time.monotonic() + DRAIN_SECONDS
    while bots and time.monotonic() < deadline:
        # What a bot that died had begun is left to its leases.
        bots = [
            one
            for one in bots
            if one.process is not None
            and one.process.poll() is None
            and DRAINED not in (answers(one.tier.ready_url, status=503) or b"")
        ]
        yield
    _stop(pair)


def _stop(pair: Sequence[Kept]) -> None:
    processes.stop([one.process for one in pair if one.process is not None], STOP_SECONDS)
    for one in pair:
        one.process, one.ready = None, False
        one.pid_file.unlink(missing_ok=True)
