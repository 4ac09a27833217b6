"""Why the running bot understands a text as it does: for `explain: true` of `tenin.bot.parsing`.

The same as `tenin try` tells (`tenin.training.trying`), of the model that is at work now rather
than of the files. A model keeps its training examples as numbers alone, so their words and
places are looked up in the files; one that was taken out there since is not shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidfuzz import fuzz
from rasa.shared.core.events import ActionExecuted, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from spacy.language import Language

from tenin.bot.classifier import NeedClassifier
from tenin.conversation.voice import Voice
from tenin.language.classification import NeedModel
from tenin.language.features import features
from tenin.language.reading import Rules
from tenin.language.signs import simplified
from tenin.training.corpus import TRAINED, Sentence, folded, read_sentences
from tenin.training.trying import Bot, explain
from tenin.training.understanding import Learnt, Understanding

if TYPE_CHECKING:  # it brings TensorFlow along, which the tests of this room do without
    from rasa.core.agent import Agent

NEAREST = 5
LOOKED_AT = 80  # sentences of a need, at some milliseconds each
AT_WORK = Learnt("kept", 0, 0.0)


class NotExplainableError(Exception):
    """Another classifier than ours is at work; nothing is known of its reasons."""


class Examples:
    """The words of a model's training examples, found in the files as they are asked for."""

    def __init__(self, model: NeedModel, pipeline: Language, root: Path) -> None:
        """Take the model, its pipeline and the project's root; nothing is read yet."""
        self.rows: list[str | None] = [None] * len(model.example_needs)
        self.sentences: Sequence[Sentence] = ()
        self._model = model
        self._pipeline = pipeline
        self._root = root
        self._given: set[tuple[str, str]] = set()
        self._stamp: object = None

    async def find(self, text: str) -> None:
        """Find the words of those examples that are most like a text.

        The event loop has its turn after each sentence: customers are answered meanwhile.
        """
        await asyncio.to_thread(self._read)
        own = features(self._pipeline(text))
        nearest = [row for row, _ in self._model.nearest(own, NEAREST + len(self._model.needs))]
        looked: set[str] = set()
        found = 0
        for row in nearest:
            need = self._need(row)
            if need not in looked:
                looked.add(need)
                rows = [each for each in nearest if self._need(each) == need]
                await self._look(need, rows, text)
            found += self.rows[row] is not None
            if found == NEAREST:
                return

    def _need(self, row: int) -> str:
        return self._model.needs[int(self._model.example_needs[row])]

    def _read(self) -> None:
        """Read the sentences, unless no file has changed since."""
        files = sorted((self._root / TRAINED).rglob("*.yml"))
        stamp = [(file, file.stat().st_mtime_ns) for file in files]
        if stamp != self._stamp:
            self.sentences = read_sentences(self._root, TRAINED)
            self._stamp = stamp

    async def _look(self, need: str, rows: Sequence[int], text: str) -> None:
        """Give rows of a need their words, by the features that both have.

        The sentences that look most like the text come first, and no more than `LOOKED_AT`.
        """
        wanted: dict[frozenset[str], list[int]] = {}
        for row in rows:
            if self.rows[row] is None:
                columns = self._model.examples[row].indices
                had = frozenset(self._model.vocabulary[column] for column in columns)
                wanted.setdefault(had, []).append(row)
        said = simplified(folded(text))
        ranked = sorted(
            dict.fromkeys(each.text for each in self.sentences if each.need == need),
            key=lambda each: -fuzz.ratio(said, simplified(folded(each))),
        )
        for sentence in ranked[:LOOKED_AT]:
            if not wanted:
                return
            if (need, sentence) in self._given:
                continue
            had = frozenset(self._model.reasons(features(self._pipeline(sentence)), need))
            if had in wanted:
                self.rows[wanted[had].pop(0)] = sentence
                self._given.add((need, sentence))
                if not wanted[had]:
                    del wanted[had]
            await asyncio.sleep(0)


class Explainer:
    """Explains what the model of an agent makes of texts, one after the other."""

    def __init__(self, voice: Voice, root: Path) -> None:
        """Take what the bot says with, and the project's root."""
        self._root = root
        self._bot = Bot(root, voice.responses, voice.menus)
        self._one = asyncio.Lock()
        self._known: tuple[Agent, Understanding, Examples] | None = None

    async def __call__(
        self, agent: Agent, text: str, parsed: Mapping[str, Any], language: str
    ) -> dict[str, Any]:
        """Give what `tenin.training.trying.explain` gives, of the agent's model.

        Args:
            agent: with its model loaded.
            text: as the bot reads it.
            parsed: what `agent.parse_message` made of it; its entities are told.
            language: that it is answered in.

        Raises:
            NotExplainableError: for a model with another classifier.
        """
        async with self._one:
            understanding, examples = self._learnt(agent)
            await examples.find(text)
            understanding.sentences = tuple(examples.sentences)
            understanding.__dict__.pop("_places", None)
            found = explain(
                understanding,
                self._bot,
                self._root,
                text,
                language,
                first_action(agent, text, parsed),
            )
            found["entities"] = [
                {
                    "entity": each["entity"],
                    "text": text[each["start"] : each["end"]],
                    "value": each.get("value"),
                    "start": each["start"],
                    "end": each["end"],
                }
                for each in parsed.get("entities") or []
            ]
            return found

    def _learnt(self, agent: Agent) -> tuple[Understanding, Examples]:
        if self._known is None or self._known[0] is not agent:
            model, rules, pipeline = at_work(agent)
            examples = Examples(model, pipeline, self._root)
            understanding = Understanding(
                model, rules, (), examples.rows, AT_WORK, lambda: pipeline
            )
            self._known = (agent, understanding, examples)
        return self._known[1], self._known[2]


def at_work(agent: Agent) -> tuple[NeedModel, Rules, Language]:
    """Give the classifier's model and rules, and the pipeline, out of an agent's loaded graph.

    Raises:
        NotExplainableError: if it has no classifier of ours.
    """
    assert agent.processor is not None
    nodes = agent.processor.graph_runner._instantiated_nodes.values()  # type: ignore[attr-defined]
    components = [node._component for node in nodes]
    own = [each for each in components if isinstance(each, NeedClassifier) and each._model]
    pipelines = [each.provide() for each in components if hasattr(each, "provide")]
    if not own or not pipelines:
        raise NotExplainableError
    assert own[0]._model is not None
    return own[0]._model, own[0]._rules, pipelines[0].model


def first_action(agent: Agent, text: str, parsed: Mapping[str, Any]) -> str | None:
    """Give what the bot's policies do first where a conversation begins with this text."""
    assert agent.processor is not None
    assert agent.domain is not None
    begun = [
        ActionExecuted("action_session_start"),
        SessionStarted(),
        ActionExecuted("action_listen"),
        UserUttered(text, parsed["intent"], parsed.get("entities"), dict(parsed)),
    ]
    tracker = DialogueStateTracker.from_events(
        "tried", begun, slots=agent.domain.slots, domain=agent.domain
    )
    predicted = agent.processor.predict_next_with_tracker(tracker)
    if not predicted:
        return None
    return str(max(predicted["scores"], key=lambda each: float(each["score"]))["action"])
