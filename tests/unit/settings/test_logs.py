"""Logs name what is worked on, and neither secrets nor persons."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.config
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tenin import logs
from tenin.database import make_engine


def record(message: str, *args: object, error: BaseException | None = None) -> logging.LogRecord:
    told = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("tenin.x", logging.WARNING, "x.py", 1, message, args, told)


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("Authorization: Bearer abcDEF123-_.xyz", "abcDEF123"),
        ("token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0 was bad", "eyJzdWIiOi"),
        ("GET /desk/enter?key=Zm9vYmFy HTTP/1.1", "Zm9vYmFy"),
        ("GET /mail/stop/Zm9vYmFyQmF6", "Zm9vYmFyQmF6"),
        ("GET /invoice/Zm9vYmFyQmF6", "Zm9vYmFyQmF6"),
        ("could not reach postgresql://tenin:s3cret@db/tenin", "s3cret"),
        ("smtp: password=hunter22 refused", "hunter22"),
        ("mail to mei.lin+shop@post.example bounced", "mei.lin"),
        ("call +86 138 0013 8000 back", "138 0013"),
        ("手机13800138000没人接", "13800138000"),
        ("card 4111 1111 1111 1111", "4111"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_and_persons_are_masked(
    said: str, hidden: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(logs.FORMAT_VARIABLE, form)
    formatter = logs.LogFormatter()
    assert hidden not in formatter.format(record("%s", said))
    try:
        raise ValueError(said)
    except ValueError as error:
        line = formatter.format(record("failed", error=error))
    assert "ValueError" in line
    assert hidden not in line.split("raise ValueError")[-1]


@pytest.mark.parametrize(
    "said",
    [
        "inbox-1234567: attempt 2 failed",
        "2026-11-23T05:30:36.123456+00:00 listening on 127.0.0.1:8080",
        "conversation 0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "took 12.3456789 s",
    ],
)
def test_what_is_needed_is_left(said: str) -> None:
    assert logs.masked(said) == said


async def test_a_line_names_what_is_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.FORMAT_VARIABLE, "json")

    async def work(number: int) -> dict[str, str]:
        with logs.about(conversation=f"c{number}", message=f"inbox-{number}"):
            await asyncio.sleep(0)
            said: dict[str, str] = json.loads(logs.LogFormatter().format(record("working")))
            return said

    for number, line in enumerate(await asyncio.gather(*(work(number) for number in range(3)))):
        assert (line["conversation"], line["message_id"]) == (f"c{number}", f"inbox-{number}")
        assert (line["level"], line["logger"], line["message"]) == ("warning", "tenin.x", "working")
    assert "conversation" not in json.loads(logs.LogFormatter().format(record("idle")))


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_configuration_is_one_that_logging_takes(form: str) -> None:
    assert yaml.safe_load(logs.CONFIG.read_text())["version"] == 1
    program = (
        "import logging, logging.config, sys, yaml\n"
        "logging.config.dictConfig(yaml.safe_load(open(sys.argv[1])))\n"
        "logging.getLogger('tenin.y').info('to mei@post.example')\n"
        "logging.getLogger('uvicorn.access').info('GET /desk/enter?key=x')\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(logs.CONFIG)],
        env={logs.FORMAT_VARIABLE: form, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stderr.splitlines()
    assert len(said) == 1
    assert "to [email]" in said[0]
    assert (form == "json") == said[0].startswith("{")


@pytest.mark.parametrize("broken", ["SELECT missing FROM nowhere WHERE x = :said"])
def test_no_database_error_repeats_what_was_written(tmp_path: Path, broken: str) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/x.db")
    try:
        with pytest.raises(SQLAlchemyError) as error, engine.connect() as connection:
            connection.execute(text(broken), {"said": "my cat is called Mimi"})
        assert "nowhere" in str(error.value)
        assert "Mimi" not in str(error.value)
    finally:
        engine.dispose()
