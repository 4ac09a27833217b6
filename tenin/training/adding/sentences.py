"""More of what is there: sentences of a need, wordings of a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenin.training.adding.parts import (
    check_answer,
    checked_answer,
    language_of,
    put_sentences,
    variation,
)
from tenin.training.adding.project import AddingError, Project
from tenin.training.corpus import HELD_OUT, TRAINED
from tenin.training.writing import Changes


def add_sentences(
    project: Project, need: str, examples: Mapping[str, Sequence[str]], held_out: Mapping[str, Any]
) -> Changes:
    """Make the changes for more examples and held-out sentences of a need, by language.

    Raises AddingError: an unknown need, a sentence of another one, nothing given.
    """
    full = project.need(need)
    if not any(examples.values()) and not any(held_out.values()):
        raise AddingError("no sentence was given. Write each between quotes, as customers say it")
    changes = Changes(project.root)
    for folder, given in ((TRAINED, examples), (HELD_OUT, held_out)):
        for code, sentences in given.items():
            put_sentences(changes, project, folder, full, project.language(code), sentences)
    return changes


def response_of(project: Project, name: str) -> str:
    """Give the name of a response: it may be given by its need. Raises AddingError."""
    for key in (name, f"utter_{name}", f"utter_faq/{name}"):
        if key in project.responses:
            return key
    raise AddingError(
        f"there is no response {name!r}. Name one of data/responses, or the need that it answers"
    )


def add_answer(
    project: Project,
    name: str,
    texts: Mapping[str, Sequence[str]],
    replace: int | None = None,
) -> Changes:
    """Make the changes for another wording of a response, or for other words of one it has.

    Args:
        project: what is there.
        name: of the response, or of its need.
        texts: what is said, by language; all ready ones unless words are replaced.
        replace: which wording of each language is replaced, counted from 1.

    Raises AddingError: unknown, incomplete, or with other placeholders than it may have.
    """
    response = response_of(project, name)
    file, entries = project.responses[response]
    lacking = [code for code in project.languages.ready if not texts.get(code)]
    if not any(texts.values()) or (lacking and replace is None):
        raise AddingError(
            f"{response} lacks words in {', '.join(lacking)}. Give them in every ready language, "
            f"or, to correct some alone, say which wording with --replace 1"
        )
    changes = Changes(project.root)
    document = changes.document(file)
    for code, given in texts.items():
        project.language(code)
        own = [at for at, each in enumerate(entries) if language_of(each) == code]
        for text in map(checked_answer, given):
            if any(entries[at]["text"] == text for at in own):
                continue
            if replace is None:
                like = entries[own[0]] if own else entries[0]
                # After the others of its language.
                document.add_item(
                    ["responses", response],
                    variation(code, text, like),
                    at=own[-1] + 1 if own else None,
                )
            elif not 1 <= replace <= len(own) or len(given) > 1:
                raise AddingError(
                    f"{response} has {len(own)} wordings in {code}. Say with --replace which one "
                    f"of them has other words, and give one text"
                )
            else:
                document.set_text(["responses", response, own[replace - 1], "text"], text)
    changes.put(file, document.text())
    check_answer(changes, project, response)
    return changes
