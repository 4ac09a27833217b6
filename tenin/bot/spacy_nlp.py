"""Gives Rasa the project's own spaCy pipeline: `model: tenin` in config.yml.

First component of the NLU pipeline; SpacyTokenizer, SpacyEntityExtractor and
NeedClassifier work on what it provides. Any other `model` is loaded as Rasa's own
component would, so an operator can name a trained pipeline.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.utils import spacy_utils
from rasa.nlu.utils.spacy_utils import SpacyModel
from spacy.language import Language

from tenin.language.pipeline import CACHE, build_pipeline, content_hash, is_ours

OURS = "tenin"

# Rasa makes this component anew for every place in its graph; the pipeline is built once.
_built = lru_cache(maxsize=1)(build_pipeline)


# Rasa finds a component's model provider by the class's name, so it must be this one.
@DefaultV1Recipe.register(
    [
        DefaultV1Recipe.ComponentType.MODEL_LOADER,
        DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER,
    ],
    is_trainable=False,
    model_from="SpacyNLP",
)
class SpacyNLP(spacy_utils.SpacyNLP):
    """Rasa's SpacyNLP, with the pipeline of `tenin.language` besides the installed ones."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give Rasa's defaults and ours: `cache`, the folder for jieba's prepared dictionary."""
        return {**spacy_utils.SpacyNLP.get_default_config(), "model": OURS, "cache": str(CACHE)}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SpacyNLP:
        """Make the component with our pipeline, or with the one that the config names."""
        config = {**cls.get_default_config(), **config}
        if config["model"] != OURS:
            made = super().create(config, model_storage, resource, execution_context)
            return cls(made.provide(), config)
        pipeline = _built(Path(config["cache"]))
        cls.ensure_proper_language_model(pipeline)
        # The name is what Rasa fingerprints of the model that other components take.
        return cls(SpacyModel(model=pipeline, model_name=f"{OURS}-{content_hash()}"), config)

    @staticmethod
    def ensure_proper_language_model(nlp: Language | None) -> None:
        """Accept our pipeline, which comes from no folder; check any other as Rasa does."""
        if nlp is None or not is_ours(nlp):
            spacy_utils.SpacyNLP.ensure_proper_language_model(nlp)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Give the hash of our pipeline's content, so that a change of it trains anew."""
        return content_hash() if config.get("model", OURS) == OURS else None
