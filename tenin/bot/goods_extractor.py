"""Tells Rasa which products and categories a message names: `product` (a SKU) and `category`.

Stands in config.yml after SpacyEntityExtractor, whose finds it leaves alone. It is not trained:
the names are the shop's, read from its database when a message comes and the catalogue has
changed since the last one (`tenin.shop.names`), and found by `tenin.language.goods`.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from tenin.database import make_engine, read_transaction
from tenin.language.goods import Matcher
from tenin.settings import SettingsError, load_settings
from tenin.shop.names import names_version, read_names

logger = logging.getLogger(__name__)

# Rasa's event loop waits for the answer, so the database is not waited for long.
STATEMENT_SECONDS = 2
SILENCE_SECONDS = 3


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class GoodsExtractor(GraphComponent, EntityExtractorMixin):
    """Entity extractor for the goods of the shop's catalogue."""

    def __init__(self, config: dict[str, Any]) -> None:
        """Take what config.yml sets; the database is opened at the first message."""
        self._config = config
        self._engine: Engine | None = None
        self._matcher: Matcher | None = None
        self._version: int | None = None
        self._not_before = 0.0

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Give the defaults of what config.yml may set.

        `beside`: entities inside which nothing is looked for. `pause`: for how many seconds a
        database that failed is not asked again, so that it doesn't delay every message.
        """
        return {"beside": ["email", "order_number", "phone", "tracking_number"], "pause": 5.0}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GoodsExtractor:
        """Make the component; nothing of it is in the model."""
        return cls(config)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GoodsExtractor:
        """Make the component and read the names, so that the first customer needn't wait."""
        component = cls.create(config, model_storage, resource, execution_context)
        component._current_matcher()
        return component

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the products and categories that each message names to its entities."""
        for message in messages:
            if not message.get(TEXT):
                continue
            matcher = self._current_matcher()
            if matcher is not None:
                self._add_entities(message, matcher)
        return messages

    def _add_entities(self, message: Message, matcher: Matcher) -> None:
        there = message.get(ENTITIES, [])
        taken = [_place(each) for each in there if each["entity"] in self._config["beside"]]
        tokens = message.get(TOKENS_NAMES[TEXT])
        words = None if tokens is None else [(token.start, token.end) for token in tokens]
        entities = [
            {
                ENTITY_ATTRIBUTE_TYPE: found.kind,
                ENTITY_ATTRIBUTE_VALUE: found.code,
                ENTITY_ATTRIBUTE_START: found.start,
                ENTITY_ATTRIBUTE_END: found.end,
            }
            for found in matcher.find(message.get(TEXT), words, taken)
        ]
        message.set(ENTITIES, there + self.add_extractor_name(entities), add_to_output=True)

    def _current_matcher(self) -> Matcher | None:
        """Give the matcher of the catalogue as it is now, or None while it can't be read."""
        if time.monotonic() < self._not_before:
            return None
        try:
            if self._engine is None:
                self._engine = _open(load_settings().shop.database_url)
            with read_transaction(self._engine) as session:
                version = names_version(session)
                if self._matcher is None or version != self._version:
                    self._matcher = Matcher(read_names(session))
                    self._version = version
        except (SQLAlchemyError, SettingsError, OSError) as error:
            self._not_before = time.monotonic() + self._config["pause"]
            reason = " ".join(str(getattr(error, "orig", None) or error).split())
            logger.error(
                "The names of the shop's goods can't be read (%s: %s): messages are understood "
                "without products. Check shop.database_url in tenin.yml, or run `tenin migrate`.",
                type(error).__name__,
                reason,
            )
            return None
        return self._matcher


def _place(entity: dict[str, Any]) -> tuple[int, int]:
    return entity[ENTITY_ATTRIBUTE_START], entity[ENTITY_ATTRIBUTE_END]


def _open(url: str) -> Engine:
    """Open the shop's database, which must be there; PostgreSQL must answer in time."""
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite"):
        # Opening it would make an empty one, for the set-up to trip over.
        if not Path(str(parsed.database)).is_file():
            raise FileNotFoundError(f"there is no file {parsed.database}")
        return make_engine(url)
    limits = {
        "options": f"-c statement_timeout={STATEMENT_SECONDS * 1000}",
        "tcp_user_timeout": str(SILENCE_SECONDS * 1000),
    }
    given = {name for name in limits if name in parsed.query}
    parsed = parsed.update_query_dict({k: v for k, v in limits.items() if k not in given})
    return make_engine(parsed.render_as_string(hide_password=False))
