"""Understanding: learnt from examples, the same every time, and refusing what is strange."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from tenin.language.classification import (
    OUT_OF_SCOPE,
    Judgement,
    NeedModel,
    aside_of,
    is_long_run,
    scores_of,
)
from tenin.language.features import features, script
from tenin.language.learning import (
    Example,
    Learner,
    Settings,
    TrainingError,
    examples_of,
    train,
)
from tenin.language.model_file import ModelFileError, read_model, write_model

PARTS = {
    "track_order": (
        ["where is", "when will i get", "can you track", "i still wait for", "what happened to"],
        ["my order", "my parcel", "the package", "order 202611050042", "my stuff"],
    ),
    "faq/shipping_cost": (
        ["how much is", "what does it cost for", "do i pay extra for", "price of", "any fee for"],
        ["delivery", "shipping", "express shipping", "shipping abroad", "postage"],
    ),
    "faq/returns": (
        ["how do i", "can i", "is it possible to", "i want to", "until when may i"],
        ["return shoes", "send it back", "exchange the size", "return a tent", "swap this jacket"],
    ),
    "inform": (
        ["", "it is ", "number: ", "my mail is ", "here you go "],
        ["202611050042", "me@example.com", "13812345678", "2026 1105 0042", "+44 20 7946 0018"],
    ),
}
CHINESE = {
    "track_order": (
        ["我的", "帮我查一下", "请问", "看看", "催一下"],
        ["订单到哪了", "快递在哪", "包裹何时到", "货发了没", "物流呢"],
    ),
    "faq/shipping_cost": (
        ["请问", "我想知道", "你们", "寄国外", "买两件"],
        ["运费多少", "包邮吗", "邮费怎么算", "要付运费吗", "快递费贵不贵"],
    ),
    "faq/returns": (
        ["不合适", "买错了", "尺码小了", "不喜欢", "质量差"],
        ["怎么退货", "能退吗", "可以换货吗", "想退掉", "退换流程"],
    ),
    "inform": (
        ["", "订单号", "手机", "邮箱是", "给你："],
        ["202611050043", "a@b.com", "13912345678", "２０２６１１０５００４４", "+86 13912345678"],
    ),
}
# Some of what the parts make only, as trainers write it: were all of it there, each held out
# would have near copies left, and the threshold would be too high for anything new.
TEXTS = [
    (need, first + gap + second)
    for parts, gap in ((PARTS, " "), (CHINESE, ""))
    for need, (firsts, seconds) in parts.items()
    for i, first in enumerate(firsts)
    for j, second in enumerate(seconds)
    if (i + 2 * j) % 5 < 3
]
STRANGE = ["zebras juggle violet thunder", "斑马杂耍紫色雷霆", "xqzvw kjhgf", "薛定谔方程推导"]


def labelled(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(text, need) for need, text in texts]


def examples(pipeline: Language, texts: list[tuple[str, str]]) -> list[Example]:
    """Examples without the needs' names, to see what is learnt from the texts alone."""
    docs = pipeline.pipe([text for _, text in texts])
    return [
        Example(need, features(doc), script(doc))
        for (need, _), doc in zip(texts, docs, strict=True)
    ]


@pytest.fixture(scope="module")
def model(pipeline: Language) -> NeedModel:
    return train(examples_of(labelled(TEXTS), pipeline))


def judge(model: NeedModel, pipeline: Language, text: str) -> Judgement:
    doc = pipeline(text)
    return model.judge(features(doc), script(doc))


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("where is the parcel", "track_order"),
        ("WHAT DOES POSTAGE COST?", "faq/shipping_cost"),
        ("may i return a jacket", "faq/returns"),
        ("我的包裹到哪了", "track_order"),
        ("我的order到哪了", "track_order"),
        ("寄国外邮费多少", "faq/shipping_cost"),
        ("尺码不合适能换货吗", "faq/returns"),
    ],
)
def test_new_words_for_a_known_need_are_understood(
    model: NeedModel, pipeline: Language, text: str, need: str
) -> None:
    judgement = judge(model, pipeline, text)
    assert judgement.confidences[0][0] == need
    assert not judgement.refused


@pytest.mark.parametrize(
    ("text", "need"),
    [
        ("wheres my packge", "track_order"),
        ("shiping cots", "faq/shipping_cost"),
        ("retrun", "faq/returns"),
    ],
)
def test_misspelt_words_lean_to_their_need(
    model: NeedModel, pipeline: Language, text: str, need: str
) -> None:
    assert judge(model, pipeline, text).confidences[0][0] == need


@pytest.mark.parametrize(
    "text",
    ["209901019999", "2026-0101-1234", "someone.else@mail.example", "15000000000",
     "+1 415 555 0132", "订单号209901019999", "２０２６０１０１１２３４", "20261105004"],
)  # fmt: skip
def test_a_number_or_address_alone_informs(model: NeedModel, pipeline: Language, text: str) -> None:
    judgement = judge(model, pipeline, text)
    assert judgement.confidences[0][0] == "inform"
    assert not judgement.refused


@pytest.mark.parametrize("text", [*STRANGE, "", "  ", "???", "。。。", "\u200b"])
def test_the_strange_is_refused(model: NeedModel, pipeline: Language, text: str) -> None:
    assert judge(model, pipeline, text).refused


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_confidences_are_of_all_needs_in_order_and_add_up(
    model: NeedModel, pipeline: Language, text: str
) -> None:
    found = judge(model, pipeline, text).confidences
    values = [value for _, value in found]
    assert sorted(need for need, _ in found) == sorted(PARTS)
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1)
    assert min(values) >= 0


def arrays(model: NeedModel) -> Iterator[np.ndarray]:
    yield from (model.rarity, model.weights, model.intercepts, model.examples.toarray())


def test_the_same_examples_in_any_order_and_twice_give_the_same_model(
    model: NeedModel, pipeline: Language
) -> None:
    again = train(examples_of(labelled(TEXTS), pipeline)[::-1] + examples(pipeline, TEXTS[:7]))
    assert_same(model, again)


def test_what_is_a_name_and_written_too_is_a_name_in_any_order(pipeline: Language) -> None:
    written = examples(pipeline, TEXTS)
    named = [replace(example, named=True) for example in written[::8]]
    models = [train(each) for each in ([*written, *named], [*named, *written], named + written[1:])]
    assert_same(models[0], models[1])
    assert_same(models[0], models[2])
    assert models[0].thresholds != train(written).thresholds


def assert_same(model: NeedModel, again: NeedModel) -> None:
    assert again.needs == model.needs
    assert again.vocabulary == model.vocabulary
    assert again.thresholds == model.thresholds
    assert again.temperature == model.temperature
    for one, other in zip(arrays(model), arrays(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_names_of_needs_are_examples_too(pipeline: Language) -> None:
    found = examples_of([("xqzvw", "faq/size_advice"), ("kjhgf", "greet")], pipeline)
    assert [(example.need, example.named) for example in found] == [
        ("faq/size_advice", False),
        ("greet", False),
        ("faq/size_advice", True),
        ("greet", True),
    ]
    assert found[2].features == features(pipeline("faq size advice"))
    learnt = train(found)
    assert judge(learnt, pipeline, "size advice").confidences[0][0] == "faq/size_advice"
    assert judge(learnt, pipeline, "greet").confidences[0][0] == "greet"


def test_names_are_never_held_out(pipeline: Language) -> None:
    """Two that say the same and mean different needs would be understood wrongly if they were."""
    texts = [text for text in TEXTS if text[0] in ("inform", "faq/returns")]
    same = examples(pipeline, [("inform", "xqzvw kjhgf"), ("faq/returns", "xqzvw kjhgf")])
    written = examples(pipeline, texts)
    assert train(written).accuracy == 1
    assert train([*written, *(replace(each, named=True) for each in same)]).accuracy == 1
    assert train([*written, *same]).accuracy < 1


GOOD, POOR = Learner("svm", 1.0), Learner("logistic", 1e-7)


def test_the_better_learner_is_chosen_where_examples_are_few(pipeline: Language) -> None:
    # Of needs with many examples and with few, a line that hardly learns takes the wrong one.
    learnt = examples(pipeline, [*TEXTS[:45:5], *TEXTS[45:]])
    good, poor = (train(learnt, Settings(learners=(each,))) for each in (GOOD, POOR))
    assert poor.accuracy < good.accuracy
    for learners in ((GOOD, POOR), (POOR, GOOD)):
        assert_same(train(learnt, Settings(learners=learners)), good)
    assert_same(train(learnt, Settings(learners=(GOOD, GOOD))), good)


def test_the_first_learner_is_taken_where_examples_are_many(pipeline: Language) -> None:
    learnt = examples(pipeline, TEXTS)
    for first, other in ((GOOD, POOR), (POOR, GOOD)):
        alone = train(learnt, Settings(learners=(first,), few=0))
        assert_same(train(learnt, Settings(learners=(first, other), few=0)), alone)


def test_long_runs_that_one_example_alone_has_are_left_out_where_examples_are_many(
    pipeline: Language,
) -> None:
    learnt = examples(pipeline, [*TEXTS, ("inform", "xqzvw xqzvw")])
    few, many = train(learnt), train(learnt, Settings(few=0))
    different = {(each.need, frozenset(each.features.items())) for each in learnt}
    seen_in = Counter(feature for _, counted in different for feature, _ in counted)
    assert set(few.vocabulary) == set(seen_in)
    left_out = set(few.vocabulary) - set(many.vocabulary)
    assert left_out == {each for each, n in seen_in.items() if n == 1 and is_long_run(each)}
    assert {"c xqz", "c xqzvw"} <= left_out
    assert {"w xqzvw", "c xq", "c  ", "c x"} & left_out == set()
    # They count in a message's length, as what was never seen does.
    assert judge(many, pipeline, "xqzvw xqzvw").confidences[0][0] == "inform"
    mixed, plain = (judge(many, pipeline, text).score for text in ("order ijklm", "order"))
    assert mixed < plain


@pytest.mark.parametrize("nearness", [-3.0, -0.2])
def test_a_score_rises_with_confidence_and_nearness_and_falls_near_what_is_out_of_scope(
    nearness: float,
) -> None:
    def score(confidences: list[float], near: float, aside: int | None) -> float:
        return float(scores_of(np.array([confidences]), np.array([near]), aside)[0])

    assert score([0.7, 0.2, 0.1], nearness, None) > score([0.6, 0.3, 0.1], nearness, None)
    assert score([0.7, 0.2, 0.1], nearness, None) > score([0.7, 0.2, 0.1], nearness - 1, None)
    assert score([0.7, 0.2, 0.1], nearness, None) == score([0.7, 0.1, 0.2], nearness, None)
    assert score([0.7, 0.2, 0.1], nearness, 1) < score([0.7, 0.1, 0.2], nearness, 1)
    # What is taken for out of scope itself has no lead over it.
    assert score([0.2, 0.7, 0.1], nearness, 1) == score([0.2, 0.7, 0.1], nearness, None)


def test_a_message_near_what_is_out_of_scope_scores_lower(pipeline: Language) -> None:
    beside = ["tell me a joke", "do you like jazz", "who won the match", "how old are you",
              "sing a song for me", "what's the weather", "今天天气怎么样", "讲个笑话"]  # fmt: skip
    learnt = train(examples_of(labelled([*TEXTS, *((OUT_OF_SCOPE, text) for text in beside)]),
                               pipeline))  # fmt: skip
    assert aside_of(learnt.needs) == learnt.needs.index(OUT_OF_SCOPE)
    without = replace(learnt, needs=tuple(need.replace("out_of", "in") for need in learnt.needs))
    assert aside_of(without.needs) is None
    leads = {
        text: judge(learnt, pipeline, text).score - judge(without, pipeline, text).score
        for text in ("where is my parcel", "where is my joke", "tell me a joke")
    }
    assert leads["where is my parcel"] > leads["where is my joke"] > leads["tell me a joke"] == 0


def test_the_share_refused_is_what_the_settings_allow(pipeline: Language) -> None:
    learnt = examples(pipeline, TEXTS)
    low, high = (train(learnt, Settings(refused=share)) for share in (0.02, 0.3))
    for kind in ("", "han", "spaced"):
        assert low.thresholds[kind] < high.thresholds[kind]
    refused = [high.judge(example.features, example.script).refused for example in learnt]
    assert sum(refused) / len(refused) < 0.3


def test_few_examples_of_a_script_share_the_common_threshold(pipeline: Language) -> None:
    learnt = examples(pipeline, [text for text in TEXTS if text[1].isascii()] + TEXTS[60:65])
    found = train(learnt)
    assert sorted(found.thresholds) == ["", "spaced"]
    assert found.judge(learnt[-1].features, "han").confidences


def test_held_out_accuracy_is_told(model: NeedModel) -> None:
    assert 0.5 < model.accuracy <= 1


def test_a_need_with_one_example_is_learnt_too(pipeline: Language) -> None:
    found = train(examples(pipeline, [*TEXTS, ("goodbye", "toodle pip old chap")]))
    assert judge(found, pipeline, "toodle pip old chap").confidences[0][0] == "goodbye"


def test_two_needs_are_enough(pipeline: Language) -> None:
    found = train(examples(pipeline, [text for text in TEXTS if "faq" in text[0]]))
    assert judge(found, pipeline, "shipping fee?").confidences[0][0] == "faq/shipping_cost"
    assert judge(found, pipeline, "退货").confidences[0][0] == "faq/returns"


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [("a", "x")],
        [("a", "x"), ("a", "y")],
        [("a", "x"), ("b", "y")],
        [("a", "x"), ("a", "y"), ("b", "z")],
    ],
)
def test_too_few_examples_are_refused_with_the_remedy(
    pipeline: Language, texts: list[tuple[str, str]]
) -> None:
    with pytest.raises(TrainingError, match="Give at least two needs"):
        train(examples(pipeline, texts))


def test_a_model_is_read_as_it_was_written_and_holds_no_pickle(
    model: NeedModel, pipeline: Language, tmp_path: Path
) -> None:
    write_model(model, tmp_path)
    found = read_model(tmp_path)
    for _, text in TEXTS[::9]:
        one, other = judge(model, pipeline, text), judge(found, pipeline, text)
        assert one.refused == other.refused
        assert one.score == pytest.approx(other.score, abs=1e-5)
        assert dict(one.confidences) == pytest.approx(dict(other.confidences), abs=1e-5)
    with zipfile.ZipFile(tmp_path / "need_model.npz") as archive:
        for name in archive.namelist():
            np.lib.format.read_array(archive.open(name), allow_pickle=False)


@pytest.mark.parametrize("name", ["need_model.npz", "need_model.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"PK\x03\x04 broken"])
def test_a_damaged_model_is_named_with_the_remedy(
    model: NeedModel, tmp_path: Path, name: str, content: bytes | None
) -> None:
    write_model(model, tmp_path)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelFileError, match="Train it again"):
        read_model(tmp_path)
