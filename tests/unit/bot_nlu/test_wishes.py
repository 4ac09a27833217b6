"""More than one wish in a message, and the topics that are near a message not understood."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.utils.spacy_utils import SpacyModel
from rasa.shared.nlu.training_data.formats import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message

from tenin.bot.classifier import ABOUT, NEAR, SECOND_NEED, NeedClassifier
from tenin.bot.spacy_nlp import SpacyNLP
from tenin.language.classification import Judgement
from tenin.language.reading import MOST_NEAR
from tests.unit.bot_nlu.conftest import Places
from tests.unit.bot_nlu.test_classifier import DATA, parsed

MORE = """
version: "3.1"
nlu:
  - intent: human_agent
    examples: |
      - let me talk to a person
      - a real person please
      - human agent now
      - i want an agent
      - 转人工
      - 我要人工客服
      - 找真人客服
  - intent: thanks
    examples: |
      - thanks
      - thank you so much
      - many thanks
      - thanks a lot
      - 谢谢
      - 多谢你
      - 非常感谢
"""
Judged = Mapping[str, tuple[str, float]]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Places, SpacyModel]:
    """Where a classifier that was trained once is kept, and the pipeline it was trained with."""
    folder = tmp_path_factory.mktemp("wishes")
    (folder / "storage").mkdir()
    places = Places(
        LocalModelStorage(folder / "storage"), Resource("wishes"), ExecutionContext(GraphSchema({}))
    )
    model = SpacyNLP.create({"cache": str(folder / "cache")}, *places).provide()
    data = RasaYAMLReader().reads(DATA).merge(RasaYAMLReader().reads(MORE))
    NeedClassifier.create({}, *places).train(data, model)
    return places, model


def understood(learnt: tuple[Places, SpacyModel], text: str, **config: Any) -> dict[str, Any]:
    """What a message is understood as, by the project's own settings but for `config`."""
    places, model = learnt
    return parsed(
        NeedClassifier.load({"talk": ["thanks", "inform"], **config}, *places), model, text
    )


def need_of(found: dict[str, Any]) -> str:
    intent = found["intent"]
    return str(intent.get("full_retrieval_intent_name") or intent["name"])


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("where is my order, and how much is shipping?", "track_order", "faq/shipping_cost"),
        ("how much is shipping? also, where is my order", "faq/shipping_cost", "track_order"),
        ("我的订单到哪了，还有运费多少", "track_order", "faq/shipping_cost"),
        ("运费怎么算？另外我的订单到哪了", "faq/shipping_cost", "track_order"),
        ("thanks, where is my order. how much is shipping", "track_order", "faq/shipping_cost"),
    ],
)
def test_two_wishes_are_understood_in_their_order(
    learnt: tuple[Places, SpacyModel], text: str, first: str, second: str
) -> None:
    found = understood(learnt, text)
    assert need_of(found) == first
    assert found["intent"]["confidence"] == pytest.approx(1.0)
    assert found["intent_ranking"][0]["name"] == first.split("/")[0]
    assert found[SECOND_NEED] == second
    assert NEAR not in found
    if "/" in first:
        selected = found["response_selector"]["faq"]["response"]
        assert selected["intent_response_key"] == first
        assert selected["confidence"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    "text",
    [
        "where is my order",
        "my parcel is late, where is it",
        "where is my order, where is my parcel",  # the same wish twice
        "thanks, where is my order",  # good manners are no wish
        "it is 202611050044, where is my order",
        "我的订单到哪了，谢谢",
    ],
)
def test_one_wish_is_one(learnt: tuple[Places, SpacyModel], text: str) -> None:
    found = understood(learnt, text)
    assert need_of(found) == "track_order"
    assert SECOND_NEED not in found
    assert NEAR not in found


@pytest.mark.parametrize(
    "text",
    [
        "where is my order, how much is shipping, let me talk to a person",
        "let me talk to a person, and where is my order",
        "我的订单到哪了，运费多少，转人工",
        "zebras juggle violet thunder, let me talk to a person, purple clouds sing loudly tonight",
    ],
)
def test_a_wish_for_a_person_goes_before_any_other(
    learnt: tuple[Places, SpacyModel], text: str
) -> None:
    found = understood(learnt, text)
    assert need_of(found) == "human_agent"
    assert found["intent"]["confidence"] == pytest.approx(1.0)
    assert SECOND_NEED not in found
    assert NEAR not in found


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("where is my order, how much is shipping, let me talk to a person", "track_order"),
        ("let me talk to a person, how much is shipping", "faq/shipping_cost"),
        ("我的订单到哪了，转人工", "track_order"),
        ("转人工", None),
        ("thanks, let me talk to a person", None),
        ("where is my order", None),
    ],
)
def test_what_a_wish_for_a_person_is_about_is_kept(
    learnt: tuple[Places, SpacyModel], text: str, about: str | None
) -> None:
    assert understood(learnt, text).get(ABOUT) == about


def test_a_story_is_not_cut_into_wishes(learnt: tuple[Places, SpacyModel]) -> None:
    clauses = ["where is my order", "how much is shipping", *["it was late"] * 4]
    assert understood(learnt, "; ".join(clauses))[SECOND_NEED] == "faq/shipping_cost"
    assert SECOND_NEED not in understood(learnt, "; ".join([*clauses, "it was late"]))


TWO = "one thing here; something else there"
SURE: Judged = {
    TWO: ("track_order", 0.5),
    "one thing here": ("track_order", 0.85),
    "something else there": ("faq/shipping_cost", 0.76),
}


@pytest.fixture
def scripted(
    learnt: tuple[Places, SpacyModel], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Judgement]:
    """Judgements by text, in place of the learnt model's."""
    judgements: dict[str, Judgement] = {}

    def judge(self: NeedClassifier, text: str, model: SpacyModel) -> Judgement:
        return judgements[text]

    monkeypatch.setattr(NeedClassifier, "_judge", judge)
    return judgements


def judged(needs: tuple[str, ...], first: str, confidence: float, refused: bool) -> Judgement:
    """A judgement in which `first` has this confidence and the others share the rest."""
    others = [need for need in needs if need != first]
    rest = (1 - confidence) / len(others)
    return Judgement([(first, confidence), *((need, rest) for need in others)], refused, 0.0)


def read(
    learnt: tuple[Places, SpacyModel],
    scripted: dict[str, Judgement],
    judgements: Judged,
    refused: tuple[str, ...] = (),
    **config: Any,
) -> dict[str, Any]:
    model = NeedClassifier.load({}, *learnt[0])._model
    assert model is not None
    for text, given in judgements.items():
        scripted[text] = judged(model.needs, *given, text in refused)
    return understood(learnt, next(iter(judgements)), **config)


def test_both_must_be_sure(
    learnt: tuple[Places, SpacyModel], scripted: dict[str, Judgement]
) -> None:
    assert read(learnt, scripted, SURE)[SECOND_NEED] == "faq/shipping_cost"
    for clause in list(SURE)[1:]:
        weaker = {**SURE, clause: (SURE[clause][0], 0.74)}
        assert SECOND_NEED not in read(learnt, scripted, weaker)
        assert SECOND_NEED not in read(learnt, scripted, SURE, refused=(clause,))
    assert SECOND_NEED not in read(learnt, scripted, SURE, sure=0.8)
    assert read(learnt, scripted, SURE, sure=0.76)[SECOND_NEED] == "faq/shipping_cost"


def test_clauses_must_agree_with_the_whole_unless_that_is_refused(
    learnt: tuple[Places, SpacyModel], scripted: dict[str, Judgement]
) -> None:
    elsewhere = {**SURE, TWO: ("faq/returns_policy", 0.5)}
    found = read(learnt, scripted, elsewhere)
    assert need_of(found) == "faq/returns_policy"
    assert SECOND_NEED not in found
    found = read(learnt, scripted, elsewhere, refused=(TWO,))
    assert need_of(found) == "track_order"
    assert found[SECOND_NEED] == "faq/shipping_cost"
    assert NEAR not in found
    as_second = {**SURE, TWO: ("faq/shipping_cost", 0.5)}
    found = read(learnt, scripted, as_second)
    assert (need_of(found), found[SECOND_NEED]) == ("track_order", "faq/shipping_cost")


def test_what_is_talk_and_who_is_a_person_is_set_in_config_yml(
    learnt: tuple[Places, SpacyModel], scripted: dict[str, Judgement]
) -> None:
    assert SECOND_NEED not in read(learnt, scripted, SURE, talk=["faq/shipping_cost"])
    found = read(learnt, scripted, SURE, person="faq/shipping_cost")
    assert need_of(found) == "faq/shipping_cost"
    assert SECOND_NEED not in found
    unsure = {**SURE, "something else there": ("faq/shipping_cost", 0.5)}
    assert need_of(read(learnt, scripted, unsure, person="faq/shipping_cost")) == "track_order"


def test_who_wants_a_person_in_the_whole_is_not_led_away_by_the_clauses(
    learnt: tuple[Places, SpacyModel], scripted: dict[str, Judgement]
) -> None:
    found = read(learnt, scripted, {**SURE, TWO: ("human_agent", 0.5)})
    assert need_of(found) == "human_agent"
    assert SECOND_NEED not in found


def near(
    learnt: tuple[Places, SpacyModel],
    scripted: dict[str, Judgement],
    *confidences: tuple[str, float],
    refused: bool = True,
    **config: Any,
) -> Any:
    scripted["hm"] = Judgement(list(confidences), refused, 0.0)
    return understood(learnt, "hm", **config).get(NEAR)


def test_near_are_the_likeliest_topics_of_a_refused_message(
    learnt: tuple[Places, SpacyModel], scripted: dict[str, Judgement]
) -> None:
    spread = [("track_order", 0.3), ("thanks", 0.2), ("faq/shipping_cost", 0.18)]
    spread += [("faq/returns_policy", 0.12), ("human_agent", 0.11), ("inform", 0.09)]
    assert near(learnt, scripted, *spread, near=0.1) == [
        "track_order",
        "faq/shipping_cost",
        "faq/returns_policy",
    ]
    assert MOST_NEAR == 3
    assert near(learnt, scripted, *spread) == ["track_order", "faq/shipping_cost"]
    assert near(learnt, scripted, *spread, ("out_of_scope", 0.16)) == []
    assert near(learnt, scripted, *spread, near=0.4) == []
    assert near(learnt, scripted, *spread, talk=["track_order"], near=0.19) == ["thanks"]
    assert near(learnt, scripted, *spread, refused=False) is None


@pytest.mark.parametrize("text", ["zebras juggle violet thunder", "???", "斑马杂耍紫色雷霆"])
def test_a_refused_message_says_what_is_near(learnt: tuple[Places, SpacyModel], text: str) -> None:
    found = understood(learnt, text)
    assert need_of(found) == "nlu_fallback"
    assert len(found[NEAR]) <= MOST_NEAR
    assert {"thanks", "inform"}.isdisjoint(found[NEAR])


def test_each_message_is_read_by_itself(learnt: tuple[Places, SpacyModel]) -> None:
    places, model = learnt
    texts = ["where is my order, and how much is shipping?", "???", "how do returns work"]
    messages = [Message.build(text=text) for text in texts]
    NeedClassifier.load({}, *places).process(messages, model)
    assert [message.get(SECOND_NEED) for message in messages] == ["faq/shipping_cost", None, None]
    assert [message.get(NEAR) is None for message in messages] == [True, False, True]
