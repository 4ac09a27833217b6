"""Every reply once, in every ready language, with the same placeholders, each of them known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tenin.language.fill import PlaceholderError, placeholders
from tenin.language.policy import Policy, PolicyError, load_policy
from tenin.language.yamlfile import YAMLFileError
from tenin.training.check import kinds
from tenin.training.check.findings import Code
from tenin.training.check.project import Project, Wording, dict_of, list_of

# What `tenin.language.wording` fills in by itself.
BUILT_IN = {"menu_prompt"}


def check_replies(project: Project) -> None:
    """Add what is wrong with the wordings of data/responses."""
    terms = set(policy_terms(project))
    known = terms | BUILT_IN | project.code.words | set(project.slots)
    for reply, wordings in project.wordings.items():
        _once(project, reply, wordings)
        _languages(project, reply, wordings)
        _placeholders(project, wordings, known)
        _alike(project, reply, wordings)


def policy_terms(project: Project) -> Iterator[str]:
    """The names by which wording has the shop's terms, as `returns_days`."""
    for topic, terms in project.content(kinds.POLICY).items():
        for term in dict_of(terms):
            yield f"{topic}_{term}"


def load_terms(project: Project) -> Policy:
    """Read policy.yml as the running tiers do. Raises PolicyError or OSError."""
    try:
        return load_policy(project.root / kinds.POLICY.glob, project.known_languages)
    except YAMLFileError as error:
        raise PolicyError(str(error)) from error


def _once(project: Project, reply: str, wordings: Sequence[Wording]) -> None:
    first = wordings[0].source
    for source in dict.fromkeys(id(each.source) for each in wordings):
        other = next(each for each in wordings if id(each.source) == source)
        if other.source is not first:
            other.source.add(
                other.source.line("responses", reply),
                Code.REPLY_TWICE,
                reply,
                f"The reply {reply!r} is in {first.name} as well.",
                "Keep it in one file, all languages and channels side by side.",
            )


def _languages(project: Project, reply: str, wordings: Sequence[Wording]) -> None:
    source = wordings[0].source
    if source.broken or any(not wording.language for wording in wordings):
        return
    for wording in wordings:
        if wording.language not in project.known_languages:
            wording.source.add(
                wording.line,
                Code.TEXT_LANGUAGE,
                str(wording.language),
                f"The language {wording.language!r} isn't in languages.yml.",
                f"Correct the code; there are {', '.join(project.known_languages)}.",
            )
    for language in project.ready:
        if not any(
            wording.language == language and wording.entry.get("channel") is None
            for wording in wordings
        ):
            source.add(
                source.line("responses", reply),
                Code.REPLY_LANGUAGE,
                reply,
                f"The reply {reply!r} has no wording in {language!r}.",
                f"Add `- text:` with `condition: [{{type: slot, name: language, value: "
                f"{language}}}]`"
                + (
                    ", one without `channel`."
                    if any(wording.language == language for wording in wordings)
                    else "."
                ),
            )


def _placeholders(project: Project, wordings: Sequence[Wording], known: set[str]) -> None:
    broken = project.is_broken(kinds.POLICY, kinds.DOMAIN)
    for wording in wordings:
        try:
            named = placeholders(wording.text)
        except PlaceholderError as error:
            words, _, remedy = str(error).partition(". ")
            wording.source.add(
                wording.line,
                Code.PLACEHOLDER_BROKEN,
                wording.text[:60],
                f"{words.rstrip('.')}.",
                remedy or "Write {name} or {name:format}.",
            )
            continue
        for name, _ in named:
            if name not in known and not broken:
                wording.source.add(
                    wording.line,
                    Code.PLACEHOLDER_UNKNOWN,
                    f"{{{name}}}",
                    f"Nothing fills in {{{name}}}.",
                    "Correct the name: a term of policy.yml as {returns_days}, a slot, or a value "
                    "that the action gives.",
                )


def _alike(project: Project, reply: str, wordings: Sequence[Wording]) -> None:
    """The same placeholders, buttons and custom parts in all languages."""
    parts: dict[str, list[set[str]]] = {}
    first: dict[str, Wording] = {}
    for wording in wordings:
        language = wording.language
        if language not in project.ready or language is None:
            continue
        first.setdefault(language, wording)
        into = parts.setdefault(language, [set(), set(), set()])
        try:
            into[0] |= {
                f"{{{name}:{form}}}" if form else f"{{{name}}}"
                for name, form in placeholders(wording.text)
            }
        except PlaceholderError:
            return
        into[1] |= set(_buttons(wording.entry.get("buttons")))
        into[2] |= {
            f"{name}: {value}" for name, value in dict_of(wording.entry.get("custom")).items()
        }
    for at, (what, code) in enumerate(
        (
            ("placeholders", Code.PLACEHOLDERS_DIFFER),
            ("buttons", Code.PARTS_DIFFER),
            ("custom parts", Code.PARTS_DIFFER),
        )
    ):
        if len({frozenset(part[at]) for part in parts.values()}) < 2:
            continue
        sides = "; ".join(
            f"{language}: {', '.join(sorted(part[at])) or 'none'}"
            for language, part in parts.items()
        )
        usual = max(
            (frozenset(part[at]) for part in parts.values()),
            key=lambda each: sum(frozenset(part[at]) == each for part in parts.values()),
        )
        odd = next(language for language, part in parts.items() if part[at] != usual)
        first[odd].source.add(
            first[odd].line,
            code,
            reply,
            f"The reply {reply!r} has other {what} in one language than in another ({sides}).",
            "Make them the same in all languages.",
        )


def _buttons(buttons: Any) -> Iterator[str]:
    for button in map(dict_of, list_of(buttons)):
        yield f"{button.get('payload', '')} {button.get('when', '')}".strip()
