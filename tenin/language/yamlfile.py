"""Reads the YAML files that trainers write, by the rules that Rasa reads them by.

Used by `wording`, `menus` and `languages`. That is YAML 1.2: `no` is a word, `yes?` may
stand between braces; and a key given twice is an error, not a silent replacement.
"""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


class YAMLFileError(ValueError):
    """A file isn't YAML as it should be; the message names file, line and fault."""


def read_yaml(path: Path) -> Any:
    """Read one YAML file. Raises YAMLFileError, or OSError when it can't be opened."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        reason = "\n".join(
            line for line in str(error).splitlines() if "suppress this check" not in line
        )
        raise YAMLFileError(
            f"{path} isn't YAML as it should be. Correct it: {reason.strip()}"
        ) from error
