"""`rasa train` with the project's own config.yml: what is kept, what is trained anew."""

import asyncio
import logging
import os
import shutil
from pathlib import Path

import pytest
from rasa.core.agent import Agent
from rasa.model_training import TrainingResult, train

from tenin.bot import spacy_nlp
from tests.unit.bot_nlu.test_classifier import DATA

ROOT = Path(__file__).parents[3]
DOMAIN = """
version: "3.1"
intents: [track_order, faq, inform]
entities: [order_number, email, phone]
actions: [action_not_understood, utter_faq]
"""
RULES = """
version: "3.1"
rules:
  - rule: Answer
    steps:
      - intent: faq
      - action: utter_faq
stories:
  - story: Again
    steps:
      - intent: faq
      - action: utter_faq
      - intent: faq
      - action: utter_faq
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project with the real config.yml; Rasa works in its folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "nlu.yml").write_text(DATA, encoding="utf-8")
    (tmp_path / "data" / "rules.yml").write_text(RULES, encoding="utf-8")
    (tmp_path / "domain.yml").write_text(DOMAIN, encoding="utf-8")
    shutil.copy(ROOT / "config.yml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "false")
    monkeypatch.setenv("RASA_CACHE_DIRECTORY", str(tmp_path / ".rasa" / "cache"))
    return tmp_path


def trained(caplog: pytest.LogCaptureFixture) -> tuple[TrainingResult, list[str]]:
    caplog.clear()
    with caplog.at_level(logging.INFO, "rasa.engine.training.hooks"):
        result = train("domain.yml", "config.yml", ["data"], "models")
    begun = [
        record.getMessage().split("'")[1]
        for record in caplog.records
        if record.getMessage().startswith("Starting to train")
    ]
    return result, begun


@pytest.mark.filterwarnings("default")
def test_the_whole_pipeline_trains_answers_and_knows_what_changed(
    project: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, begun = trained(caplog)
    assert result.code == 0
    assert set(begun) == {"NeedClassifier", "AugmentedMemoizationPolicy", "RulePolicy"}
    assert os.listdir(project / "var" / "cache") == ["jieba.cache"]

    agent = Agent.load(result.model)
    found = asyncio.run(agent.parse_message("订单20991231-0001到哪了"))
    assert found["intent"]["name"] == "track_order"
    assert [(entity["entity"], entity["value"]) for entity in found["entities"]] == [
        ("order_number", "209912310001")
    ]
    found = asyncio.run(agent.parse_message("what does shipping cost"))
    assert found["intent"]["full_retrieval_intent_name"] == "faq/shipping_cost"
    assert asyncio.run(agent.parse_message("???"))["intent"]["name"] == "nlu_fallback"

    assert trained(caplog)[1] == []

    monkeypatch.setattr(spacy_nlp, "content_hash", lambda: "another pipeline")
    assert trained(caplog)[1] == ["NeedClassifier"]
