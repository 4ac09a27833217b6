"""What an agent may look up and insert: the shop's answers and terms, searched in any language.

The texts are the bot's own wording, with the shop's terms filled in. A text is found by its words
and by pieces of them, folded (`tenin.language.folding`), which carries Chinese and Japanese; and
by its title in every language, so that an agent finds what is said in a language they don't read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tenin.conversation.voice import Voice
from tenin.conversation.wish import TALK
from tenin.language.fill import PlaceholderError, fill, placeholders
from tenin.language.folding import BREAK, fold
from tenin.language.wording import Responses

ANSWER, FACT, CANNED = "answer", "fact", "canned"
LEAST_LIKE = 0.03
# A term is short, so that one word of it makes it likely: of two, the whole answer goes first.
FACT_WEIGHT = 0.75
MOST_KNOWN = 16  # voices and languages
# Questions of the bot's forms, and what it says of itself, are nobody else's to say.
ASKING = re.compile(r"utter_(?:ask_|restock_ask)")
_SENTENCE = re.compile(r"(?<=[。！？!?])\s*|(?<=\.)\s+")


@dataclass(frozen=True)
class Entry:
    """A text to insert; `words` are what it is found by beside its own."""

    kind: str
    id: str
    title: str
    text: str
    words: str = ""


class Knowledge:
    """The entries of one language, and what they are found by."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        """Read every entry."""
        # Brings SciPy along, a second's work that only an agent's first search waits for.
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.entries = tuple(entries)
        self._vectorizer = TfidfVectorizer(analyzer=_features, sublinear_tf=True)
        self._matrix = self._vectorizer.fit_transform([_found_by(entry) for entry in entries])

    def search(self, query: str, limit: int, more: Sequence[Entry] = ()) -> list[Entry]:
        """The entries, and those of `more`, that are likest to `query`, the likest first."""
        wanted = self._vectorizer.transform([query])
        likeness = list((self._matrix @ wanted.T).toarray()[:, 0])
        if more:
            others = self._vectorizer.transform([_found_by(entry) for entry in more])
            likeness += list((others @ wanted.T).toarray()[:, 0])
        both = [*self.entries, *more]
        likeness = [
            score * FACT_WEIGHT if entry.kind == FACT else score
            for score, entry in zip(likeness, both, strict=True)
        ]
        found: dict[str, Entry] = {}  # by text: two terms may be said in one sentence
        for at in sorted(range(len(both)), key=lambda at: -likeness[at]):
            if likeness[at] < LEAST_LIKE or len(found) == limit:
                break
            found.setdefault(both[at].text, both[at])
        return list(found.values())


# By the voice itself too, so that no other one gets its id meanwhile.
_known: dict[tuple[int, str], tuple[Voice, Knowledge]] = {}


def knowledge_of(voice: Voice, language: str) -> Knowledge:
    """The knowledge of a language, made once for a voice (`tenin.desk.hours.voice_now`)."""
    key = (id(voice), language)
    if key not in _known:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = (voice, Knowledge([*answers(voice, language), *facts(voice, language)]))
    return _known[key][1]


def answer_of(voice: Voice, need: str, language: str) -> Entry | None:
    """The answer to a need in a language, as the bot would say it; None if it needs an action."""
    key = f"utter_{need}"
    said = _sayable(voice.responses, key, language)
    if not said or need in TALK or need not in voice.menus.titles:
        return None
    return Entry(ANSWER, key, voice.menus.titles[need].get(language, need), said[0])


def answers(voice: Voice, language: str) -> Iterator[Entry]:
    """Every wording that says what the shop does, complete with its terms; titles of all needs."""
    responses, titles = voice.responses, voice.menus.titles
    for key in sorted(responses.variations):
        need = _need_of(voice, key)
        said = _sayable(responses, key, language)
        if need is None or not said or ASKING.match(key):
            continue
        words = " ".join([*titles[need].values(), *said[1:]])
        yield Entry(ANSWER, key, titles[need].get(language, need), said[0], words)


def facts(voice: Voice, language: str) -> Iterator[Entry]:
    """The shop's terms, each as the shortest sentence that says it, else as its name and value."""
    responses, policy = voice.responses, voice.responses.policy
    if policy is None:
        return
    values = policy.values(language, responses.default)
    sentences = _sentences_by_term(responses, language, values)
    for name, value in values.items():
        title = name.replace("_", " ")
        said = sentences.get(name)
        yield Entry(FACT, name, title, said if said else f"{title}: {_plain(value)}")


def _need_of(voice: Voice, key: str) -> str | None:
    """The need that a wording is filed under, if it is one with a title and no talk."""
    own, stem = key.removeprefix("utter_"), voice.responses.files[key].stem
    for need in (own, stem, f"faq/{stem}"):
        if need in voice.menus.titles and need not in TALK:
            return need
    return None


def _sayable(responses: Responses, key: str, language: str) -> list[str]:
    """The wordings of a response that need nothing but the shop's terms, filled in."""
    values = _terms(responses, language)
    found = []
    for variation in responses.variations.get(key, ()):
        if variation.language != language or variation.channel is not None:
            continue
        try:
            found.append(fill(variation.text, values, language))
        except PlaceholderError:
            return []
    return found


def _terms(responses: Responses, language: str) -> dict[str, Any]:
    return responses.policy.values(language, responses.default) if responses.policy else {}


def _sentences_by_term(
    responses: Responses, language: str, values: dict[str, Any]
) -> dict[str, str]:
    """The shortest sentence that says each term, of an answer to a question if there is one."""
    found: dict[str, list[tuple[bool, int, str]]] = {}
    for key, variations in responses.variations.items():
        for variation in variations:
            if variation.language != language or "{" not in variation.text:
                continue
            for sentence in _SENTENCE.split(variation.text):
                try:
                    names = {name for name, _ in placeholders(sentence)}
                    said = fill(sentence, values, language) if names else ""
                except PlaceholderError:
                    continue
                for name in names & set(values):
                    rank = (not key.startswith("utter_faq/"), len(said), said)
                    found.setdefault(name, []).append(rank)
    return {name: min(said)[-1] for name, said in found.items()}


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _found_by(entry: Entry) -> str:
    # A title says more than what stands below it.
    return "\n".join([entry.title, entry.title, entry.words, entry.text, entry.id])


@lru_cache(maxsize=4_096)
def _features(text: str) -> tuple[str, ...]:
    return tuple(_pieces(_stretches(text)))


def _stretches(text: str) -> Iterator[tuple[str, str]]:
    """The stretches of a folded text without a gap or a change of script, each with its kind."""
    folded = fold(text.replace("_", " ").replace("/", " "))
    stretch, kind = "", ""
    for letter, of, gap in zip(folded.letters, folded.kinds, folded.gaps, strict=True):
        of = "a" if of in "a0." else "w"
        if stretch and (of != kind or gap == " " or letter == BREAK):
            yield stretch, kind
            stretch = ""
        if letter != BREAK:
            stretch, kind = stretch + letter, of
    if stretch:
        yield stretch, kind


def _pieces(stretches: Iterable[tuple[str, str]]) -> Iterator[str]:
    for stretch, kind in stretches:
        if kind == "a":
            yield stretch
            whole = f" {stretch} "
            yield from (whole[at : at + 4] for at in range(len(whole) - 3))
        else:
            yield from stretch if len(stretch) == 1 else ()
            for length in (2, 3):
                yield from (stretch[at : at + length] for at in range(len(stretch) - length + 1))
