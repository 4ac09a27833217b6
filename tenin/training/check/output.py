"""Findings as people, programs and CI read them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from tenin.training.check.findings import Finding

GOOD = "Nothing found."


def for_people(findings: Sequence[Finding]) -> Iterator[str]:
    """Give lines: the findings below the file they are in, and how many of each kind."""
    if not findings:
        yield GOOD
        return
    for file, group in groupby(findings, key=lambda finding: finding.file):
        yield file
        for finding in group:
            yield f"  {finding.line:>5}  {finding.code}  {finding.message}"
            yield f"               {finding.remedy}"
        yield ""
    codes = Counter(finding.code for finding in findings)
    counted = ", ".join(f"{code} {count}" for code, count in sorted(codes.items()))
    files = len({finding.file for finding in findings})
    yield (
        f"{_number(len(findings), 'finding')} in {_number(files, 'file')} ({counted}). "
        "docs/checks.md explains the codes."
    )


def as_json(findings: Sequence[Finding]) -> str:
    """Give all of it as one JSON object."""
    content = {"count": len(findings), "findings": [each.as_dict() for each in findings]}
    return json.dumps(content, ensure_ascii=False, indent=2)


def for_ci(findings: Sequence[Finding]) -> Iterator[str]:
    """Give a line for each, as GitHub and those who follow it show beside the changed line."""
    for each in findings:
        place = f"file={_escaped(each.file, ':,')},line={each.line},title={each.code}"
        yield f"::error {place}::{_escaped(f'{each.message} {each.remedy}')}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _escaped(text: str, more: str = "") -> str:
    for sign in "%\r\n" + more:
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text
