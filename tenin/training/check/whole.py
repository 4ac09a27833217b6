"""The whole check: every subject on one reading of the project, and the blueprints."""

from __future__ import annotations

from pathlib import Path

from tenin.journey.check import check as check_blueprints
from tenin.language.yamlfile import YAMLFileError
from tenin.training.check import kinds
from tenin.training.check.excuses import without_excused
from tenin.training.check.files import check_files
from tenin.training.check.findings import Code, Finding
from tenin.training.check.loading import check_loading
from tenin.training.check.needs import check_needs
from tenin.training.check.pointers import check_pointers
from tenin.training.check.project import Project, read_project
from tenin.training.check.replies import check_replies
from tenin.training.check.scripts import check_scripts
from tenin.training.check.secrets import check_secrets
from tenin.training.check.sentences import check_sentences
from tenin.training.check.texts import check_texts
from tenin.training.check.unused import check_unused

# What the blueprints' check reads: where these aren't as they should be it can't.
READ_BY_BLUEPRINTS = (
    *(kinds.DOMAIN, kinds.LANGUAGES, kinds.RESPONSES, kinds.RULES, kinds.STORIES),
    kinds.DIALOGUES,
)


def check(root: Path) -> list[Finding]:
    """Return all that is wrong with the files of the project, in the order of files and lines.

    What checks.yml excuses is left out. Never raises for what a file holds.
    """
    project = read_project(root)
    for look in (
        *(check_files, check_needs, check_sentences, check_replies, check_texts),
        *(check_pointers, check_unused, check_scripts, check_loading),
    ):
        look(project)
    found = [*project.findings, *check_secrets(root), *_blueprints(project)]
    for source in project.sources.values():
        found += source.findings
    return sorted(set(without_excused(project, sorted(set(found)))))


def _blueprints(project: Project) -> list[Finding]:
    """What `tenin blueprint check` finds without traces, by its own codes."""
    sources = project.of(*READ_BY_BLUEPRINTS)
    if project.is_broken(*READ_BY_BLUEPRINTS) or any(source.malformed for source in sources):
        return []
    try:
        found = check_blueprints(project.root, with_traces=False)
    except (YAMLFileError, OSError, SyntaxError) as error:
        message = f"The blueprints can't be compared with the bot ({error})."
        remedy = "Mend that first."
        return [Finding("blueprints", 1, Code.NOT_LOADED.value, "blueprints", message, remedy)]
    unread = {source.name for source in project.of(*kinds.OF_BLUEPRINTS) if source.broken}
    return [
        Finding(
            each.file, each.line, each.code.value, _words(each.message), each.message, each.remedy
        )
        for each in found
        if each.file not in unread
    ]


def _words(message: str) -> str:
    """What a blueprint's finding names, for an excuse."""
    parts = message.split("'")
    return parts[1] if len(parts) > 2 else message
