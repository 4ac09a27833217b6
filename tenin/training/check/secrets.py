"""Secrets don't belong in files: private keys, tokens, passwords in addresses or after a name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tenin.training.check.findings import Code, Finding

REMEDY = (
    "Take it out, set it in the environment (the head of tenin.yml says by which name), and have "
    "it replaced: who could read the file may know it."
)
SKIPPED = {".git", ".venv", "var", "models", "node_modules", ".rasa", "results", "__pycache__"}
ENDINGS = {
    *("", ".yml", ".yaml", ".json", ".toml", ".ini", ".cfg", ".conf", ".env", ".txt", ".md"),
    *(".py", ".js", ".sh", ".html", ".pem", ".key", ".csv"),
}
LARGEST = 1_000_000

# What a token looks like by its maker's own mark.
_TOKENS = (
    ("an AWS key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    ("a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
    ("a Google key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("an OpenAI key", r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}"),
    ("a signed token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
)
_MARKS = (
    *("AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox"),
    *("k_live_", "AIza", "sk-", "eyJ"),
)
_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*\n?\s*[A-Za-z0-9+/]{20,}")
_TOKEN = re.compile("|".join(f"(?P<t{at}>{shape})" for at, (_, shape) in enumerate(_TOKENS)))
_ADDRESS = re.compile(r"://[^\s/:@\"'<>{}$]+:(?P<word>[^\s/@\"'<>{}$*…]+)@[\w.\[]")
_NAMED = re.compile(
    r"(?im)^\s*(?:- )?[\"']?[\w-]*(?:password|passwd|secret|api_?key|token)[\"']?\s*[:=]\s*"
    r"[\"']?(?P<word>[A-Za-z0-9+/_.~-]{16,})[\"']?\s*(?:#.*)?$"
)
_SETTINGS = {".yml", ".yaml", ".env", ".ini", ".cfg", ".conf", ".toml"}
# As examples have them.
_NO_WORD = re.compile(r"(?i)^(?:password|passwort|secret|word|pass|pw|user|x+|\.+|example.*)$")


def check_secrets(root: Path) -> list[Finding]:
    """Give the secrets in the project's files; the words are shown in part only."""
    return [each for path in sorted(_files(root)) for each in _in_file(root, path)]


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [each for each in folders if each not in SKIPPED]
        for name in files:
            path = Path(folder, name)
            if path.suffix.lower() in ENDINGS and not path.is_symlink():
                yield path


def _in_file(root: Path, path: Path) -> Iterator[Finding]:
    try:
        if path.stat().st_size > LARGEST:
            return
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return
    name = path.relative_to(root).as_posix()

    def finding(at: int, code: Code, words: str, what: str) -> Finding:
        line = text.count("\n", 0, at) + 1
        return Finding(name, line, code.value, words, f"There is {what} in the file.", REMEDY)

    if "PRIVATE KEY" in text:
        for found in _KEY.finditer(text):
            yield finding(found.start(), Code.PRIVATE_KEY, "PRIVATE KEY", "a private key")
    for found in _TOKEN.finditer(text) if any(mark in text for mark in _MARKS) else ():
        what, _ = _TOKENS[int((found.lastgroup or "t0")[1:])]
        yield finding(found.start(), Code.TOKEN, _hidden(found[0]), what)
    if "://" in text:
        for found in _ADDRESS.finditer(text):
            if not _NO_WORD.match(found["word"]):
                shown = _hidden(found["word"])
                what = "an address with a password"
                yield finding(found.start(), Code.PASSWORD_IN_ADDRESS, shown, what)
    if path.suffix.lower() in _SETTINGS or path.name.startswith(".env"):
        for found in _NAMED.finditer(text):
            if re.search(r"\d", found["word"]) and not _NO_WORD.match(found["word"]):
                shown = _hidden(found["word"])
                yield finding(found.start("word"), Code.SECRET_WRITTEN, shown, "what looks secret")


def _hidden(word: str) -> str:
    return f"{word[:4]}…"
