"""What the project's Python names: replies, slots, policy facts, values that wording may fill in.

Read by its words and not by its meaning, which takes a hundredth of the time: a name in quotes, or
before an equals sign, counts as used. Comments and docstrings don't count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDERS = ("tenin", "actions")
# Words of Rasa and its SDK.
NO_REPLIES = {"utter_action", "utter_message"}

_LONG = re.compile(r'"""(?:\\.|[^\\])*?"""', re.DOTALL)
_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")
_REPLY = re.compile(r"[\"'](utter_[a-z0-9_]+(?:/[a-z0-9_]+)?)([\"'{/]?)")
_WORD = re.compile(r"[\"']([A-Za-z_][\w/]*)|\b([a-z_]\w*)\s*=(?!=)")
# A dataclass's field is a value's name as well, as `days: int` in what is filled in by its fields.
_MADE = re.compile(r"\bf[\"']([a-z]+_(?:[a-z_]+_)?)\{")
_ACTION = re.compile(r"[\"'](?P<name>(?:action|validate)_\w+)[\"']")


@dataclass
class Code:
    """Names in the project's Python."""

    replies: dict[str, tuple[str, int]] = field(default_factory=dict)  # with the first place
    begun: set[str] = field(default_factory=set)  # beginnings of names made of a part and a value
    words: set[str] = field(default_factory=set)
    actions: set[str] = field(default_factory=set)  # named in actions/


def read_code(root: Path) -> Code:
    """Read the Python files of the project; one that can't be read says nothing."""
    code = Code()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            _read(code, path.relative_to(root).as_posix(), text)
    return code


def _read(code: Code, name: str, text: str) -> None:
    # The lines stay where they are.
    text = _LONG.sub(lambda found: "\n" * found[0].count("\n"), text)
    text = _COMMENT.sub("", text)
    for found in _WORD.finditer(text):
        code.words.add(found[1] or found[2])
    if "utter_" in text:
        for found in _REPLY.finditer(text):
            reply = found[1]
            if found[2] == "{" or reply.endswith("_") or found[2] == "/":
                code.begun.add(reply)
            elif found[2] and reply not in NO_REPLIES:
                line = text.count("\n", 0, found.start()) + 1
                code.replies.setdefault(reply, (name, line))
    for found in _MADE.finditer(text):
        code.begun.add(found[1])
    if name.startswith("actions/"):
        code.actions.update(found["name"] for found in _ACTION.finditer(text))
