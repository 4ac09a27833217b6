"""Reads the YAML files that trainers write, by the rules that Rasa reads them by.

Used by `wording`, `menus` and `languages`. That is YAML 1.2: `no` is a word, `yes?` may
stand between braces; and a key given twice is an error, not a silent replacement.
"""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError


class YAMLFileError(ValueError):
    """A file isn't YAML as it should be; the message names file, line and fault."""


def read_yaml(path: Path) -> Any:
    """Read one YAML file. Raises YAMLFileError, or OSError when it can't be opened."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = str(error.problem or error.context).split(" with value")[0]
        line = f", line {mark.line + 1}" if mark else ""
        raise YAMLFileError(f"{path}{line}: {problem}. Correct the YAML there.") from error
    except (YAMLError, UnicodeDecodeError) as error:
        raise YAMLFileError(f"{path}: {error}. Save it as YAML in UTF-8.") from error
