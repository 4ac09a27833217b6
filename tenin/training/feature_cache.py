"""The features of sentences, kept between runs: segmenting all of them takes some ten seconds.

One SQLite file below the cache's folder for each state of the code that finds them, so a change
of the pipeline begins anew. Several processes may use it at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from spacy.language import Language

from tenin.language import features as finding
from tenin.language.features import features, script
from tenin.language.pipeline import content_hash

Found = tuple[Mapping[str, int], str]

FILES_KEPT = 2
_AT_ONCE = 500


def features_of(
    texts: Iterable[str], pipeline: Callable[[], Language], folder: Path
) -> dict[str, Found]:
    """Give features and kind of script of each text.

    Args:
        texts: any, in any order.
        pipeline: gives the pipeline; not asked when all of them are there.
        folder: where the cache is kept; made when it isn't there.

    A cache that is damaged or can't be written is left out.
    """
    wanted = list(dict.fromkeys(texts))
    found: dict[str, Found] = {}
    file = folder / f"features-{code_key()}.sqlite"
    with contextlib.suppress(sqlite3.Error, ValueError, OSError):
        found = _kept(file, wanted)
    missing = [text for text in wanted if text not in found]
    if missing:
        docs = pipeline().pipe(missing)
        made = {text: (features(doc), script(doc)) for text, doc in zip(missing, docs, strict=True)}
        found |= made
        with contextlib.suppress(OSError, sqlite3.Error):
            _keep(file, made)
    return found


def code_key() -> str:
    """Give a hash of the code that finds features."""
    digest = hashlib.sha256(content_hash().encode())
    digest.update(Path(finding.__file__).read_bytes())
    return digest.hexdigest()[:16]


def _kept(file: Path, texts: list[str]) -> dict[str, Found]:
    if not file.is_file():
        return {}
    found: dict[str, Found] = {}
    with contextlib.closing(sqlite3.connect(file, timeout=10)) as connection:
        for start in range(0, len(texts), _AT_ONCE):
            part = texts[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            query = f"SELECT text, script, features FROM features WHERE text IN ({marks})"  # noqa: S608
            for text, kind, written in connection.execute(query, part):
                found[text] = (json.loads(written), kind)
    return found


def _keep(file: Path, made: Mapping[str, Found]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        (text, kind, json.dumps(counted, ensure_ascii=False))
        for text, (counted, kind) in made.items()
    ]
    try:
        _insert(file, rows)
    except sqlite3.DatabaseError:
        file.unlink(missing_ok=True)
        _insert(file, rows)
    others = [each for each in file.parent.glob("features-*.sqlite") if each != file]
    for old in sorted(others, key=lambda each: each.stat().st_mtime)[: 1 - FILES_KEPT or None]:
        old.unlink(missing_ok=True)


def _insert(file: Path, rows: list[tuple[str, str, str]]) -> None:
    with contextlib.closing(sqlite3.connect(file, timeout=10)) as connection, connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS features "
            "(text TEXT PRIMARY KEY, script TEXT NOT NULL, features TEXT NOT NULL) WITHOUT ROWID"
        )
        connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", rows)
