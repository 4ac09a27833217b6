"""Wake-ups between the tiers: a datagram on loopback that says which conversation moved.

Beside SQLite; on PostgreSQL nobody listens to these (`tenin.conversation.listening`). The port
is the TCP port of the tier that listens (UDP has ports of its own). A datagram may be lost or
forged without harm: it only makes the receiver look at the database, which it does once a second
anyway.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

LOOPBACK = "127.0.0.1"
logger = logging.getLogger(__name__)


def wake(port: int, conversation_id: str) -> None:
    """Tell the tier that listens on `port` that this conversation moved. Never raises."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(conversation_id.encode(), (LOOPBACK, port))
    except OSError as error:
        logger.debug("wake-up not sent: %s", error)


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, on_wake: Callable[[str], None]) -> None:
        self._on_wake = on_wake

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._on_wake(data[:64].decode("ascii", "replace"))


async def listen(port: int, on_wake: Callable[[str], None]) -> asyncio.DatagramTransport | None:
    """Call `on_wake` with a conversation's id at each wake-up, until the transport is closed.

    Returns None, after a warning, if the port is taken: the slow poll still serves.
    """
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        receiver.setblocking(False)
        receiver.bind((LOOPBACK, port))
    except OSError as error:
        receiver.close()
        logger.warning("no wake-ups on UDP port %s (%s): polling only", port, error)
        return None
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Listener(on_wake), sock=receiver)
    return transport
