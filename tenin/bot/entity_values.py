"""Puts normalised values in the place of the words that entities were found in.

After SpacyEntityExtractor in the NLU pipeline in config.yml, which gives every entity's
text as its value. Dates are resolved here, to the day in the shop's time (2026-11-24), or for
a week or month to the first and the last (2026-11-16/2026-11-22), so that nothing about today
is ever trained.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.nlu.extractors.spacy_entity_extractor import SpacyEntityExtractor
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    EXTRACTOR,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from tenin.clock import utcnow
from tenin.language.entities import find_entities, resolve_days
from tenin.shop.orders import SHOP_TIME_ZONE

DATE = "date"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityValues(GraphComponent, EntityExtractorMixin):
    """Gives the entities of SpacyEntityExtractor the values that the rules read."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Name what must come before: the component that sets the entities."""
        return [SpacyEntityExtractor]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntityValues:
        """Make the component, which has nothing to set and nothing to learn."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Replace the values; a date that there is not (31 April) is no entity any more."""
        for message in messages:
            entities = message.get(ENTITIES)
            if entities:
                valued = _valued(message.get(TEXT) or "", entities)
                message.set(ENTITIES, valued, add_to_output=True)
        return messages


def _valued(text: str, entities: list[dict[str, Any]]) -> list[dict[str, Any]]:
    today = utcnow().astimezone(SHOP_TIME_ZONE).date()
    values: dict[tuple[Any, ...], str | None] = {
        (found.label, found.start, found.end): found.value for found in find_entities(text)
    }
    valued = []
    for entity in entities:
        label = entity[ENTITY_ATTRIBUTE_TYPE]
        place = (label, entity.get(ENTITY_ATTRIBUTE_START), entity.get(ENTITY_ATTRIBUTE_END))
        value = values.get(place)
        if entity.get(EXTRACTOR) != SpacyEntityExtractor.__name__ or value is None:
            valued.append(entity)
            continue
        if label == DATE:
            days = resolve_days(value, today)
            if days is None:
                continue
            value = "/".join(day.isoformat() for day in dict.fromkeys(days))
        valued.append({**entity, ENTITY_ATTRIBUTE_VALUE: value})
    return valued
