"""Only the web tier may be reached from elsewhere; here, with its default host, none is."""

from __future__ import annotations

import contextlib
import re
import sys
from pathlib import Path

import pytest

from tests.system import System

LISTEN = "0A"
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
@pytest.mark.parametrize("tier", ["web", "bot", "actions"])
def test_listens_on_loopback_only(system: System, tier: str) -> None:
    addresses = listening(system.pid(tier))
    assert addresses, f"{tier} listens nowhere"
    assert addresses <= LOOPBACK


def listening(pid: int) -> set[str]:
    """The addresses that a process listens on, as /proc writes them."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            inodes.update(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].partition(":")[0] for row in rows if row[3] == LISTEN and row[9] in inodes}
