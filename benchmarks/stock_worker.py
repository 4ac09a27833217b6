"""Loads one model into a Rasa agent and lets it answer; a process of its own, for `stock`.

Takes a job, a JSON file named on the command line, and prints one line of JSON:
seconds and CPU seconds until Rasa is imported and those of loading the model, resident
memory once `MESSAGES_BEFORE_MEMORY` messages after the warm-up are answered, and the time of
each message. A message counts only if it got a reply and asked for no custom action.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

MESSAGES_BEFORE_MEMORY = 100


def main() -> None:
    """Do the job and print the figures."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    # Imported here, so that what it takes can be told apart.
    from rasa.core.agent import Agent
    from rasa.core.utils import AvailableEndpoints

    quiet()
    generator = AvailableEndpoints.read_endpoints(job["endpoints"]).nlg
    found: dict[str, Any] = {
        "imports_seconds": time.monotonic() - job["started"],
        "imports_cpu_seconds": time.process_time(),
    }
    wall, cpu = time.perf_counter(), time.process_time()
    agent = Agent.load(job["model"], generator=generator)
    found["load_seconds"] = time.perf_counter() - wall
    found["load_cpu_seconds"] = time.process_time() - cpu
    found |= asyncio.run(answer(agent, job["conversations"], job["warm_up"], job["measured"]))
    found["components"] = components(agent)
    print("\n" + json.dumps(found))


def quiet() -> None:
    """Log warnings and worse only, set as `rasa run` sets its log level."""
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog

    configure_logging_and_warnings(logging.WARNING, None)
    configure_structlog(logging.WARNING)


def components(agent: Any) -> list[str]:
    """Name what takes part in an answer."""
    nodes = agent.processor.model_metadata.predict_schema.nodes.values()
    return sorted({node.uses.__name__ for node in nodes})


async def answer(
    agent: Any, conversations: list[list[str]], warm_up: int, measured: int
) -> dict[str, Any]:
    """Let the agent answer; give the time of each message after the warm-up, and the memory."""
    wall: list[float] = []
    cpu: list[float] = []
    left_out: list[str] = []
    memory: dict[str, int] = {}
    for number, conversation in enumerate(conversations):
        for text in conversation:
            seconds, cpu_seconds, fits = await timed(agent, text, f"customer-{number}")
            if not fits:
                left_out.append(text)
                break  # what came of it shall not colour what follows
            wall.append(seconds)
            cpu.append(cpu_seconds)
            if len(wall) == warm_up + MESSAGES_BEFORE_MEMORY:
                memory = {"rss_kb": status("VmRSS"), "peak_kb": status("VmHWM")}
            if len(wall) == warm_up + measured:
                times = {"seconds": wall[warm_up:], "cpu_seconds": cpu[warm_up:]}
                return {**memory, **times, "left_out": left_out}
    raise RuntimeError(f"only {len(wall)} messages were answered as meant, not {left_out[:9]}")


async def timed(agent: Any, text: str, sender: str) -> tuple[float, float, bool]:
    """Send a message; give its seconds, its CPU seconds, and whether it was answered as meant."""
    from rasa.core.channels.channel import UserMessage
    from rasa.shared.core.constants import DEFAULT_ACTION_NAMES
    from rasa.shared.core.events import ActionExecuted

    there = await agent.tracker_store.retrieve(sender)  # None at a conversation's first message
    before = len(there.events) if there else 0
    message = UserMessage(text, sender_id=sender)
    wall, cpu = time.perf_counter(), time.process_time()
    replies = await agent.handle_message(message)
    took = time.perf_counter() - wall, time.process_time() - cpu
    tracker = await agent.tracker_store.retrieve(sender)
    events = list(tracker.events)[before:]
    actions = {each.action_name or "" for each in events if isinstance(each, ActionExecuted)}
    custom = {name for name in actions if not name.startswith("utter_")} - {*DEFAULT_ACTION_NAMES}
    return *took, bool(replies) and not custom


def status(field: str) -> int:
    """Give a figure of this process in kilobytes, as the kernel tells it."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    raise RuntimeError(f"the kernel tells no {field}")


if __name__ == "__main__":
    main()
