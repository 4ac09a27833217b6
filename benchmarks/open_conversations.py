"""What open conversations cost the web tier: memory of each, work at rest, time to the line.

The real web tier on SQLite in a process of its own, on loopback; no bot tier. So many customers
have their chat open (a stream each); then some of them say something, all at once, several times:
measured is from the sending until the line has come back by their stream. Memory is the process's
resident set with all streams open beside what it was with the same sessions and no stream, after a
first hundred had come and gone.

Run from the project's root:  .venv/bin/python -m benchmarks.open_conversations
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.chat_client import Chat, p95
from benchmarks.stock import machine
from tenin.clock import utcnow
from tests.web_process import web_process

RESULT = Path(__file__).parent / "results" / "open_conversations.json"

OPEN = 500
SENDING = 50
TIMES = 6
REST = 30.0  # seconds; two heartbeats
BETWEEN = 3.0  # seconds in which all who send have sent once


def main() -> None:
    """Measure, print, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--open", type=int, default=OPEN)
    parser.add_argument("--sending", type=int, default=SENDING)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="tenin") as folder,
        web_process(Path(folder)) as web,
    ):
        found = asyncio.run(measured(web.port, web.pid, options.open, options.sending))
    result = {**found, "machine": machine(), "date": utcnow().date().isoformat()}
    text = json.dumps(result, indent=2) + "\n"
    print(text, end="")
    RESULT.write_text(text, encoding="utf-8")


async def measured(port: int, pid: int, count: int, sending: int) -> dict[str, Any]:
    """Open all, rest, let some speak; all figures."""
    chats = [Chat(port, "192.0.2.1") for _ in range(count)]
    for chat in chats:
        await chat.begin()
    for _ in range(2):
        await asyncio.gather(*(warm(Chat(port, "192.0.2.1")) for _ in range(50)))
    idle = await busy(pid, REST)
    before = resident(pid)
    for some in range(0, count, 50):
        await asyncio.gather(*(chat.listen() for chat in chats[some : some + 50]))
    await asyncio.sleep(2)
    after = resident(pid)
    rest = await busy(pid, REST)
    speakers = random.Random(2026).sample(chats, sending)
    quiet = [waited for chat in speakers for _, waited in [await chat.say("one by one")]]
    once = [await asyncio.gather(*(c.say("at once") for c in speakers)) for _ in range(TIMES)]
    spread = [
        waited
        for _ in range(TIMES)
        for _, waited in await asyncio.gather(*(later(chat) for chat in speakers))
    ]
    threads = len(os.listdir(f"/proc/{pid}/task"))
    await asyncio.gather(*(chat.close() for chat in chats))
    return {
        "open": count,
        "sending": sending,
        "memory": {
            "before_mb": round(before / 2**20, 1),
            "after_mb": round(after / 2**20, 1),
            "kb_per_connection": round((after - before) / count / 1024, 1),
        },
        "cpu_at_rest": {"without_streams": round(idle, 4), "with_streams": round(rest, 4)},
        "post_to_line": {
            "one_by_one": figures(quiet),
            "spread_over_3_s": figures(spread),
            "all_at_once": figures([waited for round_ in once for _, waited in round_]),
        },
        "threads": threads,
    }


async def later(chat: Chat) -> tuple[int, float]:
    """Say something within a moment."""
    await asyncio.sleep(random.uniform(0, BETWEEN))
    return await chat.say("now and then")


async def warm(chat: Chat) -> None:
    """Come and go, so that what is made once is there."""
    await chat.begin()
    await chat.listen()
    await chat.say("hello")
    await chat.close()


def figures(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    return {
        "messages": len(seconds),
        "median_ms": round(1000 * statistics.median(seconds), 1),
        "p95_ms": round(1000 * p95(seconds), 1),
    }


def resident(pid: int) -> int:
    """The bytes of memory a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def busy(pid: int, seconds: float) -> float:
    """The share of one core that a process uses."""
    before = ticks(pid)
    await asyncio.sleep(seconds)
    return (ticks(pid) - before) / os.sysconf("SC_CLK_TCK") / seconds


def ticks(pid: int) -> int:
    """The processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


if __name__ == "__main__":
    main()
