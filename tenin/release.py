"""The command `tenin release`: chooses a model, asks the running Tenin for it, and waits."""

from __future__ import annotations

import argparse
import fcntl
import time
import uuid
from pathlib import Path

from tenin import model, model_card, releasing
from tenin.model import ModelError
from tenin.releasing import ReleaseError
from tenin.settings import Settings
from tenin.supervisor import Say

POLL_SECONDS = 0.2
PID_FILE = "var/run/tenin.pid"


def run(settings: Settings, given: argparse.Namespace, say: Say) -> None:
    """Put the model of the files as they are now to work, or with --back the one before.

    Raises ReleaseError or ModelError.
    """
    root = settings.root
    if not is_running(root):
        raise ReleaseError("Tenin doesn't run here: start it by `make run`, which trains, too")
    chosen = before(root) if given.back else model.train(root, say)
    release(root, chosen, say)


def release(root: Path, chosen: Path, say: Say) -> None:
    """Ask the running Tenin for a model, and wait until it is at work. Raises ReleaseError."""
    model.usable(root, chosen)
    if not model_card.read(chosen).figures and (root / model_card.ASKED).is_dir():
        say("asking it for the held-out sentences; this takes a minute or two")
        model_card.measured(root, chosen)
    chosen.touch()
    serving = at_work(root)
    request = {
        "id": uuid.uuid4().hex,
        "model": chosen.name,
        "before": serving.name,
        "files": model.model_path(root).name,
    }
    releasing.write(root / releasing.REQUEST, request)
    say(f"{chosen.name} is to replace {serving.name}")
    while True:
        state = releasing.read(root / releasing.STATE)
        if state and state["id"] == request["id"]:
            if state["status"] == "failed":
                raise ReleaseError(state["line"])
            say(state["line"])
            return
        if not is_running(root):
            (root / releasing.REQUEST).unlink(missing_ok=True)
            raise ReleaseError("Tenin was stopped meanwhile: start it by `make run`")
        time.sleep(POLL_SECONDS)


def at_work(root: Path) -> Path:
    """Give the model that is to serve: the one released last, while the files are as then.

    Else the one of the files as they are now, whether or not it is trained.
    """
    current = model.model_path(root)
    record = releasing.read(root / releasing.RECORD)
    if record and record.get("files") == current.name:
        released = root / "models" / Path(record.get("model", "")).name
        try:
            model.usable(root, released)
        except ModelError:
            return current
        return released
    return current


def before(root: Path) -> Path:
    """Give the model to go back to: what was at work before, else the one used last but one.

    Raises ReleaseError when there is none that is whole and of this code.
    """
    serving = at_work(root)
    record = releasing.read(root / releasing.RECORD) or {}
    names = [Path(record.get("before", "")).name] if record.get("model") == serving.name else []
    names += [path.name for path in model.older(root)]
    fault = "no other model is kept"
    for name in dict.fromkeys(names):
        path = root / "models" / name
        if not name or path == serving or not path.is_file():
            continue
        try:
            model.usable(root, path)
        except ModelError as error:
            fault = str(error)
            continue
        return path
    raise ReleaseError(f"there is nothing to go back to ({fault}): see `tenin models`")


def is_running(root: Path) -> bool:
    """Tell whether a supervisor holds the project."""
    try:
        with (root / PID_FILE).open("r", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
