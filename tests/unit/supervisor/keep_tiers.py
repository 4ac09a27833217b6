"""Run by test_supervisor.py as a process of its own: supervises the tiers it is told to.

Takes the root and any number of NAME=KIND:PORT; a KIND is one of the small programs below.
"""

import os
import sys
from pathlib import Path

from tenin.supervisor import SupervisorError, Tier, supervise

SERVE = """
import http.server, sys
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""
# Ignores TERM, and so does the child it has.
STUBBORN = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("grandchild", child.pid, flush=True)
"""
BROKEN = """
print("the reason why it can't work", flush=True)
raise SystemExit(3)
"""
KINDS = {"serve": SERVE, "stubborn": STUBBORN + SERVE, "broken": BROKEN}


def say(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    root = Path(sys.argv[1])
    tiers = []
    for argument in sys.argv[2:]:
        name, _, rest = argument.partition("=")
        kind, _, port = rest.partition(":")
        command = (sys.executable, "-c", KINDS[kind], port)
        tiers.append(Tier(name, command, dict(os.environ), f"http://127.0.0.1:{port}/"))
    try:
        supervise(tiers, root, say, lambda: say("OPEN"))
    except SupervisorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
