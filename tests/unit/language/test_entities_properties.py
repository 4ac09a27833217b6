"""What holds of entities in any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language

from tenin.language import entities as room
from tenin.language.entities import IDENTIFIERS, LABELS, find_entities

PIECES = [
    "202611050042",
    "2026 1105 0042",
    "二零二六一一零五零三一八",
    "two zero two six one one zero five",
    "SF1591937865764",
    "EB455824009CN",
    "a.b@example.com",
    "13812345678",
    "+86 138",
    "¥199",
    "两百块",
    "3,000円",
    "$20",
    "size M",
    "M",
    "XL",
    "42码",
    "27.5cm",
    "EU 42",
    "黑色",
    "黒",
    "olive",
    "sand one",
    "两件",
    "3個",
    "2 pairs",
    "a couple of them",
    "昨天",
    "3日前",
    "last Friday",
    "11月3日",
    "the 5th",
    "2026-11-03",
    "3/11",
    "上周五",
    "may 5",
    "订单",
    "order",
    "サイズ",
    "，",
    " ",
    "-",
    "の",
    "İ",
    "ﬁ",
    "x3",
]
ANY = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join) | st.text()


@given(ANY)
def test_entities_stand_apart_and_have_a_label_and_a_value(text: str) -> None:
    ends = 0
    for entity in find_entities(text):
        assert ends <= entity.start < entity.end <= len(text)
        assert entity.label in LABELS
        assert entity.value
        ends = entity.end


@given(ANY)
def test_looking_again_finds_the_same(text: str) -> None:
    first = find_entities(text)
    first_kept = list(first)
    first.clear()
    room._found.cache_clear()
    assert find_entities(text) == first_kept


@given(st.sampled_from(PIECES), st.sampled_from(["。", "，", "！", "\n"]))
def test_what_stands_alone_is_found_between_signs(piece: str, sign: str) -> None:
    alone = [(entity.label, entity.value) for entity in find_entities(piece)]
    if piece in {"M", "黒", "last Friday", "the 5th", "3日前", "上周五", "SF1591937865764"}:
        assert alone
        between = find_entities(f"{sign}{piece}{sign}")
        assert [(entity.label, entity.value) for entity in between] == alone


def test_the_spans_of_the_pipeline_carry_the_values(pipeline: Language) -> None:
    doc = pipeline("上周五买的两双黑色M码，订单二零二六一一零五零三一八")
    assert [(span.label_, span.text, span.kb_id_) for span in doc.ents] == [
        ("date", "上周五", "week-1:5"),
        ("quantity", "两双", "2"),
        ("colour", "黑色", "black"),
        ("size", "M码", "M"),
        ("order_number", "二零二六一一零五零三一八", "202611050318"),
    ]


def test_every_source_counts_for_the_hash() -> None:
    names = {source.rsplit("/", 1)[-1] for source in room.SOURCES}
    assert {"__init__.py", "dates.py", "days.py", "entities.yml", "colours.yml"} <= names


def test_only_identifiers_say_nothing_but_their_kind() -> None:
    assert {"order_number", "tracking_number", "email", "phone"} == IDENTIFIERS
    assert set(LABELS) - IDENTIFIERS == {"colour", "date", "money", "quantity", "size"}


@pytest.mark.parametrize(
    "piece",
    [
        "一",
        "1一",
        "one ",
        "一、",
        "S",
        "Sor",
        "x1",
        "2x",
        "the 1",
        "元",
        "1,",
        "周",
        "¥",
        "a@a.",
        "in 1 ",
        "size ",
    ],
)
def test_a_long_message_of_number_words_is_gone_through(piece: str) -> None:
    """A rule that tries every way to cut it would not end before the tests are stopped."""
    (piece * 20_000)[:20_000]
