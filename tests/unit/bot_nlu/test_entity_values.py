"""After the stock extractor, entities have their normalised values and dates are days."""

from datetime import datetime, timezone
from typing import Any

import pytest
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.spacy_entity_extractor import SpacyEntityExtractor
from rasa.nlu.utils.spacy_utils import SpacyModel
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message

from tenin.bot import entity_values
from tenin.bot.entity_values import EntityValues
from tenin.bot.spacy_nlp import SpacyNLP
from tenin.language.entities import LABELS
from tests.unit.bot_nlu.conftest import Places


@pytest.fixture
def model(places: Places, cache: str) -> SpacyModel:
    return SpacyNLP.create({"cache": cache}, *places).provide()


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Tuesday evening in UTC, when it is Wednesday in the shop already."""
    now = datetime(2026, 11, 24, 18, 0, tzinfo=timezone.utc)
    monkeypatch.setattr(entity_values, "utcnow", lambda: now)


def extracted(places: Places, model: SpacyModel, text: str) -> list[dict[str, Any]]:
    message = Message.build(text=text)
    extractor = SpacyEntityExtractor({"dimensions": list(LABELS)})
    extractor.process([message], model)
    EntityValues.create({}, *places).process([message])
    return list(message.get(ENTITIES))


def test_it_is_a_component_for_after_the_extractor() -> None:
    registered = DefaultV1Recipe._from_registry("tenin.bot.entity_values.EntityValues")
    assert registered.clazz is EntityValues
    assert not registered.is_trainable
    assert EntityValues.required_components() == [SpacyEntityExtractor]


def test_every_kind_gets_its_value_and_keeps_the_rest(places: Places, model: SpacyModel) -> None:
    text = (
        "上周五买的两双黑色４２码，花了599元，订单二零二六一一零五零三一八，单号sf1591937865764，"
        "电话0086-138-1234-5678，Ｍｅ＠Example.com"
    )
    entities = extracted(places, model, text)
    assert [(entity["entity"], entity["value"]) for entity in entities] == [
        ("date", "2026-11-20"),
        ("quantity", "2"),
        ("colour", "black"),
        ("size", "42"),
        ("money", "599.00 CNY"),
        ("order_number", "202611050318"),
        ("tracking_number", "SF1591937865764"),
        ("phone", "+8613812345678"),
        ("email", "me@example.com"),
    ]
    assert {entity["extractor"] for entity in entities} == {"SpacyEntityExtractor"}
    assert [text[entity["start"] : entity["end"]] for entity in entities][:3] == [
        "上周五",
        "两双",
        "黑色",
    ]


def test_today_is_the_shops(places: Places, model: SpacyModel) -> None:
    assert [entity["value"] for entity in extracted(places, model, "昨天买的")] == ["2026-11-24"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the shoes from last week are too small", "2026-11-16/2026-11-22"),
        ("上周买的鞋太小了", "2026-11-16/2026-11-22"),
        ("上週買的鞋太小了", "2026-11-16/2026-11-22"),
        ("先週買った靴が小さいです", "2026-11-16/2026-11-22"),
        ("what did I order last month", "2026-10-01/2026-10-31"),
        ("這個月訂的", "2026-11-01/2026-11-30"),
    ],
)
def test_a_week_or_month_is_its_first_and_last_day(
    places: Places, model: SpacyModel, text: str, value: str
) -> None:
    dates = [each["value"] for each in extracted(places, model, text) if each["entity"] == "date"]
    assert dates == [value]


def test_a_day_that_there_is_not_is_no_entity(places: Places, model: SpacyModel) -> None:
    assert extracted(places, model, "下个月31号可以吗") != []
    assert extracted(places, model, "这个月31号可以吗") == []


def test_entities_of_others_stay_as_they_are(places: Places) -> None:
    others = [
        {
            "entity": "size",
            "value": "M码",
            "start": 0,
            "end": 2,
            "extractor": "RegexEntityExtractor",
        },
        {"entity": "menu", "value": "orders"},
    ]
    message = Message.build(text="M码", entities=[])
    message.set(ENTITIES, others)
    EntityValues.create({}, *places).process([message, Message.build(text="hi")])
    assert message.get(ENTITIES) == others
