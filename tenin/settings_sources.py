"""Where settings come from: `tenin.yml` and the environment, and how a fault in them is told.

`tenin.settings.load_settings` is the one caller. Nothing here knows which settings there are: each
function is given the sections with their keys and defaults. Every fault is a SettingsError of one
line that names the file or variable, the key, the fault and the remedy.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

SETTINGS_FILE = "tenin.yml"
SECRET_VARIABLE = "TENIN_SECRET"  # noqa: S105 (the name of a variable)
BOT_TOKEN_VARIABLE = "TENIN_BOT_TOKEN"  # noqa: S105 (the name of a variable)
METRICS_TOKEN_VARIABLE = "TENIN_METRICS_TOKEN"  # noqa: S105 (the name of a variable)
IDENTITY_SECRET_VARIABLE = "TENIN_IDENTITY_SECRET"  # noqa: S105 (the name of a variable)
EMAIL_PASSWORD_VARIABLE = "TENIN_EMAIL_PASSWORD"  # noqa: S105 (the name of a variable)
SHOP_API_TOKEN_VARIABLE = "TENIN_SHOP_API_TOKEN"  # noqa: S105 (the name of a variable)
CHATWOOT_TOKEN_VARIABLE = "TENIN_CHATWOOT_TOKEN"  # noqa: S105 (the name of a variable)
CHATWOOT_WEBHOOK_SECRET_VARIABLE = "TENIN_CHATWOOT_WEBHOOK_SECRET"  # noqa: S105 (as above)
SECRET_VARIABLES = (
    SECRET_VARIABLE,
    BOT_TOKEN_VARIABLE,
    METRICS_TOKEN_VARIABLE,
    IDENTITY_SECRET_VARIABLE,
    EMAIL_PASSWORD_VARIABLE,
    SHOP_API_TOKEN_VARIABLE,
    CHATWOOT_TOKEN_VARIABLE,
    CHATWOOT_WEBHOOK_SECRET_VARIABLE,
)
SECRETS = ("secret", "given_secret", "bot_token", "token", "password")

Sections = Mapping[str, Mapping[str, Any]]


class SettingsError(Exception):
    """A setting is wrong; the message is one line and names the place and the remedy."""


def read_file(file: Path, sections: Sections) -> dict[str, dict[str, Any]]:
    """Return what a settings file holds by section and key; nothing when there is no file.

    Takes the sections that exist, with the defaults of their keys. Raises SettingsError if the
    file can't be read, names what does not exist, or holds a secret.
    """
    try:
        read = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(
            f"{file.name}: line {line} can't be read as YAML ({error.problem}): correct that line"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{file.name}: can't be read ({reason}): repair the file") from None
    if read is None:
        return {}
    if not isinstance(read, dict):
        raise SettingsError(f"{file.name}: sections are needed: begin with a line such as `web:`")
    values = {str(section): {} if keys is None else keys for section, keys in read.items()}
    for section, keys in values.items():
        _check_section(f"{file.name}: {section}", section, keys, sections)
    return values


def _check_section(place: str, section: str, keys: Any, sections: Sections) -> None:
    if section in SECRETS:
        raise SettingsError(
            f"{place}: a secret does not belong in a file: "
            f"set {SECRET_VARIABLE} or another of its kind in the environment"
        )
    if section not in sections:
        raise SettingsError(f"{place}: there is no such section: {_closest(section, sections)}")
    if not isinstance(keys, dict):
        raise SettingsError(
            f"{place}: settings are needed below it: "
            f"write `{next(iter(sections[section]))}: …` on the next line, indented"
        )
    for key, value in keys.items():
        secret = variable_name(section, str(key))
        if secret in SECRET_VARIABLES:
            raise SettingsError(
                f"{place}.{key}: a secret does not belong in a file: "
                f"set {secret} in the environment"
            )
        if key not in sections[section]:
            raise SettingsError(
                f"{place}.{key}: there is no such setting: {_closest(str(key), sections[section])}"
            )
        if str(key).endswith("url") and _holds_password(value):
            raise SettingsError(
                f"{place}.{key}: a password does not belong in a file: "
                f"set {variable_name(section, key)} in the environment instead"
            )


def read_environment(
    environ: Mapping[str, str], sections: Sections
) -> dict[tuple[str, str], tuple[str, Any]]:
    """Return what the environment sets: the variable and its value by (section, key).

    A variable for a section that exists and a key that does not is a SettingsError: a slip of the
    pen would otherwise be a setting without effect.
    """
    known = {
        variable_name(section, key): (section, key)
        for section, keys in sections.items()
        for key in keys
    }
    beginnings = tuple(variable_name(section, "") for section in sections)
    found: dict[tuple[str, str], tuple[str, Any]] = {}
    for variable, text in environ.items():
        if variable in SECRET_VARIABLES:
            continue
        if variable in known:
            section, key = known[variable]
            is_list = isinstance(sections[section][key], tuple)
            entries = [entry.strip() for entry in text.split(",") if entry.strip()]
            found[section, key] = (variable, entries if is_list else text)
        elif variable.startswith(beginnings):
            raise SettingsError(
                f"environment: {variable}: there is no such setting: "
                f"{_closest(variable, known)} Or unset it."
            )
    return found


def variable_name(section: str, key: str) -> str:
    """Return the environment variable of a setting, as in TENIN_WEB_PORT."""
    return f"TENIN_{section}_{key}".upper()


def explain(
    error: ValidationError,
    environment: Mapping[tuple[str, str], tuple[str, Any]],
    sections: Sections,
) -> str:
    """Return pydantic's first complaint as one line with place, fault and remedy."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"] if part != "__root__"]
    fault = " ".join(str(first["msg"]).split())
    if len(location) < 2:  # a complaint about several keys at once names them itself
        place = ".".join([f"{SETTINGS_FILE} or environment: {name}" for name in location])
        return f"{place or SETTINGS_FILE + ' or environment'}: {fault}: change one of them"
    section, key = location[:2]
    default = sections[section][key]
    example = f"write a value such as {default}" if default else "correct it"
    if (section, key) in environment:
        variable, _ = environment[section, key]
        return f"environment: {variable}: {fault}: {example}, or unset it"
    return f"{SETTINGS_FILE}: {section}.{key}: {fault}: {example}, or remove the line"


def _closest(name: str, names: Mapping[str, Any]) -> str:
    found = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {found[0]}?" if found else f"there are {', '.join(names)}."


def _holds_password(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        url = make_url(value)
        # An address of an API may hold none anywhere, and its own check says so.
        return bool(url.password) and not url.drivername.startswith("http")
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        return False
