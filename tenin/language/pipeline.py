"""The one spaCy pipeline for all languages: words and entities of a message.

`tenin.bot.spacy_nlp` hands it to Rasa. The tokenizer cuts a text where its script
changes and where an entity begins or ends; Han runs are cut into words by jieba, the
rest by spaCy's English tokenizer. No character is lost: `doc.text` is the text.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jieba
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import DummyTokenizer
from spacy.vocab import Vocab

from tenin.language import entities, scripts
from tenin.language.entities import find_entities
from tenin.language.scripts import runs

CACHE = Path("var/cache")

_SOURCES = (__file__, entities.__file__, scripts.__file__)
_PACKAGES = ("spacy", "jieba", "regex")

jieba.setLogLevel(logging.WARNING)


class ScriptTokenizer(DummyTokenizer):  # type: ignore[misc]
    """Cuts a text into words, each run of it by the rules of its script."""

    def __init__(self, vocab: Vocab, spaced: Callable[[str], Doc], cache: Path) -> None:
        """Take the tokenizer of spaced scripts, and the folder for jieba's prepared dictionary."""
        self.vocab = vocab
        self._spaced = spaced
        self._han = jieba.Tokenizer()
        cache.mkdir(parents=True, exist_ok=True)
        self._han.tmp_dir = str(cache)
        self._han.initialize()

    def __call__(self, text: str) -> Doc:
        """Cut `text`; words and the spaces after them together are the text again."""
        words: list[str] = []
        spaces: list[bool] = []
        for word, space in self._words(text):
            if word == " " and words and not spaces[-1]:
                spaces[-1] = True
                if space:
                    words.append(" ")
                    spaces.append(False)
            else:
                words.append(word)
                spaces.append(space)
        return Doc(self.vocab, words=words, spaces=spaces)

    def _words(self, text: str) -> Iterator[tuple[str, bool]]:
        for kind, piece in _pieces(text):
            if kind == "han":
                yield from ((word, False) for word in self._han.cut(piece))
            elif kind == "other":
                yield from ((token.text, bool(token.whitespace_)) for token in self._spaced(piece))
            else:
                yield piece, False


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Cut `text` at changes of script and at entities; give kind and text of each piece.

    An entity's text is cut further by its script, but never together with what stands
    beside it, so that an entity always begins and ends with a word.
    """
    start = 0
    for entity in find_entities(text):
        yield from _script_pieces(text[start : entity.start])
        yield from _script_pieces(text[entity.start : entity.end])
        start = entity.end
    yield from _script_pieces(text[start:])


def _script_pieces(text: str) -> Iterator[tuple[str, str]]:
    return ((run.kind, text[run.start : run.end]) for run in runs(text))


@spacy.registry.tokenizers("tenin.script_tokenizer.v1")  # type: ignore[untyped-decorator]
def make_tokenizer(cache: str) -> Callable[[Language], ScriptTokenizer]:
    """Give what makes the tokenizer of a pipeline; `cache` is the folder for jieba."""
    make_spaced = spacy.registry.tokenizers.get("spacy.Tokenizer.v1")()
    return lambda nlp: ScriptTokenizer(nlp.vocab, make_spaced(nlp), Path(cache))


@Language.component("tenin_entities")  # type: ignore[untyped-decorator]
def set_entities(doc: Doc) -> Doc:
    """Set the entities that the rules find in the document's text."""
    spans = (
        doc.char_span(entity.start, entity.end, label=entity.label, alignment_mode="expand")
        for entity in find_entities(doc.text)
    )
    doc.set_ents([span for span in spans if span is not None])
    return doc


def build_pipeline(cache: Path = CACHE) -> Language:
    """Build the pipeline in memory; jieba keeps its prepared dictionary in `cache`.

    Raises OSError when the folder `cache` can't be made.
    """
    tokenizer: dict[str, Any] = {"@tokenizers": "tenin.script_tokenizer.v1", "cache": str(cache)}
    pipeline = spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}})
    pipeline.add_pipe("tenin_entities")
    return pipeline


def is_ours(pipeline: Language) -> bool:
    """Tell whether a pipeline is one that `build_pipeline` made."""
    return isinstance(pipeline.tokenizer, ScriptTokenizer)


def content_hash() -> str:
    """Give a hash of all that decides what the pipeline finds: sources and packages."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(Path(source).read_bytes())
    for package in _PACKAGES:
        digest.update(f"{package}=={version(package)}".encode())
    return digest.hexdigest()
