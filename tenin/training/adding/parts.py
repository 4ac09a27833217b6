"""The parts of an addition: sentences, wordings, titles, choices, entries of the domain.

Each is put where it belongs unless it is there already; what stands there otherwise than wished is
an AddingError, never overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import regex

from tenin.language.fill import PlaceholderError, placeholders
from tenin.language.policy import load_policy
from tenin.language.wording import Responses, WordingError, check, variations_of
from tenin.language.yamlfile import load_yaml
from tenin.training.adding.project import (
    DESK,
    DOMAIN,
    MENUS,
    POLICY,
    RESPONSES,
    AddingError,
    Project,
)
from tenin.training.corpus import HELD_OUT, TRAINED, Sentence, folded
from tenin.training.writing import Changes, block

# A person stands last in a menu.
LAST = ("human_agent",)
HELD_OUT_HEAD = (
    "# Held-out test sentences, written apart from the training data. Never copy them into "
    "data/nlu."
)
VERSION = "3.1"
# What a wording has beside its words and its language.
KEPT = ("channel", "buttons", "custom")
_NAME = regex.compile(r"[a-z][a-z0-9_]*")
_MARKED = regex.compile(r"\[[^\]]*\][({]")


def checked_name(name: str) -> str:
    """Give a need's name, without `faq/`. Raises AddingError unless it is made as names are."""
    bare = name.removeprefix("faq/")
    if not _NAME.fullmatch(bare):
        raise AddingError(
            f"{name!r} is no name of a need. Write small letters, digits and underscores, as in "
            f"gift_wrapping"
        )
    return bare


def put_sentences(
    changes: Changes,
    project: Project,
    folder: str,
    need: str,
    language: str,
    sentences: Sequence[str],
    about: str | None = None,
) -> list[str]:
    """Put examples (`folder` TRAINED) or held-out sentences into the need's file of a language.

    Args:
        changes: what is to be written.
        project: what is there.
        folder: TRAINED or HELD_OUT.
        need: in full.
        language: a code of languages.yml.
        sentences: as customers write them.
        about: what belongs to the need; the head of a new file of examples.

    Returns:
        Those that were there already.

    Raises:
        AddingError: for one that is another need's, or that trains and grades at once.
    """
    there = [
        each for each in sentences if _known(project, folder, need, language, checked_words(each))
    ]
    new = list(
        {folded(each): checked_words(each) for each in sentences if each not in there}.values()
    )
    if not new:
        return there
    own = project.trained if folder == TRAINED else project.held_out
    files = [each.file for each in own if each.need == need and each.language == language]
    if files:
        name = files[0].relative_to(project.root).as_posix()
    else:
        name = f"{folder}/{language}/{need.rpartition('/')[2]}.yml"
    if name in changes:
        document = changes.document(name)
        entries = (load_yaml(changes.read(name)) or {}).get("nlu") or []
        at = [
            place
            for place, entry in enumerate(entries)
            if isinstance(entry, dict) and entry.get("intent") == need and "examples" in entry
        ]
        if not at:
            raise AddingError(
                f"{name} has no examples of {need}. Put them into a file of their own"
            )
        document.add_examples(["nlu", at[0], "examples"], new)
        changes.put(name, document.text())
    else:
        head = HELD_OUT_HEAD if folder == HELD_OUT else f"# {about}" if about else None
        examples = "".join(f"- {each}\n" for each in new)
        body = {"version": VERSION}, {"nlu": [{"intent": need, "examples": examples}]}
        changes.put(name, _file(head, *body))
    return there


def checked_words(text: str) -> str:
    """Give a sentence without space around it. Raises AddingError for what is no sentence."""
    words = text.strip()
    if not words or len(words.splitlines()) != 1:
        raise AddingError(f"{text!r} is no sentence. Write one line of words")
    if _MARKED.search(words):
        raise AddingError(
            f"{words!r} marks an entity. Write it plain: Tenin finds entities by rule, and goods "
            f"in the catalogue"
        )
    return words


def _known(project: Project, folder: str, need: str, language: str, words: str) -> bool:
    """Whether the sentence is there. Raises AddingError if it is somewhere else."""
    same = folded(words)
    for each in project.by_words.get(same, ()):
        trained = each.file.is_relative_to(project.root / TRAINED)
        if trained != (folder == TRAINED):
            kind = "a training example" if trained else "a held-out sentence"
            raise AddingError(
                f"{words!r} is {kind} already ({_place(project, each)}). What trains may not "
                f"grade: write another sentence"
            )
        if each.need != need:
            raise AddingError(
                f"{words!r} means {each.need} already ({_place(project, each)}). Take it out there "
                f"first, or leave it"
            )
        return True
    return False


def _place(project: Project, sentence: Sentence) -> str:
    return f"{sentence.file.relative_to(project.root).as_posix()}:{sentence.line}"


def variation(language: str, text: str, like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give a wording as it stands in a response file, with the buttons and so on of another."""
    condition = {"type": "slot", "name": "language", "value": language}
    kept = {key: each for key, each in (like or {}).items() if key in KEPT}
    return {"text": text, "condition": [condition], **kept}


def language_of(entry: Mapping[str, Any]) -> str | None:
    """Give the language of a wording in a response file."""
    for condition in entry.get("condition") or []:
        if isinstance(condition, dict) and condition.get("name") == "language":
            return str(condition.get("value"))
    return None


def put_answer(
    changes: Changes,
    project: Project,
    response: str,
    file: str,
    texts: Mapping[str, Sequence[str]],
    like: Mapping[str, Any] | None = None,
) -> None:
    """Put a new response into its file, or what of it isn't there yet.

    Raises AddingError if it is there in other words: then `tenin add answer` is meant.
    """
    known = project.responses.get(response)
    if known is None:
        entries = [
            variation(language, checked_answer(text), like)
            for language, each in texts.items()
            for text in each
        ]
        if file in changes:
            document = changes.document(file)
            document.add_entry(["responses"], response, entries)
            changes.put(file, document.text())
        else:
            changes.put(file, _file(None, {"version": VERSION}, {"responses": {response: entries}}))
        return
    name, found = known
    here = {code: [each["text"] for each in found if language_of(each) == code] for code in texts}
    document = changes.document(name)
    for language, wanted in texts.items():
        if here[language] and any(text not in here[language] for text in wanted):
            raise AddingError(
                f"{name} answers {response} in {language} in other words. Change them by "
                f"`tenin add answer {response}`"
            )
        for text in wanted if not here[language] else ():
            document.add_item(["responses", response], variation(language, text, found[0]))
    changes.put(name, document.text())


def checked_answer(text: str) -> str:
    """Give an answer without space around it. Raises AddingError for an empty one."""
    if not text.strip():
        raise AddingError("an answer is empty. Write what is said to the customer")
    return text.strip()


def check_answer(changes: Changes, project: Project, response: str) -> None:
    """See that a response is whole: all ready languages, the same placeholders, each known.

    Known are the shop's terms and what the response had before. Raises AddingError.
    """
    names = [name for name in changes.names if name.startswith(RESPONSES)]
    for name in names:
        entries = (load_yaml(changes.read(name)).get("responses") or {}).get(response)
        if entries is None:
            continue
        path = project.root / name
        try:
            found = variations_of(path, response, entries)
            default = project.languages.default
            whole = Responses(default, {response: found}, {response: path})
            faults = check(whole, project.languages.ready)
            used = {each for said in found for each, _ in placeholders(said.text)}
        except (WordingError, PlaceholderError) as error:
            raise AddingError(str(error)) from error
        if faults:
            raise AddingError(" ".join(faults))
        known = set(load_policy(project.root / POLICY, project.languages.names).values(default, ""))
        _, before = project.responses.get(response, ("", []))
        known |= {each for entry in before for each, _ in placeholders(entry["text"])}
        if strange := sorted(used - known):
            raise AddingError(
                f"{response} fills in {{{strange[0]}}}, which is no term of {POLICY}. Correct it, "
                f"or put the term there"
            )


def put_title(changes: Changes, project: Project, need: str, titles: Mapping[str, str]) -> None:
    """Put what a need's button says in each language into menus.yml."""
    known: Mapping[str, str] = (project.menus.get("titles") or {}).get(need) or {}
    document = changes.document(MENUS)
    if not known:
        document.add_entry(["titles"], need, dict(titles))
    for language, title in titles.items() if known else ():
        if language not in known:
            document.add_entry(["titles", need], language, title)
        elif known[language] != title:
            raise AddingError(
                f"{MENUS} calls {need} {known[language]!r} in {language}. Change it there"
            )
    changes.put(MENUS, document.text())


def put_choice(changes: Changes, project: Project, menu: str, need: str) -> None:
    """Let a menu lead to a need, before the person at its end."""
    menus = project.menus.get("menus") or {}
    if menu not in menus:
        raise AddingError(f"{MENUS} has no menu {menu!r}. Take one of {', '.join(menus)}")
    choices = menus[menu]["choices"]
    if need in choices:
        return
    document = changes.document(MENUS)
    last = next((each for each in LAST if choices[-1] == each), None)
    document.add_item(["menus", menu, "choices"], need, before=last)
    changes.put(MENUS, document.text())


def put_skill(changes: Changes, project: Project, skill: str, need: str) -> None:
    """Let a need ask for a skill of the agents, in desk.yml."""
    found = load_yaml(changes.read(DESK)).get("skills") or {}
    if skill not in found:
        raise AddingError(f"{DESK} has no skill {skill!r}. Take one of {', '.join(found)}")
    others = [name for name, each in found.items() if need in each["categories"] and name != skill]
    if others:
        raise AddingError(
            f"{DESK} gives {need} to the skill {others[0]!r} already. Change it there"
        )
    if need not in found[skill]["categories"]:
        document = changes.document(DESK)
        document.add_item(["skills", skill, "categories"], need)
        changes.put(DESK, document.text())


def put_in_domain(changes: Changes, project: Project, part: str, name: str) -> None:
    """Put an intent or an action into domain.yml, by its letters among the others."""
    item: Any = {name: {"use_entities": []}} if part == "intents" else name
    listed = project.intents if part == "intents" else project.domain.get(part) or []
    if name in listed:
        return
    document = changes.document(DOMAIN)
    document.add_item(
        [part], item, before=min((each for each in listed if each > name), default=None)
    )
    changes.put(DOMAIN, document.text())


def put_file(changes: Changes, name: str, text: str) -> None:
    """Put a new file. Raises AddingError if there is another of that name."""
    if name in changes and changes.read(name) != text:
        raise AddingError(f"{name} is there already, and says something else. Change it by hand")
    changes.put(name, text)


def yaml_file(head: str | None, *parts: Any) -> str:
    """Give the text of a new file: its head, then its parts with an empty line between them."""
    return _file(head, *parts)


def _file(head: str | None, *parts: Any) -> str:
    lines = [head] if head else []
    for at, part in enumerate(parts):
        lines += ["", *block(part)] if at else block(part)
    return "\n".join(lines) + "\n"
