"""Intent, FAQ answer and "not understood", in the forms that the rest of Rasa reads."""

import json
import warnings
from typing import Any

import numpy as np
import pytest
from rasa.core.actions.action import ActionRetrieveResponse
from rasa.core.processor import MessageProcessor
from rasa.engine.graph import GraphSchema
from rasa.graph_components.validators.default_recipe_validator import DefaultV1RecipeValidator
from rasa.nlu.classifiers.fallback_classifier import (
    is_fallback_classifier_prediction,
    undo_fallback_prediction,
)
from rasa.nlu.utils.spacy_utils import SpacyModel
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.formats import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from tenin.bot import classifier
from tenin.bot.classifier import NeedClassifier, NeedModelError
from tenin.bot.spacy_nlp import SpacyNLP
from tenin.language.classification import Judgement
from tests.unit.bot_nlu.conftest import Places

DATA = """
version: "3.1"
nlu:
  - intent: track_order
    examples: |
      - where is my order
      - where is my parcel
      - when does my order come
      - track order 202611050042
      - my parcel is late, where is it
      - 我的订单到哪了
      - 查一下我的订单
      - 订单202611050042到哪了
      - 我的快递到哪里了
  - intent: faq/shipping_cost
    examples: |
      - how much is shipping
      - what does shipping cost
      - shipping fee
      - is shipping free
      - 运费多少
      - 包邮吗
      - 运费怎么算
  - intent: faq/returns_policy
    examples: |
      - can i return shoes
      - how do returns work
      - return policy
      - i want to return this
      - 怎么退货
      - 可以退货吗
      - 退货要几天
  - intent: inform
    examples: |
      - 202611050043
      - me@example.com
      - 13812345678
      - it is 202611050044
      - my mail is you@example.com
      - 订单号202611050045
      - 手机13912345678
responses:
  utter_faq/shipping_cost:
    - text: Free from 199.
    - text: 满199包邮。
  utter_faq/returns_policy:
    - text: Within 30 days.
"""


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return RasaYAMLReader().reads(DATA)


@pytest.fixture
def model(places: Places, cache: str) -> SpacyModel:
    return SpacyNLP.create(
        {"cache": cache}, places.storage, places.resource, places.context
    ).provide()


@pytest.fixture
def trained(places: Places, model: SpacyModel, data: TrainingData) -> NeedClassifier:
    """A classifier that was trained, written and read."""
    NeedClassifier.create({}, *places).train(data, model)
    return NeedClassifier.load({}, *places)


def parsed(trained: NeedClassifier, model: SpacyModel, text: str) -> dict[str, Any]:
    message = Message.build(text=text)
    trained.process([message], model)
    found: dict[str, Any] = {"entities": [], **message.as_dict(only_output_properties=True)}
    MessageProcessor._update_full_retrieval_intent(None, found)  # type: ignore[arg-type]
    return found


def test_an_intent_comes_with_its_ranking(trained: NeedClassifier, model: SpacyModel) -> None:
    found = parsed(trained, model, "where is my order?")
    assert found["intent"]["name"] == "track_order"
    assert found["intent_ranking"][0] == found["intent"]
    confidences = [entry["confidence"] for entry in found["intent_ranking"]]
    assert {entry["name"] for entry in found["intent_ranking"]} == {"track_order", "faq", "inform"}
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("what does shipping cost?", "faq/shipping_cost"),
        ("包邮吗？", "faq/shipping_cost"),
        ("I want to return shoes", "faq/returns_policy"),
        ("怎么退货啊", "faq/returns_policy"),
    ],
)
def test_a_faq_is_selected_as_rasas_selector_would(
    trained: NeedClassifier, model: SpacyModel, data: TrainingData, text: str, need: str
) -> None:
    found = parsed(trained, model, text)
    assert found["intent"]["name"] == "faq"
    assert found["intent"]["full_retrieval_intent_name"] == need
    selector = found["response_selector"]
    assert selector["all_retrieval_intents"] == ["faq"]
    selected = selector["faq"]["response"]
    assert set(selected) == {"responses", "confidence", "intent_response_key", "utter_action"}
    assert selected["intent_response_key"] == need
    assert selected["utter_action"] == f"utter_{need}"
    assert selected["responses"] == data.responses[f"utter_{need}"]
    ranking = selector["faq"]["ranking"]
    assert [set(entry) for entry in ranking] == [{"confidence", "intent_response_key"}] * 2
    assert sum(entry["confidence"] for entry in ranking) == pytest.approx(1)
    tracker = DialogueStateTracker.from_events("x", [UserUttered(text, parse_data=found)])
    assert ActionRetrieveResponse("utter_faq").get_full_retrieval_name(tracker) == f"utter_{need}"


def test_a_retrieval_intents_confidence_is_that_of_its_answers(
    trained: NeedClassifier, model: SpacyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    judgement = Judgement(
        [
            ("track_order", 0.4),
            ("faq/shipping_cost", 0.3),
            ("faq/returns_policy", 0.25),
            ("inform", 0.05),
        ],
        refused=False,
        score=0.0,
    )
    assert trained._model is not None
    monkeypatch.setattr(type(trained._model), "judge", lambda *_: judgement)
    found = parsed(trained, model, "two questions in one")
    assert [(entry["name"], entry["confidence"]) for entry in found["intent_ranking"]] == [
        ("faq", pytest.approx(0.55)),
        ("track_order", 0.4),
        ("inform", 0.05),
    ]
    assert [entry["confidence"] for entry in found["response_selector"]["faq"]["ranking"]] == [
        pytest.approx(0.3 / 0.55),
        pytest.approx(0.25 / 0.55),
    ]


@pytest.mark.parametrize(
    "text", ["zebras juggle violet thunder", "斑马杂耍紫色雷霆", "???", "", "😀"]
)
def test_the_strange_falls_back_as_rasas_fallback_would(
    trained: NeedClassifier, model: SpacyModel, text: str
) -> None:
    found = parsed(trained, model, text)
    assert is_fallback_classifier_prediction(found)
    first, second = found["intent_ranking"][:2]
    assert first == found["intent"]
    assert first["confidence"] == pytest.approx(1 - second["confidence"])
    assert undo_fallback_prediction(found)["intent"] == second


@pytest.mark.parametrize(
    "text", ["209912310001", "someone@mail.example", "+44 20 7946 0018", "15012345678"]
)
def test_a_number_or_address_alone_informs(
    trained: NeedClassifier, model: SpacyModel, text: str
) -> None:
    assert parsed(trained, model, text)["intent"]["name"] == "inform"


def test_training_twice_gives_the_same_answers(
    places: Places, model: SpacyModel, data: TrainingData, trained: NeedClassifier
) -> None:
    before = [parsed(trained, model, text) for text in ("my order", "退货", "hmm")]
    NeedClassifier.create({}, *places).train(
        TrainingData(data.training_examples[::-1], responses=data.responses), model
    )
    again = NeedClassifier.load({}, *places)
    assert [parsed(again, model, text) for text in ("my order", "退货", "hmm")] == before


def test_what_is_kept_is_json_and_plain_arrays(trained: NeedClassifier, places: Places) -> None:
    with places.storage.read_from(places.resource) as folder:
        names = {file.name for file in folder.iterdir()}
        assert names == {"need_model.json", "need_model.npz", "selection.json"}
        json.loads((folder / "need_model.json").read_text())
        with np.load(folder / "need_model.npz", allow_pickle=False) as arrays:
            assert all(arrays[name].dtype.kind in "fi" for name in arrays.files)


@pytest.mark.parametrize("name", ["need_model.json", "need_model.npz", "selection.json"])
def test_a_damaged_model_is_one_clear_error(
    trained: NeedClassifier, places: Places, name: str
) -> None:
    with places.storage.read_from(places.resource) as folder:
        (folder / name).write_bytes(b"{")
    with pytest.raises(NeedModelError, match="Train it again"):
        NeedClassifier.load({}, *places)


def test_a_missing_model_is_one_clear_error(places: Places, model: SpacyModel) -> None:
    with pytest.raises(NeedModelError, match="Train it again"):
        NeedClassifier.load({}, *places)
    with pytest.raises(NeedModelError, match="Train a model first"):
        NeedClassifier.create({}, *places).process([Message.build(text="hi")], model)


def test_too_few_examples_are_one_clear_error(places: Places, model: SpacyModel) -> None:
    with pytest.raises(NeedModelError, match="at least two needs"):
        NeedClassifier.create({}, *places).train(TrainingData(), model)


def test_changed_code_changes_the_fingerprint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = NeedClassifier.fingerprint_addon({})
    monkeypatch.setattr(classifier, "_SOURCES", classifier._SOURCES[1:])
    assert NeedClassifier.fingerprint_addon({}) != before


def test_rasas_hint_at_its_own_selector_is_not_shown(data: TrainingData) -> None:
    validator = DefaultV1RecipeValidator(GraphSchema({}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="response selector"):
            validator._warn_if_some_training_data_is_unused(data)
        classifier._quiet_hint()
        validator._warn_if_some_training_data_is_unused(data)
