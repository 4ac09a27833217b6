"""The one spaCy pipeline for all languages: words and entities of a message.

`tenin.bot.spacy_nlp` hands it to Rasa. The tokenizer cuts a text where its script
changes and where an entity begins or ends. Runs of Han are cut into words by jieba; in a
text with hiragana, runs of Han and kana together by SudachiPy; the rest by spaCy's
English tokenizer. No character is lost: `doc.text` is the text, but for half characters
(lone surrogates), which are replaced one by one. `token.norm_` is the word as the
classifier takes it: Traditional Chinese as Simplified, Japanese in Sudachi's normalised
form (とどか and 届き are both 届く).
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import jieba
import regex
import spacy
import sudachipy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import DummyTokenizer
from spacy.vocab import Vocab

from tenin.language import entities, scripts, signs
from tenin.language.entities import find_entities
from tenin.language.scripts import runs
from tenin.language.signs import simplified, well_formed

CACHE = Path("var/cache")

_SOURCES = (__file__, *entities.SOURCES, scripts.__file__, signs.__file__)
_PACKAGES = ("spacy", "jieba", "sudachipy", "sudachidict-core", "opencc", "regex")
# SudachiPy refuses texts of 48 KB and more.
_LONGEST_PIECE = 10_000
_JAPANESE = ("han", "kana")
_HIRAGANA = regex.compile(r"\p{Hiragana}")
# Has the entity rules and OpenCC made, a second's work that no customer is to wait for.
_FIRST_TEXT = "1字"

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
        self._japanese = sudachipy.Dictionary(dict="core").tokenizer(mode=sudachipy.SplitMode.A)

    def __call__(self, text: str) -> Doc:
        """Cut `text`; words and the spaces after them together are the text again.

        A lone surrogate becomes the replacement character, so that offsets stay.
        """
        words: list[str] = []
        spaces: list[bool] = []
        norms: list[str] = []
        for word, space, norm in self._words(well_formed(text)):
            if word == " " and words and not spaces[-1]:
                spaces[-1] = True
                if space:
                    words.append(" ")
                    spaces.append(False)
                    norms.append(" ")
            else:
                words.append(word)
                spaces.append(space)
                norms.append(norm)
        doc = Doc(self.vocab, words=words, spaces=spaces)
        for token, norm in zip(doc, norms, strict=True):
            token.norm_ = norm
        return doc

    def _words(self, text: str) -> Iterator[tuple[str, bool, str]]:
        for kind, piece in _pieces(text):
            if kind == "han":
                yield from self._chinese_words(piece)
            elif kind == "japanese":
                for start in range(0, len(piece), _LONGEST_PIECE):
                    for word in self._japanese.tokenize(piece[start : start + _LONGEST_PIECE]):
                        yield word.surface(), False, word.normalized_form()
            elif kind == "other":
                for token in self._spaced(piece):
                    yield token.text, bool(token.whitespace_), token.norm_
            else:
                yield piece, False, piece

    def _chinese_words(self, piece: str) -> Iterator[tuple[str, bool, str]]:
        simple = simplified(piece)
        start = 0
        for word in self._han.cut(simple):
            yield piece[start : start + len(word)], False, word
            start += len(word)


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """Cut `text` at changes of script and at entities; give kind and text of each piece.

    Kinds are those of `scripts`, and `japanese` for Han and kana of a text with hiragana.

    An entity's text is cut further by its script, but never together with what stands
    beside it, so that an entity always begins and ends with a word.
    """
    japanese = bool(_HIRAGANA.search(text))
    start = 0
    for entity in find_entities(text):
        yield from _script_pieces(text[start : entity.start], japanese)
        yield from _script_pieces(text[entity.start : entity.end], japanese)
        start = entity.end
    yield from _script_pieces(text[start:], japanese)


def _script_pieces(text: str, japanese: bool) -> Iterator[tuple[str, str]]:
    for kind, group in groupby(
        runs(text), lambda run: "japanese" if japanese and run.kind in _JAPANESE else run.kind
    ):
        pieces = [text[run.start : run.end] for run in group]
        if kind == "japanese":
            yield kind, "".join(pieces)
        else:
            yield from ((kind, piece) for piece in pieces)


@spacy.registry.tokenizers("tenin.script_tokenizer.v1")  # type: ignore[untyped-decorator]
def make_tokenizer(cache: str) -> Callable[[Language], ScriptTokenizer]:
    """Give what makes the tokenizer of a pipeline; `cache` is the folder for jieba."""
    make_spaced = spacy.registry.tokenizers.get("spacy.Tokenizer.v1")()
    return lambda nlp: ScriptTokenizer(nlp.vocab, make_spaced(nlp), Path(cache))


@Language.component("tenin_entities")  # type: ignore[untyped-decorator]
def set_entities(doc: Doc) -> Doc:
    """Set the entities that the rules find; the normalised value of each is its `kb_id_`."""
    spans = (
        doc.char_span(
            entity.start,
            entity.end,
            label=entity.label,
            kb_id=entity.value or "",
            alignment_mode="expand",
        )
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
    pipeline(_FIRST_TEXT)
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
