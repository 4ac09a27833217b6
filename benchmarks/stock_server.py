"""The stock bot beside ours: `rasa init --no-prompt`, served by `rasa run` with its own channels.

It is trained once, into var/benchmarks/stock, which may be deleted; then `running_stock` serves it,
one worker on loopback, over its REST and its SocketIO channel, at log level WARNING.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.stock import ROOT, run
from tenin.model import rasa_environment
from tests.system import free_ports

FOLDER = ROOT / "var" / "benchmarks" / "stock"
START_SECONDS = 600.0
CREDENTIALS = """rest:
socketio:
  user_message_evt: user_uttered
  bot_message_evt: bot_uttered
  session_persistence: false
"""


@dataclass(frozen=True)
class StockServer:
    """A stock bot that answers; `opened` is how many seconds its first answer took from nothing."""

    url: str
    port: int
    pid: int
    opened: float


def stock_folder() -> Path:
    """Give the stock bot's folder, trained now if it isn't yet.

    Raises RuntimeError with the end of Rasa's output if it can't be.
    """
    if not list((FOLDER / "models").glob("*.tar.gz")):
        FOLDER.mkdir(parents=True, exist_ok=True)
        run(["-m", "rasa", "init", "--no-prompt"], FOLDER)
    return FOLDER


@contextlib.contextmanager
def running_stock() -> Iterator[StockServer]:
    """Serve it for as long as the block runs; raises RuntimeError with its log if it can't be."""
    folder = stock_folder()
    (folder / "channels.yml").write_text(CREDENTIALS, encoding="utf-8")
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port)]
    command += ["--credentials", "channels.yml", "--cors", "*"]
    log = folder / "run.log"
    began = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (the command is ours)
            command,
            cwd=folder,
            env=rasa_environment() | {"LOG_LEVEL": "WARNING", "LOG_LEVEL_LIBRARIES": "ERROR"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _first_answer(url, process, log)
        yield StockServer(url, port, process.pid, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    message = {"sender": "first", "message": "hello"}
    deadline = time.monotonic() + START_SECONDS
    with httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False) as client:  # noqa: S501
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                answer = client.post("/webhooks/rest/webhook", json=message)
                if answer.is_success and answer.json():
                    return
            time.sleep(0.1)
    raise RuntimeError(f"the stock bot did not answer:\n{log.read_text(errors='replace')[-2000:]}")
