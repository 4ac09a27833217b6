"""Child processes that never outlive their parent, each with its own log; ports and who has them.

`tenin.supervisor` starts the tiers with it, `tenin.model` the training. A child is the leader of
its own process group, so that a Ctrl-C in the terminal reaches the parent alone, which then stops
the whole group. Should the parent be killed, the kernel kills the child (Linux).
"""

import contextlib
import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

LOG_BYTES = 10_000_000
PR_SET_PDEATHSIG = 1
TCP_LISTEN = "0A"


def start(
    command: Sequence[str], log: Path, cwd: Path, env: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """Start a child in its own process group, its output going to the end of a log.

    Must be called from the main thread: the kernel ties a child's life to the thread that forked
    it. A log that has grown too long is put aside as `<log>.1`. Raises OSError.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_name(log.name + ".1"))
    with log.open("ab") as output:
        moment = datetime.now().astimezone().isoformat(timespec="seconds")
        output.write(f"--- {moment} started: {' '.join(command)}\n".encode())
        output.flush()
        return subprocess.Popen(  # noqa: S603 (commands are ours)
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_dying_with(os.getpid()),
        )


def stop(children: Iterable["subprocess.Popen[bytes]"], seconds: float) -> None:
    """End children and their groups: asked at first, killed after so many seconds."""
    groups = {child.pid: child for child in children}
    for group in groups:
        send(group, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while groups and time.monotonic() < deadline:
        for group, child in list(groups.items()):
            child.poll()
            if not is_alive(group):
                del groups[group]
        time.sleep(0.02)
    for group, child in groups.items():
        send(group, signal.SIGKILL)
        child.wait()


def send(group: int, number: signal.Signals) -> None:
    """Send a signal to a process group, which may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def is_alive(group: int) -> bool:
    """Return whether a process group still has a member (one that was not waited for counts)."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    return True


def last_lines(log: Path, count: int) -> list[str]:
    """Return the last lines of a log that are not empty; none if there is no log."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 16_384))
            text = stream.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return [line for line in text.splitlines() if line.strip()][-count:]


def port_holder(host: str, port: int) -> str | None:
    """Return who listens on a port, as well as can be known, or None when the port is free.

    Raises OSError when the address can't be listened on for another reason.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections that only linger don't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return _listener(port) or "another process"
    return None


def free_ports(host: str, count: int) -> list[int]:
    """Return ports of a host on which nobody listens now, each another."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind((host, 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def _dying_with(parent: int) -> Callable[[], None]:
    """Return what a child runs between fork and exec so that it dies when its parent does."""
    if not sys.platform.startswith("linux"):
        return lambda: None
    libc = ctypes.CDLL(None)

    def die_with_parent() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # killed before the call above
            os._exit(1)

    return die_with_parent


def _listener(port: int) -> str | None:
    """Return name and number of the process that listens on a port, where /proc tells."""
    wanted = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        with contextlib.suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == TCP_LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    wanted.add(f"socket:[{columns[9]}]")
    for process in Path("/proc").glob("[0-9]*") if wanted else ():
        with contextlib.suppress(OSError):
            if any(os.readlink(handle) in wanted for handle in process.glob("fd/*")):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
    return None
