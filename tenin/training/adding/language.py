"""A language that Tenin doesn't know yet: what it lacks, and a sheet that a translator fills in.

Whatever is said in every ready language is found in the files by itself: each mapping by language
codes, each wording of a response, each string of the pages, and the sentences of each need. Such a
thing is an `Item`, by a name like `menus.yml > titles > greet`. A language is called ready in
languages.yml when none is left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex
from babel import Locale, UnknownLocaleError

from tenin.language.menus import check_menus, load_menus
from tenin.language.yamlfile import read_yaml
from tenin.training.adding.parts import language_of, put_sentences, variation
from tenin.training.adding.project import LANGUAGES, AddingError, Project
from tenin.training.corpus import HELD_OUT, TRAINED
from tenin.training.writing import Changes, Document, block

FEWEST_HELD_OUT = 8
LOCALE = "tenin/pages/static/locale"
JOIN = " > "
FILES = (
    "menus.yml",
    "policy.yml",
    "desk.yml",
    "invitations.yml",
    "blueprints",
    "tenin/journey/labels.yml",
    "tenin/shop/documents/words.yml",
    "tenin/shop/sample",
)
# As many examples of the default language as a translator needs to see what is meant.
SHOWN = 10
_CODE = regex.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?")
_WORD = regex.compile(r"\p{Latin}+(?:['’]\p{Latin}+)*")
_PLACEHOLDER = regex.compile(r"\{\w+\}")

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Item:
    """One thing to be said in a language: what kind, in which file, where, and the default's."""

    kind: str  # text, wording, button, page, examples, held_out
    file: str
    place: Place
    said: Any

    @property
    def name(self) -> str:
        """How it is called in sheets and lists."""
        return JOIN.join(map(str, (self.file, *self.place)))


def new_language(
    project: Project,
    code: str,
    name: str,
    asked_as: Sequence[str],
    like: str | None,
    script: str | None,
) -> Changes:
    """Make the change that names a language in languages.yml, not ready yet.

    Raises AddingError: a code or a script that is none.
    """
    if not _CODE.fullmatch(code):
        raise AddingError(f"{code!r} is no code of a language. Write it as fr, pt-BR or sr-Latn")
    if like is None and not _has_formats(code):
        raise AddingError(
            f"nobody knows how {code} writes dates and numbers. Say whose it takes, as in --like en"
        )
    if like is not None and not _has_formats(like):
        raise AddingError(f"--like {like!r} has no dates and numbers of its own. Name another")
    if script is not None:
        try:
            regex.compile(rf"\p{{{script}}}")
        except regex.error as error:
            raise AddingError(
                f"--script {script!r} is no script of Unicode. Write it as Hangul, Thai or Cyrillic"
            ) from error
    changes = Changes(project.root)
    if code in project.languages.names:
        return changes
    entry: dict[str, Any] = {"name": name, "ready": False, "asked_as": [code, name, *asked_as]}
    entry |= {"like": like} if like else {}
    entry |= {"script": script} if script else {}
    document = changes.document(LANGUAGES)
    document.add_entry(["languages"], code, entry)
    changes.put(LANGUAGES, document.text())
    return changes


def _has_formats(code: str) -> bool:
    try:
        Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError):
        return False
    return True


def lacking(project: Project, code: str, needs: Sequence[str] = ()) -> list[Item]:
    """Give all that isn't said in a language yet; of some needs alone, where they are named."""
    found = [*_sentences(project, code, needs), *_wordings(project, code, needs)]
    found += _texts(project, code, needs)
    return found if needs else [*found, *_pages(project, code)]


def _sentences(project: Project, code: str, needs: Sequence[str]) -> Iterator[Item]:
    default = project.languages.default
    for folder, kind, fewest in ((TRAINED, "examples", 1), (HELD_OUT, "held_out", FEWEST_HELD_OUT)):
        said: dict[str, list[str]] = {}
        own: dict[str, int] = {}
        for each in project.trained if folder == TRAINED else project.held_out:
            if each.language == default:
                said.setdefault(each.need, []).append(each.text)
            own[each.need] = own.get(each.need, 0) + (each.language == code)
        for need in sorted(said):
            if own[need] < fewest and (not needs or need in needs):
                yield Item(kind, kind, (need,), said[need][:SHOWN])


def _wordings(project: Project, code: str, needs: Sequence[str]) -> Iterator[Item]:
    default = project.languages.default
    for response, (_, entries) in sorted(project.responses.items()):
        if needs and not any(response.startswith(f"utter_{need}") for need in needs):
            continue
        if any(language_of(each) == code for each in entries):
            continue
        own = [each for each in entries if language_of(each) == default]
        for at, entry in enumerate(own):
            yield Item("wording", response, (at + 1,), entry["text"])
            for button in entry.get("buttons") or []:
                place = (at + 1, str(button["payload"]))
                yield Item("button", response, place, button["title"])


def _texts(project: Project, code: str, needs: Sequence[str]) -> Iterator[Item]:
    ready, names = set(project.languages.ready), set(project.languages.names)
    for file in _files(project.root):
        if needs and file != "menus.yml":
            continue
        for place, texts in _by_language(read_yaml(project.root / file), (), ready, names):
            if needs and (len(place) < 2 or place[1] not in needs):
                continue
            if code not in texts:
                yield Item("text", file, place, texts[project.languages.default])


def _files(root: Path) -> Iterator[str]:
    for name in FILES:
        path = root / name
        for file in sorted(path.rglob("*.yml")) if path.is_dir() else [path]:
            if file.is_file():
                yield file.relative_to(root).as_posix()


def _by_language(
    value: Any, place: Place, ready: set[str], names: set[str]
) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """Find what is said once for each language, however deep."""
    if isinstance(value, dict):
        if ready <= value.keys() <= names:
            yield place, value
            return
        for key, each in value.items():
            yield from _by_language(each, (*place, key), ready, names)
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from _by_language(each, (*place, at), ready, names)


def _pages(project: Project, code: str) -> Iterator[Item]:
    folder = project.root / LOCALE
    for file in sorted((folder / project.languages.default).glob("*.json")):
        own = folder / code / file.name
        there = _leaves(json.loads(own.read_text(encoding="utf-8"))) if own.is_file() else {}
        for place, said in _leaves(json.loads(file.read_text(encoding="utf-8"))).items():
            if place not in there:
                yield Item("page", file.name, place, said)


def _leaves(words: Any, place: Place = ()) -> dict[Place, str]:
    if isinstance(words, str):
        return {place: words}
    found: dict[Place, str] = {}
    for key, each in words.items():
        found |= _leaves(each, (*place, key))
    return found


def sheet_of(project: Project, code: str, items: Sequence[Item]) -> str:
    """Give the sheet for a translator: what the default language says, and room beside it."""
    default = project.languages.default
    lines = [
        f"# Write under {code} what {default} says; `tenin add language {code} --from` takes it."
    ]
    lines += block({"language": code})
    lines += ["", "say:"]
    for item in items:
        entry = {"what": item.name, default: item.said}
        entry[code] = _nothing_like(item.said)
        lines += block([entry], 2)
    return "\n".join(lines) + "\n"


def _nothing_like(said: Any) -> Any:
    return "" if isinstance(said, str) else [] if isinstance(said, list) else {}


def read_words(path: Path, code: str) -> dict[str, Any]:
    """Read a sheet that a translator filled in: what is said, by the item's name.

    Raises AddingError: not such a sheet; YAMLFileError, OSError.
    """
    found = read_yaml(path)
    said = found.get("say") if isinstance(found, dict) and found.get("language") == code else None
    if not isinstance(said, list) or not all(isinstance(e, dict) and "what" in e for e in said):
        raise AddingError(
            f"{path} is no sheet of {code}. Have one written by `tenin add language {code} --sheet "
            f"FILE`, and fill it in"
        )
    return {str(each["what"]): each[code] for each in said if each.get(code)}


def put_words(project: Project, code: str, words: Mapping[str, Any]) -> Changes:
    """Make the changes for what a sheet says in a language.

    Raises AddingError: of another kind than the default's, or with other placeholders.
    """
    changes = Changes(project.root)
    items = {item.name: item for item in lacking(project, code)}
    texts: dict[str, list[tuple[Place, Any]]] = {}
    pages: dict[str, dict[Place, str]] = {}
    wordings: dict[str, dict[Place, str]] = {}
    for name, value in words.items():
        item = items.get(name)
        if item is None:
            continue  # there already, or gone since the sheet was written
        _check_like(item, value, code)
        if item.kind in ("examples", "held_out"):
            folder = TRAINED if item.kind == "examples" else HELD_OUT
            put_sentences(changes, project, folder, str(item.place[0]), code, value)
        elif item.kind == "text":
            texts.setdefault(item.file, []).append((item.place, value))
        elif item.kind == "page":
            pages.setdefault(item.file, {})[item.place] = value
        else:
            wordings.setdefault(item.file, {})[item.place] = value
    for file, given in texts.items():
        document = changes.document(file)
        for place, value in given:
            document.add_entry(place, code, value)
        changes.put(file, document.text())
    _put_wordings(changes, project, code, wordings)
    for part, leaves in pages.items():
        _put_page(changes, f"{LOCALE}/{code}/{part}", project, leaves)
    return changes


def _check_like(item: Item, value: Any, code: str) -> None:
    if type(value) is not type(item.said) or (
        isinstance(value, dict) and value.keys() != item.said.keys()
    ):
        kind = "a text" if isinstance(item.said, str) else "written like that"
        raise AddingError(
            f"{item.name} must be {kind} in {code}, as in the default language. Correct the sheet"
        )
    if isinstance(value, str) and item.kind == "page" and str(item.place[-1]) != "one":
        wanted = set(_PLACEHOLDER.findall(item.said))
        if set(_PLACEHOLDER.findall(value)) != wanted:
            raise AddingError(
                f"{item.name} must have {', '.join(sorted(wanted)) or 'no placeholder'} in {code}, "
                f"as in the default language. Correct the sheet"
            )


def _put_wordings(
    changes: Changes, project: Project, code: str, wordings: Mapping[str, Mapping[Place, str]]
) -> None:
    documents: dict[str, Document] = {}
    for response, given in wordings.items():
        file, entries = project.responses[response]
        if file not in documents:
            documents[file] = changes.document(file)
        own = [each for each in entries if language_of(each) == project.languages.default]
        for at, entry in enumerate(own):
            text = given.get((at + 1,))
            if not text:
                continue
            said = variation(code, text, entry)
            buttons = [
                {**each, "title": given.get((at + 1, str(each["payload"])))}
                for each in entry.get("buttons") or []
            ]
            if bare := [each["payload"] for each in buttons if not each["title"]]:
                raise AddingError(
                    f"{response}{JOIN}{at + 1}{JOIN}{bare[0]} is missing: a wording comes with its "
                    f"buttons. Fill it in"
                )
            if buttons:
                said["buttons"] = buttons
            documents[file].add_item(["responses", response], said)
    for file, document in documents.items():
        changes.put(file, document.text())


def _put_page(changes: Changes, name: str, project: Project, leaves: Mapping[Place, str]) -> None:
    """Write a part of the pages' wording, its keys in the order of the default's."""
    there = _leaves(json.loads(changes.read(name))) if name in changes else {}
    default = project.root / LOCALE / project.languages.default / Path(name).name
    words: dict[str, Any] = {}
    for place in _leaves(json.loads(default.read_text(encoding="utf-8"))):
        said = leaves.get(place) or there.get(place)
        if said is None:
            continue
        below = words
        for key in place[:-1]:
            below = below.setdefault(str(key), {})
        below[str(place[-1])] = said
    changes.put(name, json.dumps(words, ensure_ascii=False, indent=2) + "\n")


def make_ready(project: Project, code: str) -> Changes:
    """Make the change that calls a language ready; its words are told by its own sentences.

    Raises AddingError: something is left, or says what it can't.
    """
    left = lacking(project, code)
    if left:
        raise AddingError(
            f"{code} isn't ready: {len(left)} things are left, the first {left[0].name!r}. List "
            f"them by `tenin add language {code} --missing`"
        )
    faults = check_menus(load_menus(project.root / "menus.yml"), [*project.languages.ready, code])
    faults += _faults_of_wording(project, code)
    if faults:
        raise AddingError(" ".join(faults[:3]))
    changes = Changes(project.root)
    if code in project.languages.ready:
        return changes
    document = changes.document(LANGUAGES)
    document.set_flag(["languages", code, "ready"], True)
    if words := own_words(project, code):
        document.add_entry(["languages", code], "words", " ".join(words))
    changes.put(LANGUAGES, document.text())
    name = f"{LOCALE}/index.json"
    index = json.loads(changes.read(name))
    listed = json.dumps([*index["languages"], code], ensure_ascii=False)
    default = json.dumps(index["default"])
    changes.put(name, f'{{\n  "default": {default},\n  "languages": {listed}\n}}\n')
    return changes


def _faults_of_wording(project: Project, code: str) -> list[str]:
    from tenin.language.policy import load_policy
    from tenin.language.wording import check, load_responses

    root, languages = project.root, project.languages
    policy = load_policy(root / "policy.yml", languages.names)
    responses = load_responses(root / "data/responses", languages.default, policy)
    return check(responses, [*languages.ready, code], load_menus(root / "menus.yml"))


def own_words(project: Project, code: str) -> list[str]:
    """Give the words in Latin letters by which a language's messages are known.

    Those of its own sentences that no other language's have.
    """
    own: set[str] = set()
    others: set[str] = set()
    for each in (*project.trained, *project.held_out):
        words = {word.lower().replace("’", "'") for word in _WORD.findall(each.text)}
        (own if each.language == code else others).update(words)
    return sorted(word.replace("'", "") for word in own - others if len(word) > 1)
