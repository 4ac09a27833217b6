"""What the bot understands, learnt from the project's files as they are now, without Rasa.

The same code as in training (`tenin.language`) gives the same model as `rasa train` would. What
was learnt is kept below var/cache/understanding, named after what it was learnt from; when few
sentences changed since, only the weights are fitted anew, in a third of the time, and learner,
temperature and thresholds stay those of the last full learning.

`tenin try`, `tenin evaluate` and the search for missed needs ask here.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from spacy.language import Language

from tenin.language import classification, learning, model_file
from tenin.language.classification import Judgement, NeedModel
from tenin.language.entities import Entity, find_entities
from tenin.language.features import features, script
from tenin.language.learning import (
    Example,
    Settings,
    TrainingError,
    calibration_of,
    in_order,
    names_of,
    train,
)
from tenin.language.model_file import ModelFileError, read_model, write_model
from tenin.language.pipeline import build_pipeline
from tenin.language.reading import Reading, Rules, read
from tenin.language.yamlfile import read_yaml
from tenin.training.corpus import TRAINED, Sentence, read_sentences
from tenin.training.faults import UnderstandingError as UnderstandingError
from tenin.training.feature_cache import code_key, features_of

CONFIG = "config.yml"
CLASSIFIER = "tenin.bot.classifier.NeedClassifier"
PIPELINE = "tenin.bot.spacy_nlp.SpacyNLP"
CACHE = "var/cache/understanding"
MODELS_KEPT = 6
# As many sentences may change before all is learnt anew: the larger of these.
FEW, FEW_SHARE = 25, 0.02

_LEARNT = "learnt.json"
_SOURCES = (classification, learning, model_file)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Near:
    """A training example that is like a message; `likeness` is at most 1."""

    sentence: Sentence
    likeness: float


@dataclass(frozen=True)
class Learnt:
    """How an understanding came to be.

    `way` is `kept` (found in the cache), `weights` (the weights alone, since `changed` sentences
    differ from those of the last full learning) or `whole`.
    """

    way: str
    changed: int
    seconds: float

    def __str__(self) -> str:
        """Give it in words for people."""
        if self.way == "weights":
            return (
                f"fitted anew in {self.seconds:.0f} s; {self.changed} sentences changed since the "
                "last full learning, whose learner, temperature and thresholds stand"
            )
        since = f", {self.changed} sentences after the last full one" if self.changed else ""
        how = "learnt before" if self.way == "kept" else "learnt anew"
        return f"{how}{since} ({self.seconds:.0f} s)"


class Understanding:
    """What was learnt, and what it makes of a text."""

    def __init__(
        self,
        model: NeedModel,
        rules: Rules,
        sentences: Sequence[Sentence],
        rows: Sequence[str | None],
        learnt: Learnt,
        make_pipeline: Callable[[], Language],
    ) -> None:
        """Take the model, what it was learnt from, and the text of each of its examples.

        A row without a text is the name of a need.
        """
        self.model = model
        self.rules = rules
        self.sentences = tuple(sentences)
        self.learnt = learnt
        self._rows = rows
        self._make_pipeline = make_pipeline

    @cached_property
    def pipeline(self) -> Language:
        """The pipeline; made when it is first needed."""
        return self._make_pipeline()

    @cached_property
    def _places(self) -> dict[tuple[str, str], Sentence]:
        return {(each.need, each.text): each for each in reversed(self.sentences)}

    def judge(self, text: str) -> Judgement:
        """Judge a text as a whole: every need with its confidence, and whether it is refused."""
        doc = self.pipeline(text)
        return self.model.judge(features(doc), script(doc))

    def read(self, text: str) -> Reading:
        """Make of a message what the bot makes of it; text alone, never a button."""
        return read(text, self.judge, self.rules)

    def tokens(self, text: str) -> list[str]:
        """Give the words that a text is cut into, as the classifier takes them."""
        return [token.norm_ for token in self.pipeline(text) if not token.is_space]

    def entities(self, text: str) -> list[Entity]:
        """Give what the rules find in a text, without the catalogue's goods."""
        return list(find_entities(text))

    def nearest(self, text: str, count: int = 5) -> list[Near]:
        """Give the training examples most like a text, with file and line, the nearest first."""
        found: list[Near] = []
        # More than were asked for: the names of needs stand nowhere.
        more = count + len(self.model.needs)
        for row, likeness in self.model.nearest(features(self.pipeline(text)), more):
            need = self.model.needs[self.model.example_needs[row]]
            said = self._rows[row]
            place = self._places.get((need, said)) if said is not None else None
            if place is not None:
                found.append(Near(place, likeness))
        return found[:count]

    def reasons(self, text: str, need: str, count: int = 8) -> list[tuple[str, float]]:
        """Give the words of a text that say most about a need: for it, or below zero against it.

        Runs of signs count for the word that they stand in, where there is one.
        """
        doc = self.pipeline(text)
        sums: dict[str, float] = {}
        words = [feature[2:] for feature in features(doc) if feature.startswith("w ")]
        alone = sorted((word for word in words if " " not in word), key=len)
        for feature, weight in self.model.reasons(features(doc), need).items():
            kind, said = feature[0], feature[2:].strip()
            within = [word for word in alone if said in word] if kind == "c" else []
            word = within[0] if within else said
            sums[word] = sums.get(word, 0.0) + weight
        return sorted(sums.items(), key=lambda item: -abs(item[1]))[:count]


def learn(root: Path, say: Say, whole: bool = False, like: Path | None = None) -> Understanding:
    """Learn from the project's files as they are now, or take what was learnt from the same.

    Args:
        root: of the project.
        say: gets a line when it will take a while.
        whole: never fit the weights alone.
        like: another state of the project, whose kept learning may be taken for the calibration
            too, and whose folder of kept ones is used.

    Raises:
        UnderstandingError: with the remedy; YAMLFileError for a file that isn't YAML.
    """
    began = time.monotonic()
    settings, rules, jieba = configured(root)
    folder = (like or root) / CACHE
    make_pipeline = _pipeline_of((like or root) / jieba)
    sentences = read_sentences(root, TRAINED)
    identities = {_identity(each) for each in sentences}
    own = folder / f"model-{_key(identities, settings)}"
    changed = 0
    way, kept = "kept", _read(own)
    if kept is not None and whole and not kept[1]["identities"]:
        kept = None  # the weights alone were learnt anew for it
    if kept is None:
        labelled = [(each.text, each.need) for each in sentences]
        examples, texts = _examples(labelled, make_pipeline, folder)
        calibrated = None if whole else _nearest_kept(folder, identities, settings)
        if calibrated is None:
            way = "whole"
            say(f"learning from {len(sentences)} sentences; this takes a minute or two")
        else:
            way, changed = "weights", calibrated[1]
            say(f"{changed} sentences changed: fitting the weights anew")
        try:
            model = train(examples, settings, calibration_of(calibrated[0]) if calibrated else None)
        except TrainingError as error:
            raise UnderstandingError(str(error)) from error
        rows = [texts[_place(each)] for each in in_order(examples)]
        _write(own, model, rows, identities if way == "whole" else set(), changed)
        _forget(folder, own)
    else:
        model, rows, changed = kept[0], kept[1]["rows"], kept[1]["changed"]
        own.touch()
    seconds = time.monotonic() - began
    learnt = Learnt(way, changed, seconds)
    return Understanding(model, rules, sentences, rows, learnt, make_pipeline)


def configured(root: Path) -> tuple[Settings, Rules, str]:
    """Give what config.yml sets: how to learn, how to read, and the folder for jieba."""
    file = root / CONFIG
    try:
        config = read_yaml(file)
    except OSError as error:
        raise UnderstandingError(
            f"{file} can't be read ({error.strerror}): change to the folder of the project"
        ) from error
    parts = config.get("pipeline") if isinstance(config, dict) else None
    named: dict[str, Any] = {
        part["name"]: part for part in parts or [] if isinstance(part, dict) and "name" in part
    }
    if CLASSIFIER not in named or PIPELINE not in named:
        raise UnderstandingError(
            f"{file} names no {CLASSIFIER if PIPELINE in named else PIPELINE} in its pipeline: "
            "the workshop learns as that one does; put it back"
        )
    if named[PIPELINE].get("model", "tenin") != "tenin":
        raise UnderstandingError(
            f"{file} names another spaCy pipeline than the project's own: "
            "set `model: tenin` to use the workshop"
        )
    own = named[CLASSIFIER]
    settings = Settings(refused=float(own.get("refused", Settings.refused)))
    return settings, Rules.of(own), str(named[PIPELINE].get("cache", "var/cache"))


_pipeline: list[Language] = []


def _pipeline_of(folder: Path) -> Callable[[], Language]:
    """Give what makes the pipeline: once in a process, whichever folder it prepares jieba in."""

    def made() -> Language:
        if not _pipeline:
            _pipeline.append(build_pipeline(folder))
        return _pipeline[0]

    return made


def _examples(
    labelled: Sequence[tuple[str, str]], pipeline: Callable[[], Language], folder: Path
) -> tuple[list[Example], dict[Any, str | None]]:
    """Make the examples as `learning.examples_of` does, and tell the text of each."""
    names = names_of(need for _, need in labelled)
    found = features_of([text for text, _ in [*labelled, *names]], pipeline, folder)
    examples: list[Example] = []
    texts: dict[Any, str | None] = {}
    for at, (text, need) in enumerate([*labelled, *names]):
        counted, kind = found[text]
        named = at >= len(labelled)
        example = Example(need, counted, kind, named)
        examples.append(example)
        texts.setdefault(_place(example), None if named else text)
    return examples, texts


def _place(example: Example) -> tuple[str, str, tuple[tuple[str, int], ...]]:
    return example.need, example.script, tuple(sorted(example.features.items()))


def _identity(sentence: Sentence) -> str:
    said = f"{sentence.need}\0{sentence.text}"
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _code(settings: Settings) -> str:
    """Give a hash of how it is learnt."""
    digest = hashlib.sha256(f"{code_key()}{settings}".encode())
    for module in _SOURCES:
        digest.update(Path(str(module.__file__)).read_bytes())
    return digest.hexdigest()[:12]


def _key(identities: set[str], settings: Settings) -> str:
    digest = hashlib.sha256("".join(sorted(identities)).encode())
    return f"{_code(settings)}-{digest.hexdigest()[:20]}"


def _read(folder: Path) -> tuple[NeedModel, dict[str, Any]] | None:
    """Read what was kept; None if there is nothing whole."""
    with suppress(ModelFileError, OSError, ValueError, KeyError):
        written = json.loads((folder / _LEARNT).read_text(encoding="utf-8"))
        model = read_model(folder)
        if len(written["rows"]) == model.examples.shape[0]:
            return model, written
    return None


def _write(
    folder: Path, model: NeedModel, rows: Sequence[str | None], identities: set[str], changed: int
) -> None:
    """Keep what was learnt, whole or not at all."""
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="new-", dir=folder.parent) as made:
            write_model(model, Path(made))
            written = {"rows": rows, "changed": changed, "identities": sorted(identities)}
            Path(made, _LEARNT).write_text(json.dumps(written, ensure_ascii=True), encoding="utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(made, folder)


def _full_ones(folder: Path, settings: Settings) -> Iterator[tuple[Path, set[str]]]:
    for kept in folder.glob(f"model-{_code(settings)}-*/{_LEARNT}"):
        with suppress(OSError, ValueError, KeyError):
            identities = set(json.loads(kept.read_text(encoding="utf-8"))["identities"])
            if identities:
                yield kept.parent, identities


def _nearest_kept(
    folder: Path, identities: set[str], settings: Settings
) -> tuple[NeedModel, int] | None:
    """Give the kept full learning that few sentences differ from, and how many."""
    most = max(FEW, int(FEW_SHARE * len(identities)))
    near = sorted(
        (len(identities ^ other), kept.name, kept) for kept, other in _full_ones(folder, settings)
    )
    for changed, _, kept in near:
        if changed > most:
            break
        if found := _read(kept):
            return found[0], changed
    return None


def _forget(folder: Path, own: Path) -> None:
    """Delete all but the kept models used last; a full one goes last of all."""

    def age(kept: Path) -> tuple[bool, float]:
        with suppress(OSError, ValueError, KeyError):
            full = bool(json.loads((kept / _LEARNT).read_text(encoding="utf-8"))["identities"])
            return full, kept.stat().st_mtime
        return False, 0.0

    others = sorted((each for each in folder.glob("model-*") if each != own), key=age)
    for old in others[: max(0, len(others) - MODELS_KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)
