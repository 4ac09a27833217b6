"""The project as the house tests look at it: its files, and what its Python says."""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenin.language.yamlfile import read_yaml

PROJECT = Path(__file__).parents[3]
PRODUCT = ("actions", "scripts", "tenin")


@functools.lru_cache(maxsize=1)
def tracked_files() -> list[Path]:
    """Every file that belongs to the project, also those not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [PROJECT / name for name in listed.split("\0") if (PROJECT / name).is_file()]


def name_of(path: Path) -> str:
    """A file's path in the project."""
    return path.relative_to(PROJECT).as_posix()


def python_files(*folders: str) -> list[Path]:
    """The Python files below these folders of the project."""
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A Python file as a tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Module and name of each import of a file, wherever it stands; the name may be empty."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                yield node.module or "", alias.name
        elif isinstance(node, ast.Call) and node.args:
            function, first = node.func, node.args[0]
            name = getattr(function, "attr", getattr(function, "id", ""))
            if name in ("import_module", "__import__") and isinstance(first, ast.Constant):
                yield str(first.value), ""


def texts(path: Path) -> Iterator[ast.Constant]:
    """Every string of a file that is no docstring, also within f-strings."""
    tree = parsed(path)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in docstrings:
            continue
        if isinstance(node.value, str):
            yield node


def yaml_files(folder: str) -> list[Path]:
    """The YAML files below a folder of the project."""
    return sorted(
        path for path in (PROJECT / folder).rglob("*") if path.suffix in (".yml", ".yaml")
    )


@functools.cache
def content(path: Path) -> Any:
    """What a YAML file holds."""
    return read_yaml(path)
