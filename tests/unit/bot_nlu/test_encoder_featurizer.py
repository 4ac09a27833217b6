"""Dense features reach Rasa's classifiers; the pipelines of docs/encoder.md train and answer."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from rasa.core.agent import Agent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.training.fingerprinting import calculate_fingerprint_key
from rasa.model_training import train
from rasa.nlu.tokenizers.spacy_tokenizer import SpacyTokenizer
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import ACTION_TEXT, RESPONSE, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from tenin.bot import encoder
from tenin.bot.encoder import EncoderFeaturizer, EncoderUnusable
from tenin.bot.spacy_nlp import SpacyNLP
from tenin.language.encoder import Encoder, Options
from tests.unit.bot_nlu.conftest import Places
from tests.unit.language.test_encoder import save_encoder

ROOT = Path(__file__).parents[3]
NEEDS = {
    "track_order": [
        "where is my order",
        "when does my order come",
        "track my parcel",
        "my parcel is late",
        "我的订单到哪了",
        "查一下我的快递",
    ],
    "goodbye": ["bye", "goodbye", "see you soon", "talk to you later", "再见", "拜拜"],
    "faq/shipping_cost": ["how much is shipping", "what does shipping cost", "运费多少", "包邮吗"],
    "faq/returns_policy": ["how do returns work", "can i return shoes", "怎么退货", "可以退货吗"],
}
TEXTS = [text for texts in NEEDS.values() for text in texts]
DATA = {
    "version": "3.1",
    "nlu": [
        {"intent": need, "examples": "".join(f"- {text}\n" for text in texts)}
        for need, texts in NEEDS.items()
    ],
    "responses": {
        "utter_faq/shipping_cost": [{"text": "Free from 199."}],
        "utter_faq/returns_policy": [{"text": "Within 30 days."}],
    },
    "rules": [
        {"rule": "Answer", "steps": [{"intent": "faq"}, {"action": "utter_faq"}]},
    ],
    "stories": [
        {
            "story": "Twice",
            "steps": [{"intent": "faq"}, {"action": "utter_faq"}] * 2,
        }
    ],
}
DOMAIN = {
    "version": "3.1",
    "intents": ["track_order", "goodbye", "faq"],
    "entities": ["order_number", "email", "phone"],
    "actions": ["action_not_understood", "utter_faq"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An encoder that knows the words of the examples."""
    save_encoder(tmp_path / "encoder", TEXTS)
    return tmp_path / "encoder"


def loaded(places: Places, folder: Path, **config: Any) -> EncoderFeaturizer:
    """An encoder's component, trained, written and read."""
    config = {"path": str(folder), **config}
    EncoderFeaturizer.create(config, *places).train(TrainingData())
    return EncoderFeaturizer.load(config, *places)


def cut(message: Message, places: Places, cache: str) -> Message:
    """Give `message` its words, as the pipeline of the project does."""
    component = SpacyNLP.create({"cache": cache}, *places)
    component.process([message], component.provide())
    SpacyTokenizer(SpacyTokenizer.get_default_config()).process([message])
    return message


def test_it_is_registered_by_its_path() -> None:
    registered = DefaultV1Recipe._from_registry("tenin.bot.encoder.EncoderFeaturizer")
    assert registered.clazz is EncoderFeaturizer
    assert registered.types == {DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER}


def test_a_message_gets_a_row_for_each_word_and_one_for_itself(
    places: Places, cache: str, folder: Path
) -> None:
    text = "Where is 我的订单?"
    message = cut(Message.build(text=text), places, cache)
    places.context.node_name = "run_encoder"
    loaded(places, folder).process([message])
    words, sentence = message.get_dense_features(TEXT)
    tokens = message.get("text_tokens")
    [encoded] = Encoder(folder).encode([text])
    assert [token.text for token in tokens] == ["where", "is", "我", "的", "订单", "?"]
    assert sentence.features.shape == (1, 16)
    assert sentence.features[0] == pytest.approx(encoded.sentence)
    assert words.features == pytest.approx(
        encoded.words([(0, 5), (6, 8), (9, 10), (10, 11), (11, 13), (13, 14)])
    )
    assert {features.origin for features in message.features} == {"run_encoder"}


def test_pooling_and_length_come_from_the_config(places: Places, cache: str, folder: Path) -> None:
    text = "where is my order 包邮吗"
    for options in ({"pooling": "cls"}, {"max_tokens": 4}, {"batch": 1}):
        message = cut(Message.build(text=text), places, cache)
        loaded(places, folder, **options).process([message])
        _, sentence = message.get_dense_features(TEXT)
        expected = Encoder(folder, Options(**options)).vectors([text])
        assert sentence.features == pytest.approx(expected)
    assert not np.allclose(
        Encoder(folder, Options(pooling="cls")).vectors([text]), Encoder(folder).vectors([text])
    )


def test_every_training_text_gets_features(
    places: Places, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder, "_TEXTS_AT_ONCE", 3)
    messages = [
        Message({TEXT: text, RESPONSE: "within 30 days"}) for text in ("a", "where", "b", "a")
    ]
    messages += [Message({ACTION_TEXT: "see you soon"}), Message({"intent": "goodbye"})]
    data = TrainingData(messages)
    WhitespaceTokenizer(WhitespaceTokenizer.get_default_config()).process_training_data(data)
    loaded(places, folder).process_training_data(data)
    for message in data.training_examples:
        for attribute in (TEXT, RESPONSE, ACTION_TEXT):
            words, sentence = message.get_dense_features(attribute)
            if not message.get(attribute):
                assert words is None
                assert sentence is None
                continue
            assert len(words.features) == len(message.get(attribute).split())
            expected = Encoder(folder).vectors([message.get(attribute)])
            assert sentence.features == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("text", ["", " ", "😀", "İstanbul İİ?", "退货" * 99, "\x00"], ids=repr)
def test_any_text_passes(places: Places, cache: str, folder: Path, text: str) -> None:
    message = cut(Message.build(text=text), places, cache)
    loaded(places, folder).process([message])
    words, sentence = message.get_dense_features(TEXT)
    tokens = message.get("text_tokens")
    if tokens:
        assert words.features.shape == (len(tokens), 16)
        assert np.isfinite(words.features).all()
        assert np.linalg.norm(sentence.features) == pytest.approx(1, abs=1e-5)
    else:
        assert words is None
        assert sentence is None


def key(folder: Path) -> str:
    found: str = calculate_fingerprint_key(EncoderFeaturizer, {"path": str(folder)}, {})
    return found


def test_another_encoder_trains_anew_and_is_not_taken_for_the_trained_one(
    places: Places, folder: Path
) -> None:
    before = key(folder)
    assert key(folder) == before
    loaded(places, folder)
    kept = (folder / "model.onnx").read_bytes()
    save_encoder(folder, TEXTS, seed=2)
    assert key(folder) != before
    with pytest.raises(EncoderUnusable, match=r"not the one .* Train the model again"):
        EncoderFeaturizer.load({"path": str(folder)}, *places)
    (folder / "model.onnx").write_bytes(kept)
    EncoderFeaturizer.load({"path": str(folder)}, *places)
    assert key(folder) == before


def test_what_is_wrong_is_one_clear_error(places: Places, folder: Path) -> None:
    config = {"path": str(folder)}
    with pytest.raises(EncoderUnusable, match="Train it again"):
        EncoderFeaturizer.load(config, *places)
    with pytest.raises(EncoderUnusable, match="Train a model first"):
        EncoderFeaturizer.create(config, *places).process([])
    (folder / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(EncoderUnusable, match=r"model\.onnx can't be loaded"):
        loaded(places, folder)
    (folder / "tokenizer.json").unlink()
    for use in (
        lambda: EncoderFeaturizer.fingerprint_addon(config),
        lambda: EncoderFeaturizer.create(config, *places).train(TrainingData()),
        lambda: EncoderFeaturizer.load(config, *places),
    ):
        with pytest.raises(EncoderUnusable, match=re.escape(f"no tokenizer.json in {folder}")):
            use()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "`path`"),
        ({"path": 3}, "`path`"),
        ({"path": "x", "pooling": "max"}, "`pooling`"),
        ({"path": "x", "batch": 0}, "`batch`"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    places: Places, config: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidConfigException, match=said):
        EncoderFeaturizer.create(config, *places)
    with pytest.raises(InvalidConfigException, match=said):
        EncoderFeaturizer.fingerprint_addon(config)


def documented() -> list[dict[str, Any]]:
    """Give the pipelines that docs/encoder.md tells operators to copy."""
    text = (ROOT / "docs" / "encoder.md").read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]


def names(config: dict[str, Any]) -> list[str]:
    return [component["name"] for component in config["pipeline"]]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("dense", [True, False], ids=["encoder", "counts"])
def test_config_alone_returns_to_diet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dense: bool
) -> None:
    """The project's own config.yml, with nothing but the documented pipeline in it."""
    [config] = [
        found
        for found in documented()
        if ("tenin.bot.encoder.EncoderFeaturizer" in names(found)) is dense
    ]
    assert {"DIETClassifier", "ResponseSelector", "FallbackClassifier"} <= set(names(config))
    for component in config["pipeline"]:
        if "epochs" in component:
            component |= {"epochs": 40, "random_seed": 1}
        if "path" in component:
            assert not Path(component["path"]).is_absolute()
            save_encoder(tmp_path / component["path"], TEXTS)
    ours = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    (tmp_path / "config.yml").write_text(yaml.safe_dump({**ours, **config}), encoding="utf-8")
    (tmp_path / "domain.yml").write_text(yaml.safe_dump(DOMAIN), encoding="utf-8")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "all.yml").write_text(
        yaml.safe_dump(DATA, allow_unicode=True), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "false")
    monkeypatch.setenv("RASA_CACHE_DIRECTORY", str(tmp_path / ".rasa" / "cache"))

    result = train("domain.yml", "config.yml", ["data"], "models")
    assert result.code == 0
    agent = Agent.load(result.model)

    def parse(text: str) -> dict[str, Any]:
        found: dict[str, Any] = asyncio.run(agent.parse_message(text))
        return found

    for text, intent in [
        ("where is my order", "track_order"),
        ("我的订单到哪了", "track_order"),
        ("see you soon", "goodbye"),
        ("what does shipping cost", "faq"),
    ]:
        found = parse(text)
        ranked = {each["name"]: each["confidence"] for each in found["intent_ranking"]}
        assert set(ranked) - {"nlu_fallback"} == {"track_order", "goodbye", "faq"}
        ranked.pop("nlu_fallback", None)
        assert max(ranked, key=lambda name: ranked[name]) == intent
    answer = parse("can i return shoes")["response_selector"]["faq"]["response"]
    assert answer["intent_response_key"] == "faq/returns_policy"
    for text in ("", "😀", "zebras juggle", "退" * 300):
        assert {"name", "confidence"} <= set(parse(text)["intent"])
    number = parse("my order 20991231-0001 is late")["entities"]
    assert [(each["entity"], each["value"]) for each in number] == [
        ("order_number", "20991231-0001")
    ]
    if dense:
        shutil.rmtree(tmp_path / "var" / "encoder")
        with pytest.raises(EncoderUnusable, match=r"no tokenizer\.json|no model\.onnx"):
            Agent.load(result.model).parse_message("bye")


def test_the_encoder_of_the_tests_is_small(folder: Path) -> None:
    """Nothing is downloaded: model and tokenizer are what the test wrote."""
    assert {file.name for file in folder.iterdir()} == {"model.onnx", "tokenizer.json"}
    model = onnx.load(str(folder / "model.onnx"))
    assert sum(np.prod(tensor.dims) for tensor in model.graph.initializer) < 5_000
