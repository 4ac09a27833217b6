"""Tells Rasa which need a message expresses: intent and FAQ answer in one component.

Last component of the NLU pipeline in config.yml, after SpacyNLP. It learns full needs
(`track_order`, `faq/returns_policy`) with `tenin.language`, sets the intent, fills in
the response selection as Rasa's ResponseSelector would, and where a message is
refused puts `nlu_fallback` first as Rasa's FallbackClassifier would, with the nearest
topics under `near`. A second wish in the message goes under `second_need`, what a wish for a
person is about under `about`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers import LABEL_RANKING_LENGTH
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import (
    RESPONSE_SELECTOR_PREDICTION_KEY,
    RESPONSE_SELECTOR_PROPERTY_NAME,
    RESPONSE_SELECTOR_RANKING_KEY,
    RESPONSE_SELECTOR_RESPONSES_KEY,
    RESPONSE_SELECTOR_RETRIEVAL_INTENTS,
    RESPONSE_SELECTOR_UTTER_ACTION_KEY,
)
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import (
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    PREDICTED_CONFIDENCE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data import util
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from tenin.bot.payloads import ABOUT, NEAR, SECOND_NEED
from tenin.language import classification, features, learning, model_file
from tenin.language.classification import Judgement, NeedModel
from tenin.language.learning import Settings, TrainingError, examples_of, train
from tenin.language.model_file import ModelFileError, read_model, write_model
from tenin.language.reading import Rules, read

logger = logging.getLogger(__name__)

_SELECTION_FILE = "selection.json"
_SOURCES = (classification, features, learning, model_file)


def _quiet_hint() -> None:
    """Keep Rasa from telling trainers that nothing selects responses: it knows its class alone."""
    warnings.filterwarnings(
        "ignore", message="You have defined training data with examples for training a response"
    )


_quiet_hint()


class NeedModelError(RasaException):
    """The model can't be trained or loaded; the message names the remedy."""


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True, model_from="SpacyNLP"
)
class NeedClassifier(IntentClassifier, GraphComponent):
    """Intent classifier, response selector and fallback classifier in one."""

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: NeedModel | None = None,
        responses: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> None:
        """Take Rasa's places to keep things in, and when loaded what was learnt."""
        self._config = {**self.get_default_config(), **config}
        self._rules = Rules.of(self._config)
        self._model_storage = model_storage
        self._resource = resource
        self._model = model
        self._responses = responses or {}
        needs = model.needs if model else ()
        self._retrieval_intents = sorted({_intent_of(need) for need in needs if "/" in need})

    @classmethod
    def required_components(cls) -> list[type]:
        """Name what must come before: the component that provides the pipeline."""
        return [SpacyNLP]

    @staticmethod
    def required_packages() -> list[str]:
        """Name the packages whose versions count for the fingerprint."""
        return ["sklearn", "scipy", "numpy"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the defaults of what config.yml may set.

        `refused`: share of rightly understood held-out examples that the threshold
        may refuse. `ranking_length`: how many intents the ranking shows. The others are those
        of `tenin.language.reading.Rules`.
        """
        return {
            "refused": Settings.refused,
            "ranking_length": LABEL_RANKING_LENGTH,
            "talk": [],
            "near": Rules.near,
            "sure": Rules.sure,
            "person": Rules.person,
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Give a hash of the code that learns, so that a change of it trains anew."""
        digest = hashlib.sha256()
        for module in _SOURCES:
            assert module.__file__ is not None
            digest.update(Path(module.__file__).read_bytes())
        return digest.hexdigest()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NeedClassifier:
        """Make an untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData, model: SpacyModel) -> Resource:
        """Learn from all examples with an intent and keep the result in Rasa's storage."""
        labelled = [
            (message.get(TEXT), message.get_full_intent())
            for message in training_data.intent_examples
            if message.get(TEXT)
        ]
        examples = examples_of(labelled, model.model)
        try:
            self._model = train(examples, Settings(refused=self._config["refused"]))
        except TrainingError as error:
            raise NeedModelError(str(error)) from error
        with self._model_storage.write_to(self._resource) as folder:
            write_model(self._model, folder)
            (folder / _SELECTION_FILE).write_text(json.dumps(training_data.responses))
        logger.info(
            "Learnt %d needs from %d examples; %.0f %% of them are understood when held out.",
            len(self._model.needs),
            len(examples),
            100 * self._model.accuracy,
        )
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> NeedClassifier:
        """Load what was learnt. Raises NeedModelError when it is missing or damaged."""
        try:
            with model_storage.read_from(resource) as folder:
                model = read_model(folder)
                responses = json.loads((folder / _SELECTION_FILE).read_text())
        except ModelFileError as error:
            raise NeedModelError(str(error)) from error
        except (OSError, ValueError) as error:
            raise NeedModelError(
                f"The trained model is incomplete ({error}). Train it again."
            ) from error
        return cls(config, model_storage, resource, model, responses)

    def process(self, messages: list[Message], model: SpacyModel) -> list[Message]:
        """Set intent, intent ranking and response selection of each message."""
        if self._model is None:
            raise NeedModelError("The classifier has learnt nothing yet. Train a model first.")
        for message in messages:
            text = message.get(TEXT) or ""
            found = read(text, functools.partial(self._judge, model=model), self._rules)
            judgement = found.judgement
            if found.second:
                message.set(SECOND_NEED, found.second, add_to_output=True)
            if judgement.refused:
                message.set(NEAR, list(found.near), add_to_output=True)
            if found.about:
                message.set(ABOUT, found.about, add_to_output=True)
            ranking = _intent_ranking(judgement)[: self._config["ranking_length"]]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
            if self._retrieval_intents:
                selection = self._selection(judgement)
                message.set(RESPONSE_SELECTOR_PROPERTY_NAME, selection, add_to_output=True)
        return messages

    def _judge(self, text: str, model: SpacyModel) -> Judgement:
        assert self._model is not None
        doc = model.model(text)
        return self._model.judge(features.features(doc), features.script(doc))

    def _selection(self, judgement: Judgement) -> dict[str, Any]:
        """Give for every retrieval intent its likeliest answer, in ResponseSelector's form."""
        found: dict[str, Any] = {RESPONSE_SELECTOR_RETRIEVAL_INTENTS: self._retrieval_intents}
        for intent in self._retrieval_intents:
            answers = [(need, p) for need, p in judgement.confidences if _intent_of(need) == intent]
            total = sum(p for _, p in answers)
            ranking = [
                {PREDICTED_CONFIDENCE_KEY: p / total if total else 0.0, INTENT_RESPONSE_KEY: need}
                for need, p in answers
            ]
            utter_action = util.intent_response_key_to_template_key(answers[0][0])
            found[intent] = {
                RESPONSE_SELECTOR_PREDICTION_KEY: {
                    RESPONSE_SELECTOR_RESPONSES_KEY: self._responses.get(
                        utter_action, [{TEXT: answers[0][0]}]
                    ),
                    **ranking[0],
                    RESPONSE_SELECTOR_UTTER_ACTION_KEY: utter_action,
                },
                RESPONSE_SELECTOR_RANKING_KEY: ranking,
            }
        return found


def _intent_of(need: str) -> str:
    return need.split("/", 1)[0]


def _intent_ranking(judgement: Judgement) -> list[dict[str, Any]]:
    """Give the intents by their confidence, a retrieval intent's summed over its answers."""
    sums: dict[str, float] = {}
    for need, confidence in judgement.confidences:
        sums[_intent_of(need)] = sums.get(_intent_of(need), 0.0) + confidence
    ranked = sorted(sums.items(), key=lambda item: -item[1])
    if judgement.refused:
        ranked.insert(0, (DEFAULT_NLU_FALLBACK_INTENT_NAME, 1.0 - ranked[0][1]))
    return [
        {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: confidence} for name, confidence in ranked
    ]
