"""Gives Rasa's classifiers dense features from an encoder that the operator provides.

Named in config.yml as `tenin.bot.encoder.EncoderFeaturizer`, after a tokenizer and
before a classifier that reads dense features, such as DIETClassifier;
`tenin.language.encoder` does the encoding. The trained model holds no encoder, only a
hash of it: with another one in its place the bot does not start, instead of
misunderstanding everything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import DENSE_FEATURIZABLE_ATTRIBUTES, TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.exceptions import InvalidConfigException, RasaException
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from tenin.language.encoder import Encoder, EncoderError, Options, content_hash

_KEPT = "encoder.json"
_TEXTS_AT_ONCE = 1024


class EncoderUnusable(RasaException):
    """The encoder can't be loaded, or is not the trained one; the message names the remedy."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class EncoderFeaturizer(DenseFeaturizer, GraphComponent):
    """Dense features of words and of the whole message, from an encoder in a folder."""

    def __init__(
        self,
        config: dict[str, Any],
        name: str,
        model_storage: ModelStorage,
        resource: Resource,
        encoder: Encoder | None = None,
    ) -> None:
        """Take the component's name in the graph, and when loaded the encoder."""
        super().__init__(name, {**self.get_default_config(), **config})
        self._model_storage = model_storage
        self._resource = resource
        self._encoder = encoder

    @classmethod
    def required_components(cls) -> list[type]:
        """Name what must come before: the component that cuts texts into words."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Name the packages whose versions count for the fingerprint."""
        return ["onnxruntime", "tokenizers", "numpy"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the defaults of what config.yml may set.

        `path`: the encoder's folder, relative to where the bot starts; it has no default.
        `pooling`, `max_tokens`, `batch`: see `tenin.language.encoder.Options`.
        """
        return {
            **DenseFeaturizer.get_default_config(),
            "path": None,
            "pooling": Options.pooling,
            "max_tokens": Options.max_tokens,
            "batch": Options.batch,
        }

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Raise InvalidConfigException when a setting of config.yml can't be."""
        if not isinstance(config.get("path"), str) or not config["path"]:
            raise InvalidConfigException(
                "The encoder has no `path`. Set it in config.yml to the folder that holds "
                "model.onnx and tokenizer.json."
            )
        try:
            _options(config)
        except EncoderError as error:
            raise InvalidConfigException(str(error)) from error

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Give the hash of the encoder, so that another one in its place trains anew."""
        config = {**cls.get_default_config(), **config}
        cls.validate_config(config)
        return _hash(config)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EncoderFeaturizer:
        """Make the component that only notes which encoder it is trained with."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> EncoderFeaturizer:
        """Load the encoder. Raises EncoderUnusable if it is damaged, missing or another one."""
        config = {**cls.get_default_config(), **config}
        cls.validate_config(config)
        try:
            with model_storage.read_from(resource) as folder:
                trained_with = json.loads((folder / _KEPT).read_text())["hash"]
        except (OSError, ValueError, LookupError) as error:
            raise EncoderUnusable(
                f"The trained model is incomplete ({error}). Train it again."
            ) from error
        if trained_with != _hash(config):
            raise EncoderUnusable(
                f"The encoder in {config['path']} is not the one that the model was trained "
                "with. Train the model again, or put the former encoder back."
            )
        try:
            encoder = Encoder(Path(config["path"]), _options(config))
        except EncoderError as error:
            raise EncoderUnusable(str(error)) from error
        return cls(config, execution_context.node_name, model_storage, resource, encoder)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the hash of the encoder, which itself stays in its folder."""
        with self._model_storage.write_to(self._resource) as folder:
            (folder / _KEPT).write_text(json.dumps({"hash": _hash(self._config)}))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to all training examples, also to texts of actions and responses."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add features to each text that has words: one row per word, and one for it all."""
        if self._encoder is None:
            raise EncoderUnusable("The encoder is not loaded yet. Train a model first.")
        wanted: dict[str, list[tuple[Message, str]]] = {}
        for message in messages:
            for attribute in DENSE_FEATURIZABLE_ATTRIBUTES:
                if message.get(attribute) and message.get(TOKENS_NAMES[attribute]):
                    wanted.setdefault(message.get(attribute), []).append((message, attribute))
        texts = list(wanted)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            some = texts[start : start + _TEXTS_AT_ONCE]
            for text, encoded in zip(some, self._encoder.encode(some), strict=True):
                for message, attribute in wanted[text]:
                    tokens = message.get(TOKENS_NAMES[attribute])
                    words = encoded.words([(token.start, token.end) for token in tokens])
                    sentence = encoded.sentence[None]
                    self.add_features_to_message(words, sentence, attribute, message)
        return messages


def _options(config: dict[str, Any]) -> Options:
    return Options(config["pooling"], config["max_tokens"], config["batch"])


def _hash(config: dict[str, Any]) -> str:
    try:
        return content_hash(Path(config["path"]))
    except EncoderError as error:
        raise EncoderUnusable(str(error)) from error
