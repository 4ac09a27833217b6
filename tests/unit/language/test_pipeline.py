"""The spaCy pipeline: every language cut into words, nothing lost, entities exact."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from tenin.language import pipeline as module
from tenin.language.pipeline import build_pipeline, content_hash, is_ours

PIECES = [*"我的订单到哪了", *"𠀀々のー한aＡ１，。?- \u3000\n\t\u200b😀\0"]
PIECES += ["カー", "don't", "202611050042", "2026 1105 0042", "a@b.com", "+86 13812345678", "👩‍🚀"]


def words(pipeline: Language, text: str) -> list[str]:
    return [token.text for token in pipeline(text)]


def test_chinese_is_cut_into_words(pipeline: Language) -> None:
    assert words(pipeline, "我想查询订单，谢谢") == ["我", "想", "查询", "订单", "，", "谢谢"]


def test_english_is_cut_at_its_signs(pipeline: Language) -> None:
    assert words(pipeline, "Where's my order, please?") == [
        "Where", "'s", "my", "order", ",", "please", "?",
    ]  # fmt: skip


def test_languages_in_one_sentence_are_each_cut_their_way(pipeline: Language) -> None:
    assert words(pipeline, "我的order什么时候到") == ["我", "的", "order", "什么", "时候", "到"]


def test_entities_stand_in_text_without_spaces(pipeline: Language) -> None:
    doc = pipeline("我的订单202611050042到哪了，邮箱a.b@example.com电话138 1234 5678")
    assert [(entity.label_, entity.text) for entity in doc.ents] == [
        ("order_number", "202611050042"),
        ("email", "a.b@example.com"),
        ("phone", "138 1234 5678"),
    ]


def test_an_entity_takes_nothing_of_its_neighbours(pipeline: Language) -> None:
    doc = pipeline("phone13812345678ok")
    assert [entity.text for entity in doc.ents] == ["13812345678"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60))
def test_no_character_is_lost(pipeline: Language, text: str) -> None:
    doc = pipeline(text)
    assert doc.text == text
    assert "".join(token.text_with_ws for token in doc) == text
    assert [entity.text for entity in doc.ents] == [
        text[found.start : found.end] for found in module.find_entities(text)
    ]


def test_the_cache_of_jieba_is_kept_where_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    build_pipeline(tmp_path / "var" / "cache")
    assert [file.name for file in (tmp_path / "var" / "cache").iterdir()] == ["jieba.cache"]
    assert list(elsewhere.iterdir()) == []


def test_only_our_pipeline_is_ours(pipeline: Language) -> None:
    import spacy

    assert is_ours(pipeline)
    assert not is_ours(spacy.blank("en"))


def test_the_hash_changes_with_the_sources_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content_hash()
    copies = [shutil.copy(source, tmp_path) for source in module._SOURCES]
    monkeypatch.setattr(module, "_SOURCES", copies)
    assert content_hash() == before
    rules = Path(copies[1])
    rules.write_text(rules.read_text() + "\n# another rule\n")
    assert content_hash() != before


def test_the_hash_changes_with_the_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_hash()
    monkeypatch.setattr(module, "version", lambda package: f"{package} 99")
    assert content_hash() != before
