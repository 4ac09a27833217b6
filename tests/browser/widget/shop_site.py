"""A shop's own site, on a port of its own, whose page shows the chat by the one line."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Warm socks</title>
  <link rel="icon" href="data:,">
  {head}
</head>
<body>
  <main><h1>Warm socks</h1><p>They are warm.</p><button>Buy</button></main>
  {body}
</body>
</html>"""

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


class ShopSite:
    """The site; `page` is what it serves, `slow` the picture that comes when `picture` is set."""

    def __init__(self, port: int) -> None:
        """Nothing to serve yet."""
        self.url = f"http://127.0.0.1:{port}"
        self.same_by_name = f"http://localhost:{port}"
        self.headers: dict[str, str] = {}
        self.page = ""
        self.picture = threading.Event()

    def shows(self, chat: str, options: str = "", *, head: str = "", body: str = "") -> None:
        """Serve a page with the chat of this address in it."""
        line = f'<script type="module" src="{chat}/widget.js" {options}></script>'
        self.page = PAGE.format(head=f"{line}{head}", body=body)


@contextlib.contextmanager
def shop_site() -> Iterator[ShopSite]:
    """Open the site; closed afterwards."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/slow.png":
                site.picture.wait(30)
            body = (PICTURE if self.path == "/slow.png" else site.page).encode()
            self.send_response(200)
            kind = "image/svg+xml" if body == PICTURE.encode() else "text/html; charset=utf-8"
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = ShopSite(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        site.picture.set()
        server.shutdown()
        thread.join()
        server.server_close()
