"""What `tenin blueprint check` can find: a code for each kind, explained in docs/blueprints.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Code(str, Enum):
    """The kinds of findings; a code that was given away is never used for another."""

    NOT_YAML = "B001"
    NOT_THE_SCHEMA = "B002"
    NO_PERSONA = "B003"
    NO_INTENT = "B004"
    NO_RESPONSE = "B005"
    NO_ACTION = "B006"
    NO_FORM = "B007"
    PEAKS = "B008"
    ENDS = "B009"
    LANGUAGE_MISSING = "B010"
    NOT_REACHED = "B011"
    NO_TEST = "B012"
    NO_TRACES = "B013"
    OLD_TRACE = "B014"
    NO_TRACE = "B015"
    STEP_NOT_SEEN = "B016"
    FAIL_POINT_NOT_SEEN = "B017"
    STORY_FILE_ALONE = "B018"
    STORY_FILE_MISSING = "B019"
    STORY_FILE_UNUSED = "B020"
    NAMED_TWICE = "B021"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: where, which kind, what, and what to do about it."""

    file: str
    line: int
    code: Code
    message: str
    remedy: str

    def __str__(self) -> str:
        """Write it in one line, as compilers do."""
        return f"{self.file}:{self.line}: {self.code.value} {self.message} {self.remedy}"


def place(root: Path, file: Path) -> str:
    """Return how a file is named in a finding: from the project's root where it lies below it."""
    try:
        return file.relative_to(root).as_posix()
    except ValueError:
        return file.as_posix()
