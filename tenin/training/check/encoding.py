"""How a file was saved: UTF-8 without a mark, or what an editor made of it instead."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from tenin.training.check.findings import Code

Fault = tuple[int, Code, str, str, str]

REMEDY = "Save the file as UTF-8 (in most editors: Save as …, encoding UTF-8, without BOM)."
# In what Chinese, Japanese and Western editors save where they aren't told.
OTHERS = (("gb18030", "GBK"), ("big5", "Big5"), ("shift_jis", "Shift-JIS"), ("cp1252", "Windows"))
ENDS = re.compile(r"\r\n|\r|\x85|\u2028|\u2029")
# What YAML takes for no text (and what an editor hides).
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_PUNCTUATION = re.compile(r"[\u2000-\u206f\u3000-\u303f\uff00-\uff60]")
# The first bytes of kana and of the signs of everyday use.
_ORDINARY = {"gb18030": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "shift_jis": (0x82, 0x97)}


def decoded(raw: bytes) -> tuple[str, Fault | None]:
    """Give a file's text, and what is wrong with how it was saved.

    A wrongly saved file is read all the same where that can be told, so that nothing else in it
    stays hidden.
    """
    for mark, name, shown in (
        (codecs.BOM_UTF8, "utf-8", "with a mark (BOM) before its first line"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "as UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "as UTF-16"),
    ):
        if raw.startswith(mark):
            text = raw[len(mark) :].decode(name, "replace")
            return _plain(text), (1, Code.ENCODING, name, f"The file was saved {shown}.", REMEDY)
    if raw.count(b"\x00") > len(raw) // 8:
        fault = (1, Code.ENCODING, "utf-16-le", "The file was saved as UTF-16.", REMEDY)
        return _plain(raw.decode("utf-16-le", "replace")), fault
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _other(raw, error.start)
    found = CONTROL.search(text)
    if found:
        line = len(ENDS.sub("\n", text[: found.start()]).split("\n"))
        words = f"U+{ord(found[0]):04X}"
        message = f"There is a sign that can't be seen ({words})."
        remedy = "Delete the line and write it anew."
        return _plain(text), (line, Code.ENCODING, words, message, remedy)
    return _plain(text), None


def _other(raw: bytes, start: int) -> tuple[str, Fault]:
    line = raw[:start].count(b"\n") + 1
    likeliest = max(_readings(raw), default=None)
    if likeliest is None:
        text, shown = raw.decode("utf-8", "replace"), "not as UTF-8"
    else:
        _, _, name, text = likeliest
        shown = f"not as UTF-8 but, it seems, as {name}"
    return _plain(text), (line, Code.ENCODING, shown, f"The file was saved {shown}.", REMEDY)


def _readings(raw: bytes) -> Iterator[tuple[int, int, str, str]]:
    """The texts it may be, each with how ordinary its signs are in that code."""
    for rank, (codec, name) in enumerate(OTHERS):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        signs = [sign for sign in text if ord(sign) > 0xFF and not _PUNCTUATION.match(sign)]
        ordinary = sum(_is_ordinary(sign, codec) for sign in signs)
        yield 2 * ordinary - len(signs), -rank, name, text


def _is_ordinary(sign: str, codec: str) -> bool:
    """Whether a sign stands among those of everyday use, which each code has first."""
    least, most = _ORDINARY.get(codec, (0, 0))
    lead = sign.encode("gb2312" if codec == "gb18030" else codec, "ignore")[:1]
    return bool(lead) and least <= lead[0] <= most


def _plain(text: str) -> str:
    return CONTROL.sub("", ENDS.sub("\n", text))
