"""A datagram wakes the tier that listens; without a listener nothing happens."""

import asyncio
import logging
import socket

import pytest

from tenin.conversation.wake import LOOPBACK, listen, wake


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


async def test_a_wake_up_arrives_with_its_conversation() -> None:
    woken: asyncio.Queue[str] = asyncio.Queue()
    port = free_port()
    transport = await listen(port, woken.put_nowait)
    assert transport is not None
    try:
        wake(port, "c" * 32)
        assert await asyncio.wait_for(woken.get(), 5) == "c" * 32
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(b"\xff\xfe" * 500, (LOOPBACK, port))
        assert len(await asyncio.wait_for(woken.get(), 5)) <= 64
        wake(port, "still listening")
        assert await asyncio.wait_for(woken.get(), 5) == "still listening"
    finally:
        transport.close()


async def test_a_taken_port_leaves_the_poll(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind((LOOPBACK, 0))
        port = holder.getsockname()[1]
        with caplog.at_level(logging.WARNING):
            assert await listen(port, lambda _: None) is None
    assert f"UDP port {port}" in caplog.text


@pytest.mark.parametrize("port", [1, 65_535])
def test_nobody_there_is_no_error(port: int) -> None:
    for _ in range(3):
        wake(port, "conversation")
