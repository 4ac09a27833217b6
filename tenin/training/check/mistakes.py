"""The mistakes that people make in YAML, found line by line in a file that a parser refused.

A parser names the place where it lost the thread, in its own words. This looks for what a person
did there: a tab, a colon forgotten or full-width, a quote that was never closed. Only asked for
files that are wrong; on good ones it finds nothing (a test holds that for all of the project's).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tenin.training.check.findings import Code

QUOTED = 'Put the whole text between double quotes: "…".'
WIDE_SPACES = "\u3000\u00a0\u2002\u2003\u2007\u2009\u202f"
WIDE_HYPHENS = "－–—−‐‑‒―ー"
BULLETS = "•·●○*・"
WIDE_SIGNS = {"，": ",", "｛": "{", "｝": "}", "［": "[", "］": "]", "｜": "|", "＃": "#"}

_HEAD = re.compile(r"(?P<marks>(?:- +)*)(?P<rest>.*)")
_BLOCK = re.compile(r"(?:^|[\s:-])[|>][+-]?\d?[+-]?\s*(?:#.*)?$")
_NAME = r"[A-Za-z_][\w/.-]*"
_KEY_LINE = re.compile(rf"(?:- +)*(?:{_NAME}|\"[^\"]*\"|'[^']*'):(?:\s|$)")
_WIDE_COLON = re.compile(rf"(?P<key>{_NAME}|\"[^\"]*\")\s*：")
_EQUALS = re.compile(rf"(?P<key>{_NAME})\s*[=;]\s*\S")
_NO_SPACE = re.compile(rf"(?P<key>{_NAME}):(?![\s:/]|$)(?P<value>.*)")
_NO_COLON = re.compile(rf"(?P<key>{_NAME})(?:\s+(?P<value>[^\s:#].*))?$")
_IN_BRACES = re.compile(
    rf"(?:[{{,]\s*)(?P<key>{_NAME})(?P<mark>\s+(?=[\"'])|:(?=[^\s,}}\]])|\s*：)"
)
_PLAIN_VALUE = re.compile(rf"(?:{_NAME}): +(?P<value>[^\s\"'\[{{|>#].*)")
_COMMENT = re.compile(r"(?:^|\s)#.*$")


class Mistake(NamedTuple):
    """A mistake: its line from 1, its kind, the words, what is wrong, what to do."""

    line: int
    code: Code
    words: str
    message: str
    remedy: str


def find_mistakes(text: str, keys: frozenset[str]) -> list[Mistake]:
    """Give what looks wrong in a file's lines, at most one for a line.

    Args:
        text: the file's, with plain line ends.
        keys: words known to stand before a colon in such a file.
    """
    return list(_find(text.split("\n"), keys))


def of_parser(text: str, line: int, said: str) -> Mistake:
    """Tell in plain words what a parser said of a line, where nothing better is known."""
    lines = text.split("\n")
    line = min(max(line, 1), len(lines))
    while line > 1 and not lines[line - 1].strip():
        line -= 1
    words = lines[line - 1].strip()[:60]
    before = _before(lines, line - 1)
    if words.startswith("- ") and before is not None:
        message = "The line stands among those of a list, and has no hyphen before it."
        remedy = "Begin it with a hyphen and a space, `- `, as the others do."
        return Mistake(before + 1, Code.NO_HYPHEN, lines[before].strip()[:60], message, remedy)
    if _is_moved(lines, line - 1):
        return Mistake(
            line,
            Code.INDENT,
            words,
            "The line is indented by another number of spaces than those it belongs to.",
            "Give it as many spaces at its beginning as the lines of its kind have.",
        )
    if "quoted scalar" in said or "end of stream" in said:
        return _quotes(line, words)
    if "alias" in said or "anchor" in said or "cannot start any token" in said:
        message = "A text begins with a sign that YAML keeps for itself, or has one in it."
        return Mistake(line, Code.NEEDS_QUOTES, words, message, QUOTED)
    if "flow" in said:
        return _brackets(line, words)
    return Mistake(
        line,
        Code.NOT_YAML,
        words,
        "From here on the file can't be read.",
        "Compare the line, and the one before it, with a file of the same kind: its spaces, "
        "colons, quotes and hyphens.",
    )


def repaired(text: str, mistakes: Sequence[Mistake]) -> Iterator[str]:
    """Give the text with its mistakes taken out: mended where that is easy, then without them."""
    mended = text.split("\n")
    lines = [mistake.line for mistake in mistakes]
    for mistake in mistakes:
        better = _mended(mended[mistake.line - 1])
        if mistake.code is Code.NO_COLON:
            better = re.sub(rf"^(\s*(?:- )?{_NAME})\s*[=;]?", r"\1: ", better)
        elif mistake.code is Code.NO_BAR:
            better = f"{better} |"
        mended[mistake.line - 1] = better
    yield "\n".join(mended)
    for line in lines:
        mended[line - 1] = ""
    yield "\n".join(mended)


def _mended(line: str) -> str:
    for wrong, right in (("：", ": "), ("，", ", "), ("“", '"'), ("”", '"'), ("\t", "  ")):
        line = line.replace(wrong, right)
    for wide in WIDE_SPACES:
        line = line.replace(wide, " ")
    line = re.sub(rf"^(\s*)(?:[{WIDE_HYPHENS}]\s*|-(?=\w))", r"\1- ", line)
    return re.sub(rf"^(\s*(?:- )?{_NAME}):(?=\S)", r"\1: ", line)


def _find(lines: list[str], keys: frozenset[str]) -> Iterator[Mistake]:
    block: int | None = None  # the column of the key whose block of text this is
    listed = False  # sentences of a block whose bar is missing
    depth, opened, opened_at = 0, 0, 0
    for number, raw in enumerate(lines, 1):
        body = raw.lstrip(" \t" + WIDE_SPACES)
        indent = raw[: len(raw) - len(body)]
        if not body.strip() or body.startswith("#"):
            continue
        if block is not None:
            if len(indent) > block or (listed and len(indent) >= block and body[:1] in "-－"):
                if not listed and "\t" in indent:
                    yield _tab(number, body)
                continue
            block, listed = None, False
        if "\t" in indent:
            yield _tab(number, body)
            continue
        if indent.strip(" "):
            yield _wide(number, body, "a wide space", "a plain space")
            continue
        if depth and _KEY_LINE.match(body) and len(indent) <= opened_at:
            yield _brackets(opened, lines[opened - 1].strip()[:60])
            depth = 0
        found = _in_line(number, body, keys, depth > 0, _next(lines, number))
        if not found and not indent and re.match(r"utter_[\w/]+:", body):
            found = _not_indented(number, body)
        if found:
            yield found
        plain = _without_quoted(_COMMENT.sub("", body))
        before = depth
        depth += sum(map(plain.count, "{[")) - sum(map(plain.count, "}]"))
        if depth < 0:
            if not found:
                yield _brackets(number, body.strip()[:60])
            depth = 0
        elif depth and not before:
            opened, opened_at = number, len(indent)
        head = _HEAD.match(body)
        column = len(indent) + (len(head["marks"]) if head else 0)
        if _BLOCK.search(_COMMENT.sub("", plain)):
            block = column
        elif found and found.code is Code.NO_BAR:
            block, listed = column, True
    if depth > 0:
        yield _brackets(opened, lines[opened - 1].strip()[:60])


def _not_indented(number: int, body: str) -> Mistake:
    return Mistake(
        number,
        Code.INDENT,
        body.strip()[:60],
        "The reply isn't indented, so it doesn't belong to 'responses'.",
        "Put two spaces before it, and before all lines that belong to it, below `responses:`.",
    )


def _next(lines: list[str], number: int) -> str:
    """The next line that says something."""
    return next((line for line in lines[number:] if line.strip()), "")


def _in_line(
    number: int, body: str, keys: frozenset[str], inside: bool, following: str
) -> Mistake | None:
    if not inside:
        listed = _list_mark(number, body)
        if listed:
            return listed
    head = _HEAD.match(body)
    assert head is not None
    rest = _COMMENT.sub("", head["rest"]).rstrip()
    if not rest or rest in ("---", "..."):
        return None
    return (
        (None if inside else _colon(number, rest, keys, following))
        or _braces(number, rest, inside, keys)
        or _quoting(number, rest)
        or (None if inside else _plain(number, rest))
    )


def _list_mark(number: int, body: str) -> Mistake | None:
    if body.startswith("---"):
        return None
    first, second = body[0], body[1:2]
    if first in WIDE_HYPHENS and (not second or second in " " + WIDE_SPACES or first != "ー"):
        return _wide(number, body, f"the sign {first}", "a plain hyphen and a space, `- `,")
    if first == "-" and second and second in WIDE_SPACES:
        return _wide(number, body, "a wide space after the hyphen", "a plain one")
    no_space = first == "-" and second and second not in " -" and not re.match(r"-[\d.]", body)
    if no_space or (first in BULLETS and second == " "):
        message = "The line of a list doesn't begin with a hyphen and a space."
        return Mistake(number, Code.NO_HYPHEN, body.strip()[:60], message, "Begin it with `- `.")
    return None


def _colon(number: int, rest: str, keys: frozenset[str], following: str) -> Mistake | None:
    words = rest[:60]
    wide = _WIDE_COLON.match(rest)
    if wide:
        return Mistake(
            number,
            Code.FULL_WIDTH_COLON,
            words,
            f"After {wide['key']} stands a full-width colon (：).",
            f"Write a plain colon and a space: `{wide['key']}: `.",
        )
    equals = _EQUALS.match(rest)
    if equals and equals["key"] in keys:
        return _no_colon(number, words, equals["key"])
    if re.match(r"examples:$", rest) and "examples" in keys:
        return Mistake(
            number,
            Code.NO_BAR,
            words,
            "After `examples:` the upright bar is missing.",
            "Write `examples: |`, and the sentences below it, indented by two spaces more.",
        )
    tight = _NO_SPACE.match(rest)
    if tight and (tight["key"] in keys or tight["key"].startswith("utter_")):
        key = tight["key"]
        return Mistake(
            number,
            Code.NO_SPACE_AFTER_COLON,
            words,
            f"After `{key}:` there is no space.",
            f"Write a space after the colon: `{key}: {tight['value'][:30]}`.",
        )
    bare = _NO_COLON.match(rest)
    if bare and (":" not in rest or (bare["value"] or "")[:1] in tuple("\"'{[|")):
        key, value = bare["key"], bare["value"]
        deeper = not value and len(following) - len(following.lstrip()) >= 2
        if (key in keys and (value or deeper)) or (key.startswith("utter_") and deeper):
            return _no_colon(number, words, key)
    return None


def _no_colon(number: int, words: str, key: str) -> Mistake:
    message = f"After {key} the colon is missing."
    return Mistake(number, Code.NO_COLON, words, message, f"Write `{key}: `, a colon and a space.")


def _braces(number: int, rest: str, inside: bool, keys: frozenset[str]) -> Mistake | None:
    plain = _without_quoted(rest, keep=True)
    if not inside and "{" not in plain and "[" not in plain and "｛" not in plain:
        return None
    for wide, narrow in WIDE_SIGNS.items():
        mark = re.escape(wide)
        if re.search(rf"[\"'\]}}]\s*{mark}|{mark}\s*(?:[\"'{{\[]|{_NAME}\s*[:：])", plain):
            return _wide(number, rest, f"the sign {wide}", f"a plain {narrow}")
    for found in _IN_BRACES.finditer(("," if inside else "") + plain):
        key, mark = found["key"], found["mark"]
        if "：" in mark:
            message = f"After {key} stands a full-width colon (：)."
            remedy = f"Write a plain colon and a space: `{key}: `."
            return Mistake(number, Code.FULL_WIDTH_COLON, found[0].strip(" {,"), message, remedy)
        if ":" in mark and key in keys:
            message = f"After `{key}:` there is no space."
            remedy = f"Write a space after the colon: `{key}: `."
            return Mistake(number, Code.NO_SPACE_AFTER_COLON, f"{key}:", message, remedy)
        if not mark.strip() and key in keys:
            return _no_colon(number, key, key)
    return None


def _quoting(number: int, rest: str) -> Mistake | None:
    value = re.sub(rf"^{_NAME}:\s+", "", rest)
    if value[:1] in "“”„‟‘’＂" and value[:1]:
        return Mistake(
            number,
            Code.TYPOGRAPHIC_QUOTES,
            value[:60],
            f"The text begins with a quote that is no plain one ({value[0]}).",
            'Write plain double quotes around it: "…".',
        )
    if value[:1] == '"':
        end = _end_of_quoted(value, '"')
        closed_by = value.rstrip()[-1:]
        if end is None and closed_by in "”“’＂":
            message = f"The text begins with a plain quote and ends with {closed_by}."
            remedy = 'End it with a plain one, too: "…".'
            return Mistake(number, Code.TYPOGRAPHIC_QUOTES, value[:60], message, remedy)
        if end is None or not _may_follow(value[end:]):
            return _quotes(number, value[:60])
    if value[:1] == "'":
        end = _end_of_quoted(value, "'")
        if end is None or not _may_follow(value[end:]):
            return _quotes(number, value[:60])
    if value[:1] in "{[" and value[:1] and _without_quoted(rest).count('"') % 2:
        return _quotes(number, value[:60])
    return None


def _plain(number: int, rest: str) -> Mistake | None:
    found = _PLAIN_VALUE.match(rest)
    if not found:
        return None
    value = found["value"]
    if re.search(r":(?: |$)", value):
        message = "The text has a colon followed by a space, which YAML takes for a new key."
        return Mistake(number, Code.NEEDS_QUOTES, value[:60], message, QUOTED)
    if value[0] in "@`%&*!" and not re.match(r"[&*!]\w+$", value):
        message = f"The text begins with {value[0]}, which YAML keeps for itself."
        return Mistake(number, Code.NEEDS_QUOTES, value[:60], message, QUOTED)
    return None


def _end_of_quoted(value: str, quote: str) -> int | None:
    """Where a quoted text at the beginning is over; None if it isn't on this line."""
    at = 1
    while at < len(value):
        if quote == '"' and value[at] == "\\":
            at += 2
            continue
        if value[at] == quote:
            if quote == "'" and value[at + 1 : at + 2] == "'":
                at += 2
                continue
            return at + 1
        at += 1
    return None


def _may_follow(rest: str) -> bool:
    return not rest.strip() or rest.lstrip()[0] in ",:}]" or rest.lstrip().startswith("#")


def _without_quoted(text: str, keep: bool = False) -> str:
    """Leave out what stands in quotes; `keep` leaves an empty pair of quotes in its place."""
    plain = re.sub(r'"(?:\\.|[^"\\])*"', '""' if keep else "", text)
    return re.sub(r"(?<![\w”’])'(?:''|[^'])*'", "''" if keep else "", plain)


def _before(lines: list[str], at: int) -> int | None:
    """The line before, if it is of the same list by its indent but has no hyphen."""
    above = next((each for each in range(at - 1, -1, -1) if lines[each].strip()), None)
    if above is None or lines[above].lstrip().startswith("-"):
        return None
    indents = [len(lines[each]) - len(lines[each].lstrip(" ")) for each in (above, at)]
    return above if indents[0] == indents[1] else None


def _is_moved(lines: list[str], at: int) -> bool:
    """Whether a line's indent is none of those that are open above it."""
    own = len(lines[at]) - len(lines[at].lstrip(" "))
    opened: list[int] = []
    for line in lines[:at]:
        body = line.strip()
        if not body or body.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip(" "))
        head = _HEAD.match(body)
        columns = [indent, indent + (len(head["marks"]) if head else 0)]
        opened = [column for column in opened if column < indent] + columns
    if own not in opened:
        return True
    above = next((line for line in reversed(lines[:at]) if line.strip()), "")
    # Deeper than a line that is complete in itself, or a hyphen where a name is needed.
    return bool(opened) and own > len(above) - len(above.lstrip(" ")) and "|" not in above


def _tab(number: int, body: str) -> Mistake:
    return Mistake(
        number,
        Code.TAB,
        body.strip()[:60],
        "The line is indented by a tab, which YAML doesn't take.",
        "Indent it by spaces, two for each step; most editors can be set to do so.",
    )


def _wide(number: int, body: str, what: str, instead: str) -> Mistake:
    message = f"There is {what} where YAML needs a plain sign."
    return Mistake(number, Code.FULL_WIDTH_SIGN, body.strip()[:60], message, f"Write {instead}.")


def _quotes(number: int, words: str) -> Mistake:
    return Mistake(
        number,
        Code.QUOTES,
        words,
        "The quotes around the text don't match, or there are more of them in it.",
        'Begin and end it with ", and write \\" for a quote in it.',
    )


def _brackets(number: int, words: str) -> Mistake:
    return Mistake(
        number,
        Code.BRACKETS,
        words,
        "A bracket is opened here and not closed, or closed and not opened, or a comma is missing.",
        "Write as many } and ] as { and [, and a comma between the entries; in a text, put them "
        "between double quotes.",
    )
