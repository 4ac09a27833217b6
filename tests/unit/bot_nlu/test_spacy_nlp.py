"""Rasa gets the project's pipeline, or an installed one, and notices when it changes."""

from pathlib import Path

import pytest
import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.extractors.spacy_entity_extractor import SpacyEntityExtractor
from rasa.nlu.model import InvalidModelError
from rasa.nlu.tokenizers.spacy_tokenizer import SpacyTokenizer
from rasa.nlu.utils import spacy_utils
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from tenin.bot import spacy_nlp
from tenin.bot.spacy_nlp import SpacyNLP
from tests.unit.bot_nlu.conftest import Places


def made(places: Places, **config: str) -> SpacyNLP:
    return SpacyNLP.create(config, places.storage, places.resource, places.context)


def test_our_component_stands_in_for_rasas_own() -> None:
    registered = DefaultV1Recipe._from_registry("tenin.bot.spacy_nlp.SpacyNLP")
    assert registered.clazz is SpacyNLP
    assert DefaultV1Recipe._from_registry("SpacyNLP").clazz is SpacyNLP
    assert issubclass(SpacyNLP, spacy_utils.SpacyNLP)


def test_words_and_entities_reach_the_message(places: Places, cache: str) -> None:
    component = made(places, model="tenin", cache=cache)
    message = Message.build(text="我的Order２０２６１１０５００４２到哪了，a.b@Example.com")
    component.process([message], component.provide())
    SpacyTokenizer(SpacyTokenizer.get_default_config()).process([message])
    extractor = SpacyEntityExtractor({"dimensions": ["order_number", "email", "phone"]})
    extractor.process([message], component.provide())
    tokens = message.get("text_tokens")
    assert [token.text for token in tokens][:3] == ["我", "的", "order"]
    assert [message.get(TEXT)[token.start : token.end].lower() for token in tokens] == [
        token.text for token in tokens
    ]
    assert [(entity["entity"], entity["value"]) for entity in message.get(ENTITIES)] == [
        ("order_number", "２０２６１１０５００４２"),
        ("email", "a.b@Example.com"),
    ]


def test_the_pipeline_is_built_once(places: Places, cache: str) -> None:
    spacy_nlp._built.cache_clear()
    one, other = made(places, cache=cache), made(places, cache=cache)
    assert one.provide().model is other.provide().model


def test_changed_content_changes_every_fingerprint(
    places: Places, cache: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"model": "tenin", "cache": cache}
    addon = SpacyNLP.fingerprint_addon(config)
    provided = made(places, **config).provide().fingerprint()
    assert addon
    assert addon == SpacyNLP.fingerprint_addon({})
    monkeypatch.setattr(spacy_nlp, "content_hash", lambda: "changed")
    assert SpacyNLP.fingerprint_addon(config) != addon
    assert made(places, **config).provide().fingerprint() != provided


def test_an_installed_pipeline_can_be_named(places: Places, tmp_path: Path) -> None:
    spacy.blank("xx").to_disk(tmp_path / "trained")
    name = str(tmp_path / "trained")
    provided = made(places, model=name).provide()
    assert provided.model.lang == "xx"
    assert provided.fingerprint() == name
    assert SpacyNLP.fingerprint_addon({"model": name}) is None


def test_a_missing_pipeline_is_named(places: Places) -> None:
    with pytest.raises(InvalidModelError, match="no_such_pipeline"):
        made(places, model="no_such_pipeline")


def test_no_pipeline_at_all_is_refused() -> None:
    with pytest.raises(Exception, match="returned 'None'"):
        SpacyNLP.ensure_proper_language_model(None)
    with pytest.raises(Exception, match="Failed to load"):
        SpacyNLP.ensure_proper_language_model(spacy.blank("en"))
