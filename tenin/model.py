"""The trained model: named after what it was trained from, checked before it is used.

`tenin run` and `tenin train` call `train`. The name of the file holds a hash of everything that
goes into a model, so an unchanged project finds its model ready and a changed one trains a new
one; Rasa's own cache in `.rasa/` spares the components that did not change. Rasa itself runs as a
process of its own here, since importing it takes seconds.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tenin import model_card, processes
from tenin.model_card import CardError

Progress = Callable[[str], None]

TRAINED_FROM = ("config.yml", "domain.yml", "menus.yml", "languages.yml", "requirements/run.txt")
TRAINED_FROM_FOLDERS = (("data", "*"), ("tenin/bot", "*.py"), ("tenin/language", "*"))
CODE = ("tenin/bot/", "tenin/language/", "requirements/run.txt")
MODELS_KEPT = 5
STOP_SECONDS = 3
STILL_AT_IT_SECONDS = 15

PHASES = (
    (re.compile(r"Starting to train component '(\w+)'"), "training {}"),
    (re.compile(r"Restored component '(\w+)' from cache"), "unchanged {}"),
)


class ModelError(Exception):
    """A model can't be trained or used; the message is one line and names the remedy."""


def model_path(root: Path) -> Path:
    """Return where the model of the project as it is now belongs, whether or not it exists."""
    return root / "models" / f"tenin-{_hash(root)}.tar.gz"


def older(root: Path) -> list[Path]:
    """Return the models that are kept, the one used last first."""
    return sorted((root / "models").glob("tenin-*.tar.gz"), key=_modified, reverse=True)


def usable(root: Path, path: Path) -> None:
    """Raise ModelError unless a kept model is whole and was trained by code as it is now."""
    verify(path)
    try:
        model_card.check_version(path, _hash(root, CODE))
    except CardError as error:
        raise ModelError(str(error)) from error


def _hash(root: Path, beginnings: tuple[str, ...] = ("",)) -> str:
    digest = hashlib.sha256()
    for file in _sources(root):
        name = file.relative_to(root).as_posix()
        if name.startswith(beginnings):
            content = file.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def verify(path: Path) -> None:
    """Raise ModelError unless the model is, byte for byte, what was trained here."""
    try:
        expected = _checksum_file(path).read_text(encoding="ascii").split()[0]
        actual = _checksum(path)
    except (OSError, UnicodeDecodeError, IndexError):
        expected, actual = "", "unreadable"
    if actual != expected:
        raise ModelError(f"{path} is damaged: delete it and run `make train`")


def train(root: Path, progress: Progress, force: bool = False) -> Path:
    """Return the verified model of the project, training it if there is none yet or if forced.

    `progress` is told each phase in a line. Raises ModelError when an existing model is damaged
    or the training fails. Two trainings of one project wait for each other.
    """
    path = model_path(root)
    path.parent.mkdir(exist_ok=True)
    with _training_lock(path.parent, progress):
        if force or not path.exists():
            _train(root, path, progress)
        verify(path)
        path.touch()  # `rasa shell` and `rasa test` take the newest file
        for old in sorted(path.parent.glob("tenin-*.tar.gz"), key=_modified)[:-MODELS_KEPT]:
            old.unlink(missing_ok=True)
            _checksum_file(old).unlink(missing_ok=True)
            model_card.card_file(old).unlink(missing_ok=True)
    return path


def _sources(root: Path) -> Iterator[Path]:
    for name in TRAINED_FROM:
        if (root / name).is_file():
            yield root / name
    for folder, pattern in TRAINED_FROM_FOLDERS:
        for file in sorted((root / folder).rglob(pattern)):
            parts = file.relative_to(root).parts
            hidden = any(part.startswith((".", "__pycache__")) for part in parts)
            if file.is_file() and not hidden and not file.name.endswith((".pyc", "~")):
                yield file


def _train(root: Path, path: Path, progress: Progress) -> None:
    for abandoned in path.parent.glob("training-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="training-", dir=path.parent) as folder:
        name = path.name.removesuffix(".tar.gz")
        command = [sys.executable, "-m", "rasa", "train", "--fixed-model-name", name]
        command += ["--config", "config.yml", "--domain", "domain.yml", "--data", "data"]
        # Rasa reads everything over again to validate it, and only warns: `make check` does that.
        command += ["--out", folder, "--skip-validation"]
        # The policies of config.yml learn by heart and leave stories glued together out anyway.
        command += ["--augmentation", "0"]
        scratch = Path(folder, "scratch")
        scratch.mkdir()
        _run(command, root, {"TMPDIR": str(scratch)}, progress)
        trained = Path(folder, path.name)
        if not trained.is_file():
            raise _failure(root, "Rasa ended without a model")
        # The checksum goes first: a model without one can only be a damaged one.
        _checksum_file(trained).write_text(f"{_checksum(trained)}  {path.name}\n", encoding="ascii")
        card = model_card.make(root, _hash(root), _hash(root, CODE))
        model_card.write(card, model_card.card_file(trained))
        path.unlink(missing_ok=True)
        model_card.card_file(trained).replace(model_card.card_file(path))
        _checksum_file(trained).replace(_checksum_file(path))
        trained.replace(path)


def _run(command: list[str], root: Path, env: dict[str, str], progress: Progress) -> None:
    """Run a training to its end, telling its phases as they appear in its log."""
    began = told = time.monotonic()
    log = _log(root)
    log.unlink(missing_ok=True)
    phase = "reading the training data"
    progress(phase)
    child = processes.start(command, log, root, rasa_environment() | env)
    try:
        with log.open("r", encoding="utf-8", errors="replace") as lines:
            rest = ""
            while True:
                ended = child.poll() is not None
                *whole, rest = (rest + lines.read()).split("\n")
                phases = [found for line in whole if (found := _phase(line))]
                if not phases and time.monotonic() - told > STILL_AT_IT_SECONDS:
                    phases = [phase]
                for phase in phases:
                    told = time.monotonic()
                    progress(f"{phase:<45} {told - began:4.0f} s")
                if ended:
                    break
                time.sleep(0.1)
    finally:
        processes.stop([child], STOP_SECONDS)
    if child.returncode != 0:
        raise _failure(root, f"exit code {child.returncode}")
    progress(f"trained in {time.monotonic() - began:.0f} s")


def rasa_environment() -> dict[str, str]:
    """Return the environment for any process that imports Rasa: quiet, and calling nobody."""
    return os.environ | {
        "PYTHONUNBUFFERED": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _phase(line: str) -> str | None:
    """Return what a line of Rasa's log says has begun, if it says so."""
    for pattern, phase in PHASES:
        if match := pattern.search(line):
            return phase.format(match[1])
    return None


def _failure(root: Path, reason: str) -> ModelError:
    last = " ".join(processes.last_lines(_log(root), 1))
    return ModelError(
        f"the training failed ({reason}: {last.strip()[:200]}): "
        f"correct what {_log(root)} says at its end, then run `make train`"
    )


def _log(root: Path) -> Path:
    return root / "var" / "log" / "train.log"


def _checksum_file(model: Path) -> Path:
    return model.with_name(model.name + ".sha256")


def _checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0


@contextlib.contextmanager
def _training_lock(folder: Path, progress: Progress) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another training of this project to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
