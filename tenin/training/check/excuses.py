"""checks.yml: findings that are meant to be, each with its reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tenin.training.check import kinds
from tenin.training.check.findings import Code, Finding
from tenin.training.check.project import Project, dict_of, list_of


def without_excused(project: Project, findings: Iterable[Finding]) -> list[Finding]:
    """Give the findings that nothing excuses, and a finding for each excuse of nothing."""
    source = project.one(kinds.CHECKS)
    excuses = [dict_of(entry) for entry in list_of(project.content(kinds.CHECKS).get("excused"))]
    used = set[int]()
    left = []
    for finding in findings:
        excused = [at for at, excuse in enumerate(excuses) if _excuses(excuse, finding)]
        used.update(excused)
        if not excused:
            left.append(finding)
    for at, excuse in enumerate(excuses):
        if at not in used and source is not None and not source.malformed:
            words = str(excuse.get("words"))
            left.append(
                Finding(
                    source.name,
                    source.line("excused", at),
                    Code.UNUSED_EXCUSE.value,
                    words,
                    f"Nothing is found any more that this excuses: {excuse.get('code')} {words!r}.",
                    "Delete the entry.",
                )
            )
    return left


def _excuses(excuse: dict[str, Any] | Any, finding: Finding) -> bool:
    return (
        excuse.get("code") == finding.code
        and excuse.get("words") == finding.words
        and bool(str(excuse.get("reason") or "").strip())
        and excuse.get("file") in (None, finding.file)
    )
