"""The pages' own files under /static: small on the way, and never out of date.

Scripts, styles and wording are minified and compressed once for each version of a file and
kept in memory; so no build step comes between a change and the browser. No name holds a
version, so a browser asks each time whether its copy is the newest, and mostly hears 304.
Any site may read these files: they hold nobody's data. Who may chat is another matter
(`tenin.channels.sites`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import mimetypes
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import minify
from rcssmin import cssmin
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

REVALIDATED = {"cache-control": "no-cache"}
READABLE = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
LEVEL = 9

mimetypes.add_type("text/javascript", ".js")  # whatever the machine's own list says


@dataclass(frozen=True)
class Packed:
    """One version of a file as it goes out."""

    version: tuple[int, ...]
    plain: bytes
    compressed: bytes
    tag: str


def minified_json(text: str) -> str:
    """JSON without the blanks that people need."""
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"))


def minified_js(text: str) -> str:
    """A script without what only people need, its own names short."""
    return str(minify.string("application/javascript", text))


SMALLER: Mapping[str, Callable[[str], str]] = {
    ".js": minified_js,
    ".css": cssmin,
    ".json": minified_json,
    ".svg": str,
}
"""What is done to a file by its suffix; others go out as they are."""


def minified(path: Path) -> bytes:
    """A file's content as it is served, of a suffix in `SMALLER`; OSError if it can't be read."""
    return SMALLER[path.suffix](path.read_text(encoding="utf-8")).encode()


def pack(version: tuple[int, ...], plain: bytes) -> Packed:
    """A version of a file, compressed, with the tag by which browsers know it."""
    tag = hashlib.sha256(plain).hexdigest()[:20]
    return Packed(version, plain, gzip.compress(plain, LEVEL, mtime=0), tag)


def answer(packed: Packed, kind: str | None, asked: Headers) -> Response:
    """The answer with a file to a request with these headers: whole, or 304."""
    compressed = accepts_gzip(asked.get("accept-encoding", ""))
    headers = {**REVALIDATED, **READABLE, "vary": "Accept-Encoding"}
    headers["etag"] = f'"{packed.tag}-gzip"' if compressed else f'"{packed.tag}"'
    if compressed:
        headers["content-encoding"] = "gzip"
    known = [tag.strip().removeprefix("W/") for tag in asked.get("if-none-match", "").split(",")]
    if "*" in known or headers["etag"] in known:
        return Response(status_code=304, headers=headers)
    body = packed.compressed if compressed else packed.plain
    return Response(body, headers=headers, media_type=kind)


class PageFiles(StaticFiles):
    """The files of a folder, minified and compressed where that helps."""

    def __init__(self, directory: Path) -> None:
        """Serve `directory`."""
        super().__init__(directory=directory)
        self._packed: dict[str, Packed] = {}

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """The answer with a file, or 304 to whoever has this version."""
        path, asked = Path(full_path), Headers(scope=scope)
        if path.suffix not in SMALLER:
            response = super().file_response(full_path, stat_result, scope, status_code)
            response.headers.update({**REVALIDATED, **READABLE})
            return response
        kind, _ = mimetypes.guess_type(path.name)
        return answer(self._pack(path, stat_result), kind, asked)

    def _pack(self, path: Path, stat_result: os.stat_result) -> Packed:
        version = (stat_result.st_mtime_ns, stat_result.st_size)
        packed = self._packed.get(str(path))
        if packed is None or packed.version != version:
            packed = self._packed[str(path)] = pack(version, minified(path))
        return packed


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding lets us compress with gzip."""
    named = {}
    for part in header.lower().split(","):
        coding, _, weight = part.partition(";")
        named[coding.strip()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return named.get("gzip", named.get("*", False))
