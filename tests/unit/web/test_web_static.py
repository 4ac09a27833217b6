"""The pages' files as they are served: small, compressed, and asked about each time."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tenin.pages.rendering import STATIC
from tenin.pages.static_files import PageFiles, accepts_gzip
from tests.unit.web.served import Site

CHAT = "/static/widget/chat.js"
IDENTITY = {"accept-encoding": "identity"}


@pytest.mark.parametrize(
    "file", ["widget/chat.js", "widget/widget.css", "locale/ja/widget.json", "shop/forest.svg"]
)
def test_compressed_where_that_is_accepted(open_site: Site, file: str) -> None:
    http = open_site.http()
    with http.stream("GET", f"/static/{file}", headers={"accept-encoding": "br, gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    plain = http.get(f"/static/{file}", headers=IDENTITY)
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert len(raw) == int(answer.headers["content-length"]) < len(plain.content)
    assert len(plain.content) <= (STATIC / file).stat().st_size
    for each in (answer, plain):
        assert each.headers["vary"] == "Accept-Encoding"
        assert each.headers["cache-control"] == "no-cache"
    assert answer.headers["etag"] != plain.headers["etag"], "two bodies are two versions"


def test_comments_stay_at_home_and_wording_is_whole(open_site: Site) -> None:
    http = open_site.http()
    script = http.get(CHAT, headers=IDENTITY).text
    assert "/**" not in script
    assert len(script) < 0.75 * (STATIC / "widget" / "chat.js").stat().st_size
    words = "locale/zh-Hant/widget.json"
    assert http.get(f"/static/{words}").json() == json.loads((STATIC / words).read_text("utf-8"))


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
@pytest.mark.parametrize("file", ["widget/chat.js", "widget/widget.css", "locale/index.json"])
def test_who_has_this_version_gets_no_body(open_site: Site, file: str, accepted: str) -> None:
    http = open_site.http({"accept-encoding": accepted})
    first = http.get(f"/static/{file}")
    tag = first.headers["etag"]
    for known in (tag, f'"another", W/{tag}', "*"):
        again = http.get(f"/static/{file}", headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b""), known
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "no-cache"
        assert again.headers["access-control-allow-origin"] == "*"
    assert http.get(f"/static/{file}", headers={"if-none-match": '"another"'}).status_code == 200
    head = http.head(f"/static/{file}")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


def test_any_site_may_read_them(open_site: Site) -> None:
    http = open_site.http({"origin": "https://elsewhere.example"})
    for file in ("widget/chat.js", "locale/en/widget.json", "products/bags.svg"):
        answer = http.get(f"/static/{file}")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_a_changed_file_goes_out_anew(tmp_path: Path) -> None:
    file = tmp_path / "a.js"
    file.write_text("export const a = 1; // one\n")
    (tmp_path / "a.bin").write_bytes(b"as it is")
    app = Starlette(routes=[Mount("/static", PageFiles(tmp_path))])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        first = await http.get("/static/a.js")
        assert (first.status_code, first.text) == (200, "export const a=1")
        assert first.headers["content-type"] == "text/javascript; charset=utf-8"
        file.write_text("export const a = 2;\n")
        os.utime(file, (1, 1))
        second = await http.get("/static/a.js", headers={"if-none-match": first.headers["etag"]})
        assert (second.status_code, second.text) == (200, "export const a=2")
        other = await http.get("/static/a.bin")
        assert other.content == b"as it is"
        assert other.headers["cache-control"] == "no-cache"
        for path in ("/static/b.js", "/static/../a.js", "/static/%2e%2e/a.js"):
            assert (await http.get(path)).status_code == 404
        assert (await http.post("/static/a.js")).status_code == 405


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("deflate, GZip ; q=0.5", True),
        ("*", True),
        ("br, *;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip; q=0.0", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_only_for_who_reads_it(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_the_stream_is_never_compressed(open_site: Site) -> None:
    customer = open_site.customer()
    headers = {"accept-encoding": "gzip", "authorization": f"Bearer {customer.token}"}
    with open_site.http(headers).stream("GET", "/chat/stream") as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
