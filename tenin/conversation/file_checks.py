"""What a file is that somebody sends, told from its content; and what is kept of it.

A name and a browser's word on the type prove nothing. Pictures are read and written anew, so that
nothing is kept but what can be seen: no place where it was taken, nothing behind its end. A PDF
and a text are kept as they came and are never shown by a page of ours, only given to be saved.
"""

from __future__ import annotations

import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from PIL import Image, ImageCms, ImageOps

KINDS = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "txt": "text/plain",
}
"""The media type of each kind of file that can be allowed."""
PICTURES = ("png", "jpeg", "webp")
ENDINGS = {
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg", ".jpe"),
    "webp": (".webp",),
    "pdf": (".pdf",),
    "txt": (".txt",),
}
"""What names of each kind may end in, the usual ending first."""
LONGEST_NAME = 100  # characters
LONGEST_SIDE = 4096  # pixels of a picture as it is kept
MOST_PIXELS = {"jpeg": 60_000_000, "png": 30_000_000, "webp": 30_000_000}  # a JPEG is read smaller
MOST_SCANS = 300  # a photo has about ten; thousands are made to keep a reader busy
PDF = re.compile(rb"%PDF-[12]\.[0-9]")
NOT_IN_NAMES = re.compile(r'[<>:"|?*]')
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


class FileRefused(ValueError):
    """A file that isn't taken; `code` says why.

    It is `file_empty`, `file_type`, `file_damaged`, `image_too_large` or `file_too_large`.
    """

    def __init__(self, code: str) -> None:
        """Hold the reason."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class CheckedFile:
    """A file as it is kept: `width` and `height` are a picture's."""

    name: str
    media_type: str
    data: bytes
    width: int | None = None
    height: int | None = None


def check_file(data: bytes, name: str, kinds: tuple[str, ...], largest: int) -> CheckedFile:
    """Tell what a file is and make of it what is kept.

    A large picture takes a second, and more than a hundred megabytes meanwhile: a process should
    check one at a time, off the event loop.

    Args:
        data: the whole content.
        name: as the sender's device calls it.
        kinds: those of KINDS that are allowed.
        largest: bytes that may be kept of one.

    Raises:
        FileRefused: if it is empty, of another kind, damaged, or too large.
    """
    if not data:
        raise FileRefused("file_empty")
    kind = _kind(data, name)
    if kind is None or kind not in kinds:
        raise FileRefused("file_type")
    width = height = None
    if kind in PICTURES:
        data, width, height = _drawn_anew(data, kind)
    elif kind == "pdf" and b"%%EOF" not in data[-2048:]:
        raise FileRefused("file_damaged")
    if len(data) > largest:
        raise FileRefused("file_too_large")
    return CheckedFile(clean_name(name, kind), KINDS[kind], data, width, height)


def clean_name(name: str, kind: str) -> str:
    """A name that is safe to show and to save under, with the ending of what the file is.

    Without folders, control characters and those that turn the direction of writing; of at most
    LONGEST_NAME characters.
    """
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(c if _is_shown(c) else " " if c.isspace() else "" for c in name)
    shown = " ".join(NOT_IN_NAMES.sub("_", shown).split()).strip(". ")
    stem, ending = PurePosixPath(shown).stem, PurePosixPath(shown).suffix
    if ending.lower() not in ENDINGS[kind]:
        stem, ending = shown, ENDINGS[kind][0]
    stem = stem[: LONGEST_NAME - len(ending)].rstrip(". ") or "file"
    if DEVICES.fullmatch(stem):
        stem = f"_{stem}"
    return stem + ending


def _is_shown(character: str) -> bool:
    # Cc, Cf (which turn the direction), Cs, Co, Cn; Zl and Zp: lines of their own.
    category = unicodedata.category(character)
    return category[0] != "C" and category not in ("Zl", "Zp")


def _kind(data: bytes, name: str) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if PDF.match(data):
        return "pdf"
    # A text has no mark of its own: it must say that it is one, and be neither markup nor bytes.
    if name.lower().rstrip(". ").endswith(ENDINGS["txt"]) and _is_text(data):
        return "txt"
    return None


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if text.lstrip().startswith("<"):
        return False
    return not any(ord(c) < 32 and c not in "\t\n\r\f" for c in text)


def _drawn_anew(data: bytes, kind: str) -> tuple[bytes, int, int]:
    """The picture that can be seen, upright, in the usual colours, and nothing else."""
    if kind == "jpeg" and data.count(b"\xff\xda") > MOST_SCANS:
        raise FileRefused("file_damaged")
    try:
        with Image.open(io.BytesIO(data), formats=[kind.upper()]) as opened:
            if opened.width * opened.height > MOST_PIXELS[kind]:
                raise FileRefused("image_too_large")
            opened.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # JPEG alone: read at a half, quarter…
            opened.load()
            picture = ImageOps.exif_transpose(opened)
            picture = _in_usual_colours(picture, opened.info.get("icc_profile"))
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            picture.info = {}
            made = io.BytesIO()
            options = {"png": {}, "jpeg": {"quality": 88}, "webp": {"quality": 88}}[kind]
            picture.save(made, format=kind.upper(), **options)
    except FileRefused:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise FileRefused("image_too_large") from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError):
        raise FileRefused("file_damaged") from None  # Pillow raises all of these for broken ones
    return made.getvalue(), picture.width, picture.height


def _in_usual_colours(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB: a phone's wider colours would look dull without their profile."""
    has_alpha = picture.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in picture.info
    mode = "RGBA" if has_alpha else "RGB"
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            out = "RGB" if picture.mode == "CMYK" else picture.mode
            changed = ImageCms.profileToProfile(picture, source, target, outputMode=out)
            picture = changed if changed is not None else picture
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a profile that can't be read is none
    return picture if picture.mode == mode else picture.convert(mode)
