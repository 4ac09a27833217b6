"""Run by test_releasing.py as a process of its own: a bot and its actions, kept and replaced.

Takes the root, the ports of bot and actions, and the model to begin with. The bot is a small
program that serves what stands in the model's file, ends its work on USR1 as the real one does,
and writes into var/seen what happens to it.
"""

import os
import sys
from pathlib import Path

from tenin import processes, releasing
from tenin.supervisor import SupervisorError, Tier, supervise

LOOPBACK = "127.0.0.1"
BOT = """
import http.server, os, pathlib, signal, sys, threading, time
port, model, seen = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
named = model.read_text().strip()
def note(what):
    with open(seen, "a") as file:
        file.write(f"{what} {named} {port}\\n")
if named == "broken":
    print("this model can't be loaded", flush=True)
    raise SystemExit(3)
state = []
def drain(*_):
    def work():
        note("draining")
        time.sleep(0.5)
        note("drained")
        state.append("drained")
    threading.Thread(target=work).start()
signal.signal(signal.SIGUSR1, drain)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = ("drained" if state else named).encode()
        self.send_response(503 if state else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
note("serves")
server.serve_forever()
"""
ACTIONS = """
import http.server, sys
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""


def main() -> int:
    root, ports, model = Path(sys.argv[1]), [int(each) for each in sys.argv[2:4]], sys.argv[4]

    def pair(path: Path, spare: bool) -> list[Tier]:
        bot, actions = processes.free_ports(LOOPBACK, 2) if spare else ports
        bot_command = [sys.executable, "-c", BOT, str(bot), str(path), str(root / "var/seen")]
        actions_command = [sys.executable, "-c", ACTIONS, str(actions)]
        env = dict(os.environ)
        return [
            Tier("bot", bot_command, env, f"http://{LOOPBACK}:{bot}/", drains=True),
            Tier("actions", actions_command, env, f"http://{LOOPBACK}:{actions}/"),
        ]

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        supervise(
            pair(root / "models" / model, False),
            root,
            say,
            lambda: say("OPEN"),
            lambda kept: releasing.watch(kept, root, pair, say),
        )
    except SupervisorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
