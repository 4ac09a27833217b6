"""`tenin add language`: named, written as a sheet, taken from it, listed, called ready."""

from __future__ import annotations

import argparse
from collections import Counter

from tenin.training.adding import asking, language
from tenin.training.adding.project import AddingError, Project
from tenin.training.writing import Changes

LISTED = 40


def run(project: Project, given: argparse.Namespace) -> Changes | None:
    """Do what the options say; give what is to be written into the project, None for nothing."""
    if not given.code and not asking.at_terminal():
        raise AddingError("no language was named. Give its code, as in `tenin add language fr`")
    code = given.code or asking.ask_text("Which language? Its code, as in fr:")
    if code not in project.languages.names:
        return _new(project, given, code)
    needs = [project.need(each.strip()) for each in (given.needs or "").split(",") if each.strip()]
    if given.ready:
        return language.make_ready(project, code)
    if given.file:
        words = language.read_words(given.file, code)
        return language.put_words(project, code, words)
    items = language.lacking(project, code, needs)
    if given.sheet:
        given.sheet.parent.mkdir(parents=True, exist_ok=True)
        given.sheet.write_text(language.sheet_of(project, code, items), encoding="utf-8")
        print(f"{given.sheet}: {len(items)} things to say in {code}")
    else:
        _tell(code, items, len(language.lacking(project, code)) if needs else 0)
    return None


def _new(project: Project, given: argparse.Namespace, code: str) -> Changes:
    if given.ready or given.file or given.sheet or given.missing:
        raise AddingError(
            f"languages.yml has no language {code!r} yet. Begin with `tenin add language {code} "
            f"--name …`"
        )
    if not given.name and not asking.at_terminal():
        raise AddingError("--name is missing. Give the language as its speakers call it")
    name = given.name or asking.ask_text("How do its speakers call it?")
    asked = [each.strip() for each in given.asked_as.split(",") if each.strip()]
    return language.new_language(project, code, name, asked, given.like, given.script)


def _tell(code: str, items: list[language.Item], elsewhere: int) -> None:
    if not items and elsewhere:
        print(
            f"Nothing is left of these needs, {elsewhere} things are of all others. Try what is "
            f'there by `tenin try --language {code} "…"`.'
        )
        return
    if not items:
        print(f"Nothing is left: call it ready by `tenin add language {code} --ready`.")
        return
    for item in items[:LISTED]:
        print(item.name)
    if len(items) > LISTED:
        print("…")
    counted = Counter(item.kind for item in items)
    print(f"{len(items)} left: {', '.join(f'{kind} {n}' for kind, n in counted.items())}")
