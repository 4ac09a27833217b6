"""The spaCy pipeline: every language cut into words, nothing lost, entities exact."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from tenin.language import pipeline as module
from tenin.language.pipeline import build_pipeline, content_hash, is_ours
from tenin.language.signs import simplified

PIECES = [*"我的订单到哪了", *"𠀀々のー한aＡ１，。?- \u3000\n\t\u200b😀\0"]
PIECES += [*"届きません訂単", "ﾃﾝﾄ", "ﾃﾞ", "ｶﾞﾟ", "か\u3099", "㌔", "Ⅷ", "ﬁ", "훈민", "\ufeff"]
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


@pytest.mark.parametrize(
    ("text", "cut", "norms"),
    [
        ("注文が届きません", ["注文", "が", "届き", "ませ", "ん"],
         ["注文", "が", "届く", "ます", "ず"]),
        ("とどかない", ["とどか", "ない"], ["届く", "ない"]),
        ("ﾃﾝﾄのｻｲｽﾞは", ["ﾃﾝﾄ", "の", "ｻｲｽﾞ", "は"], ["テント", "の", "サイズ", "は"]),
        ("テントを返品したい", ["テント", "を", "返品", "し", "たい"],
         ["テント", "を", "返品", "為る", "たい"]),
        ("訂單到哪了", ["訂單", "到", "哪", "了"], ["订单", "到", "哪", "了"]),
        ("订单到哪了", ["订单", "到", "哪", "了"], ["订单", "到", "哪", "了"]),
        ("我要テント", ["我要", "テント"], ["我要", "テント"]),
    ],
)  # fmt: skip
def test_japanese_is_cut_by_sudachi_and_chinese_by_jieba(
    pipeline: Language, text: str, cut: list[str], norms: list[str]
) -> None:
    doc = pipeline(text)
    assert [token.text for token in doc] == cut
    assert [token.norm_ for token in doc] == norms


def test_hiragana_anywhere_makes_han_japanese(pipeline: Language) -> None:
    """The same signs: 返品送料 alone is cut as Chinese is."""
    alone, within = pipeline("返品したい"), pipeline("返品したい order 返品方法")
    assert [token.text for token in within][-2:] == ["返品", "方法"]
    assert [token.norm_ for token in alone] == [token.norm_ for token in within][: len(alone)]
    assert module._pieces("返品方法").__next__()[0] == "han"
    assert [kind for kind, _ in module._pieces("返品方法は order")] == ["japanese", "other"]


@pytest.mark.parametrize("start", ["", "のの", "我的"])
def test_long_japanese_is_cut_in_stretches(pipeline: Language, start: str) -> None:
    text = start + "注文が届きません。" * 2500 + "ありがとう" * 5000
    assert pipeline(text).text == text


SURROGATES = ["\ud83d", "\udc00", "届\ud83dきの", "我的\ud83d订单", "a\udfffb", "\ud83d\ud83d "]


@pytest.mark.parametrize("text", SURROGATES)
def test_half_a_sign_is_replaced_and_offsets_stay(pipeline: Language, text: str) -> None:
    doc = pipeline(text + " 202611050042")
    assert len(doc.text) == len(text) + 13
    assert [entity.start_char for entity in doc.ents] == [len(text) + 1]
    kept = {at: sign for at, sign in enumerate(text) if not "\ud800" <= sign <= "\udfff"}
    assert {at: doc.text[at] for at in kept} == kept
    assert set(doc.text[: len(text)]) - set(kept.values()) == {"\ufffd"}
    assert len(simplified(text)) == len(text)


@settings(max_examples=50)
@given(st.text(st.characters() | st.sampled_from(["\ud83d", "\udc00", "の", "單"]), max_size=40))
def test_any_text_is_taken_and_keeps_its_length(pipeline: Language, text: str) -> None:
    assert len(pipeline(text).text) == len(text)
    assert len(simplified(text)) == len(text)


def test_signs_are_simplified_one_by_one() -> None:
    assert simplified("訂單、後天 Ａ１ no") == "订单、后天 Ａ１ no"


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


@settings(max_examples=200)
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
