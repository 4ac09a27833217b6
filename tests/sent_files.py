"""Files that customers and agents send in tests: honest ones, and those made to do harm."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

SECRET = b"GPS 35.6812 N 139.7671 E"
SCRIPT = b"<script>alert(1)</script>"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><title>Hello</title><script>alert(document.cookie)</script>"


def picture(
    kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", exif: bool = False
) -> bytes:
    """A picture: its left half red, its right half blue; with `exif` it lies on its side."""
    made = Image.new(mode, size, "red")
    made.paste(Image.new(mode, (size[0] // 2, size[1]), "blue"), (size[0] - size[0] // 2, 0))
    data = Image.Exif()
    if exif:
        data[0x0112] = 6  # to be turned by a quarter to be seen upright
        data[0x010E] = SECRET.decode()
    out = io.BytesIO()
    made.save(out, kind, exif=data)
    return out.getvalue()


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of some hundred bytes that says it is 2.5 thousand million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 100_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def colours(data: bytes) -> list[str]:
    """Of a picture, the colour at the middle of each side: left, right, top, bottom."""
    with Image.open(io.BytesIO(data)) as opened:
        shown = opened.convert("RGB")
        w, h = shown.size
        places = [(2, h // 2), (w - 3, h // 2), (w // 2 - 4, 2), (w // 2 - 4, h - 3)]
        found = [shown.getpixel(place) for place in places]
    return ["red" if pixel[0] > pixel[2] else "blue" for pixel in found]  # type: ignore[index]
