"""A customer's browser for the benchmarks, on plain sockets: it takes next to nothing itself."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

LOOPBACK = "127.0.0.1"
KEPT = 2.0  # seconds; the server closes a connection that is idle for five


class Chat:
    """One session with its stream, and a connection of its own to send by."""

    def __init__(self, port: int, address: str) -> None:
        """Nothing is open yet; `address` is whom a proxy says it forwards."""
        self.port, self.address = port, address
        self.token = ""
        self.seen: dict[str, float] = {}  # when the line of a key came by the stream
        self.open = asyncio.Event()  # the stream has told the state
        self._came = asyncio.Condition()
        self._used = 0.0
        self._turn = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._sending: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def begin(self) -> None:
        """Get a session."""
        status, _, answer = await self.post("/chat/session", {"language": "en"})
        if status != 201:
            raise RuntimeError(f"no session: {status} {answer}")
        self.token = answer["token"]

    async def listen(self) -> None:
        """Open the stream, and return when the history has come."""
        self._reading = asyncio.create_task(self._read())
        await asyncio.wait_for(self.open.wait(), 60)

    async def say(self, text: str) -> tuple[int, float]:
        """Send a text; the status, and the seconds until its line came by the stream, if it did."""
        key = uuid.uuid4().hex
        began = time.perf_counter()
        status, _, _ = await self.post("/chat/messages", {"text": text}, key)
        if status != 202:
            return status, 0.0
        await self.until(lambda: key in self.seen)
        return status, self.seen[key] - began

    async def post(
        self, path: str, body: dict[str, Any], key: str = ""
    ) -> tuple[int, dict[str, str], Any]:
        """Send a request on this customer's own connection; status, headers and answer."""
        content = json.dumps(body).encode()
        async with self._turn:
            now = time.perf_counter()
            if self._sending is None or now - self._used > KEPT:
                if self._sending is not None:
                    self._sending[1].close()
                self._sending = await asyncio.open_connection(LOOPBACK, self.port)
            reader, writer = self._sending
            writer.write(self._head("POST", path, key, len(content)) + content)
            status, headers = await _answer(reader)
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            self._used = time.perf_counter()
        return status, headers, json.loads(content) if content else None

    async def close(self) -> None:
        """Leave."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._sending is not None:
            self._sending[1].close()

    def heard(self, event: str, data: dict[str, Any], at: float) -> None:
        """Take note of what came by the stream: the state, or a line."""
        if event == "state":
            self.open.set()
        else:
            self.seen[data["key"]] = at

    async def until(self, enough: Callable[[], bool]) -> None:
        """Wait until what came by the stream is enough."""
        async with self._came:
            await asyncio.wait_for(self._came.wait_for(enough), 120)

    async def _read(self) -> None:
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        try:
            writer.write(self._head("GET", "/chat/stream", "", 0))
            status, _ = await _answer(reader)
            if status != 200:
                raise RuntimeError(f"no stream: {status}")
            event = ""
            while line := (await reader.readline()).decode():
                if line.startswith("event: "):
                    event = line[7:].strip()
                elif line.startswith("data: "):
                    async with self._came:
                        self.heard(event, json.loads(line[6:]), time.perf_counter())
                        self._came.notify_all()
        finally:
            writer.close()

    def _head(self, method: str, path: str, key: str, length: int) -> bytes:
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {LOOPBACK}:{self.port}",
            f"X-Forwarded-For: {self.address}",
            f"Authorization: Bearer {self.token}",
            "Content-Type: application/json",
            f"Content-Length: {length}",
            *([f"Idempotency-Key: {key}"] if key else []),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    status = int((await reader.readline()).split()[1])
    headers = {}
    while (line := (await reader.readline()).decode().strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return status, headers


def p95(seconds: list[float]) -> float:
    """The 95th percentile, of what must be some."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
