"""A small project of real sentences, for what learns from a project's files."""

from __future__ import annotations

import shutil
from pathlib import Path

PROJECT = Path(__file__).parents[3]
NEEDS = ("greet", "track_order", "human_agent", "faq/returns_policy", "faq/shipping_cost")
LANGUAGES = ("en", "ja")
CONFIG = """\
pipeline:
  - name: tenin.bot.spacy_nlp.SpacyNLP
    model: tenin
  - name: tenin.bot.classifier.NeedClassifier
    refused: 0.1
    talk: [greet]
"""


def make(root: Path) -> None:
    """Write it: configuration, training and held-out sentences."""
    (root / "config.yml").write_text(CONFIG, encoding="utf-8")
    for need in NEEDS:
        for language in LANGUAGES:
            for folder in ("data/nlu", "tests/nlu"):
                name = f"{folder}/{language}/{need.rpartition('/')[2]}.yml"
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(PROJECT / name, root / name)


def add(root: Path, name: str, *texts: str) -> None:
    """Add sentences to the end of a file."""
    with (root / name).open("a", encoding="utf-8") as file:
        file.writelines(f"      - {text}\n" for text in texts)


def nowhere(_line: str) -> None:
    """Tell nobody."""
