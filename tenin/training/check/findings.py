"""What `tenin check` can find: a code for each kind, explained in docs/checks.md."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum


class Code(str, Enum):
    """The kinds of findings; a code that was given away is never used for another."""

    # How a file is written.
    ENCODING = "T001"
    TAB = "T002"
    NO_COLON = "T003"
    NO_SPACE_AFTER_COLON = "T004"
    INDENT = "T005"
    QUOTES = "T006"
    TYPOGRAPHIC_QUOTES = "T007"
    FULL_WIDTH_COLON = "T008"
    FULL_WIDTH_SIGN = "T009"
    NO_HYPHEN = "T010"
    NO_BAR = "T011"
    NOT_YAML = "T012"
    ENDING = "T013"
    WRONG_FOLDER = "T014"
    WRONG_LANGUAGE = "T015"
    KEY_TWICE = "T016"
    UNKNOWN_KEY = "T017"
    NOT_THE_SCHEMA = "T018"
    BRACKETS = "T019"
    NEEDS_QUOTES = "T020"
    FILE_NAME = "T021"
    NOT_LOADED = "T022"
    FILE_MISSING = "T023"
    # Needs: complete in every language.
    NO_EXAMPLES = "T101"
    FEW_HELD_OUT = "T102"
    NO_ANSWER = "T103"
    NO_DIALOGUE = "T104"
    NO_INTENT = "T105"
    NOT_READY = "T106"
    # Sentences.
    TWO_NEEDS = "T201"
    ALIKE = "T202"
    EXAMPLE_IS_HELD_OUT = "T203"
    EXAMPLE_LIKE_HELD_OUT = "T204"
    TWICE = "T205"
    TOO_ALIKE = "T206"
    EXAMPLE_IN_STORY_TEST = "T207"
    # Replies.
    REPLY_TWICE = "T301"
    REPLY_LANGUAGE = "T302"
    PLACEHOLDERS_DIFFER = "T303"
    PLACEHOLDER_UNKNOWN = "T304"
    PLACEHOLDER_BROKEN = "T305"
    PARTS_DIFFER = "T306"
    # What points nowhere.
    NO_REPLY = "T401"
    NO_CHOICE = "T402"
    MENU_TREE = "T403"
    TEXT_LANGUAGE = "T404"
    NO_CATEGORY = "T405"
    NO_NEED = "T406"
    NO_ACTION = "T407"
    NO_FORM = "T408"
    NO_SLOT = "T409"
    INVITATION = "T410"
    POLICY = "T411"
    # What nothing uses.
    UNUSED_INTENT = "T501"
    UNUSED_REPLY = "T502"
    UNUSED_SLOT = "T503"
    UNUSED_FORM = "T504"
    UNUSED_ACTION = "T505"
    UNUSED_POLICY = "T506"
    UNUSED_ENTITY = "T507"
    UNUSED_EXCUSE = "T508"
    # Which signs a text is written in.
    SIMPLIFIED = "T601"
    TRADITIONAL = "T602"
    WRONG_SCRIPT = "T603"
    # Secrets.
    PRIVATE_KEY = "T701"
    TOKEN = "T702"  # noqa: S105 (a code)
    PASSWORD_IN_ADDRESS = "T703"  # noqa: S105 (a code)
    SECRET_WRITTEN = "T704"  # noqa: S105 (a code)


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: where, which kind, the words, what, and what to do about it."""

    file: str  # from the project's root, with slashes
    line: int  # from 1
    code: str
    words: str  # the offending ones, as in the file; what an excuse names
    message: str
    remedy: str

    def __str__(self) -> str:
        """Write it in one line, as compilers do."""
        return f"{self.file}:{self.line}: {self.code} {self.message} {self.remedy}"

    def as_dict(self) -> dict[str, str | int]:
        """Give all of it by name, for JSON."""
        return asdict(self)
