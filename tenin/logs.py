"""How the tiers write their logs: one line each, about which conversation, and nothing of a person.

`tenin/logging.yml` names `LogFormatter` to uvicorn, Rasa and the action server alike; `logs.format`
in tenin.yml chooses lines for people or JSON for programs. `about` says what is worked on.
"""

from __future__ import annotations

import contextlib
import json
import logging
import logging.config
import os
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import datetime, timezone
from pathlib import Path

import regex
import yaml

CONFIG = Path(__file__).with_name("logging.yml")
FORMAT_VARIABLE = "TENIN_LOGS_FORMAT"
LONGEST = 20_000
IDS = {"message": "message_id"}  # `message` is what the line says

# What is known by its form wherever it stands: it goes by a word for its kind.
SECRETS = (
    (regex.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), r"\1 [secret]"),
    (regex.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), "[token]"),
    (regex.compile(r"(?i)\b((?:key|token|password|secret|api_key)=)[^\s&\"']+"), r"\1[secret]"),
    (regex.compile(r"(\b[a-z][a-z0-9+]*://[^\s:/@]*:)[^\s@/]+@"), r"\1[secret]@"),
    (regex.compile(r"(?<=/(?:invoice|mail/stop|chat/continue|desk/enter)/)[\w.~-]{8,}"), "[token]"),
)
PERSONAL = (
    (regex.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[email]"),
    # Numbers of seven digits and more in the ways phones and cards are written; not times or ids.
    (
        regex.compile(r"(?<![A-Za-z\d_.:-])\+?\d(?:[ ()-]?\d){6,18}(?![A-Za-z\d_:-]|\.\d)"),
        "[number]",
    ),
)

_about: ContextVar[dict[str, str]] = ContextVar("log_about", default={})  # noqa: B039 (not changed)


@contextlib.contextmanager
def about(**ids: str) -> Iterator[None]:
    """Name what is worked on in the block, as `conversation` or `message`, in each line of log."""
    token = _about.set({**_about.get(), **ids})
    try:
        yield
    finally:
        _about.reset(token)


def configure() -> None:
    """Log as `tenin/logging.yml` says, in a process of `tenin run`; elsewhere change nothing."""
    if FORMAT_VARIABLE in os.environ:
        logging.config.dictConfig(yaml.safe_load(CONFIG.read_text(encoding="utf-8")))


def masked(text: str) -> str:
    """A text for the log, without secrets, addresses and numbers of persons."""
    for pattern, word in (*SECRETS, *PERSONAL):
        text = pattern.sub(word, text)
    return text


class LogFormatter(logging.Formatter):
    """Lines for people, or JSON objects if TENIN_LOGS_FORMAT is `json`; both masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Give a record as one line, or a text line with its traceback below."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        said: dict[str, str] = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage())[:LONGEST],
            **{IDS.get(name, name): value for name, value in _about.get().items()},
        }
        if record.exc_info:
            said["error"] = masked(self.formatException(record.exc_info))[-LONGEST:]
        if os.environ.get(FORMAT_VARIABLE) == "json":
            return json.dumps(said, ensure_ascii=False)
        ids = "".join(f" {name}={value}" for name, value in _about.get().items())
        line = f"{said['at']} {said['level']:<7} {said['logger']}: {said['message']}{ids}"
        return f"{line}\n{said['error']}" if "error" in said else line
