"""An operator's encoder, small and made here: its vectors by hand, and what is wrong said."""

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from tenin.language.encoder import (
    Encoded,
    Encoder,
    EncoderError,
    Options,
    content_hash,
    encoder_files,
)

MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
# Each sees its own direction; the padding's is long, so that it shows where it counts.
VECTORS = {
    "[PAD]": (90, 90, 90, 90),
    "[UNK]": (0, 0, 0, 1),
    "[CLS]": (1, 0, 0, 0),
    "[SEP]": (0, 1, 0, 0),
    "where": (0, 0, 3, 0),
    "order": (2, 0, 0, 0),
    "退": (0, 4, 0, 0),
    "货": (0, 0, 0, 2),
}
CORPUS = ["where order", "退 货"]


def save_tokenizer(folder: Path, corpus: Sequence[str] = CORPUS, marks: bool = True) -> Tokenizer:
    """Train a tokenizer of whole words, every Chinese sign a word, and save it."""
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(corpus, trainers.WordLevelTrainer(special_tokens=list(MARKS)))
    if marks:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            special_tokens=[(mark, tokenizer.token_to_id(mark)) for mark in ("[CLS]", "[SEP]")],
        )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def model_of(
    table: NDArray[np.float32],
    *,
    types: bool = False,
    positions: int = 0,
    output: str = "last_hidden_state",
    flat: bool = False,
    integers: int = TensorProto.INT64,
    sizes: tuple[str | int, str | int] = ("texts", "tokens"),
    mask: str = "attention_mask",
) -> onnx.ModelProto:
    """Make a model: a token's state is its own vector plus the mean of those in the mask.

    With `types` a vector is added by the token's type, with `positions` one of that many
    by its place; `flat` gives one vector a text.
    """
    names = ["input_ids", mask, *(["token_type_ids"] if types else [])]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["own"]),
        helper.make_node("Cast", [mask], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["own", "column"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "one"], ["sum"], keepdims=1),
        helper.make_node("ReduceSum", ["column", "one"], ["count"], keepdims=1),
        helper.make_node("Div", ["sum", "count"], ["around"]),
        helper.make_node("Add", ["own", "around"], ["mixed"]),
    ]
    values = {
        "table": table,
        "one": np.array([1]),
        "last": np.array([2]),
    }
    found = "mixed"
    if types:
        values["kinds"] = np.array([[0.0] * 4, [500.0] * 4], dtype=np.float32)
        nodes += [
            helper.make_node("Gather", ["kinds", "token_type_ids"], ["kind"]),
            helper.make_node("Add", [found, "kind"], ["typed"]),
        ]
        found = "typed"
    if positions:
        values["places"] = np.zeros((positions, table.shape[1]), dtype=np.float32)
        values |= {"nought": np.array(0), "step": np.array(1), "second": np.array(1)}
        nodes += [
            helper.make_node("Shape", ["input_ids"], ["shape"]),
            helper.make_node("Gather", ["shape", "second"], ["length"]),
            helper.make_node("Range", ["nought", "length", "step"], ["range"]),
            helper.make_node("Gather", ["places", "range"], ["place"]),
            helper.make_node("Add", [found, "place"], ["placed"]),
        ]
        found = "placed"
    if flat:
        nodes.append(helper.make_node("ReduceSum", [found, "one"], [output], keepdims=0))
    else:
        nodes.append(helper.make_node("Identity", [found], [output]))
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info(name, integers, list(sizes)) for name in names],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests"
    )


def save_encoder(folder: Path, corpus: Sequence[str], dimension: int = 16, seed: int = 1) -> None:
    """Save an encoder of random vectors for the words of `corpus`."""
    tokenizer = save_tokenizer(folder, corpus)
    random = np.random.default_rng(seed)
    table = random.normal(size=(tokenizer.get_vocab_size(), dimension)).astype(np.float32)
    onnx.save(model_of(table), str(folder / "model.onnx"))


def table_of(tokenizer: Tokenizer) -> NDArray[np.float32]:
    words = sorted(tokenizer.get_vocab(), key=tokenizer.token_to_id)
    return np.array([VECTORS[word] for word in words], dtype=np.float32)


Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Save the small encoder with its known vectors; say what is to be otherwise."""

    def save(*, marks: bool = True, file: str = "model.onnx", **otherwise: object) -> Path:
        tokenizer = save_tokenizer(tmp_path, marks=marks)
        (tmp_path / file).parent.mkdir(exist_ok=True)
        model = model_of(table_of(tokenizer), **otherwise)  # type: ignore[arg-type]
        onnx.save(model, str(tmp_path / file))
        return tmp_path

    return save


def unit(*numbers: float) -> NDArray[np.float64]:
    return np.array(numbers) / np.linalg.norm(numbers)


# The mean of all states has the direction of the sum of the pieces' own vectors.
BY_HAND = {
    "where order": unit(1 + 2, 1, 3, 0),
    "Where... ORDER": unit(1 + 2, 1, 3, 3),  # three full stops, each unknown
    "退货": unit(1, 1 + 4, 0, 2),
    "order order 退": unit(1 + 4, 1 + 4, 0, 0),
    "": unit(1, 1, 0, 0),
    "😀": unit(1, 1, 0, 1),
}


@pytest.mark.parametrize("types", [False, True])
@pytest.mark.parametrize("output", ["last_hidden_state", "token_embeddings"])
@pytest.mark.parametrize("integers", [TensorProto.INT64, TensorProto.INT32])
def test_a_mean_is_right_by_hand(make: Make, types: bool, output: str, integers: int) -> None:
    encoder = Encoder(make(types=types, output=output, integers=integers))
    found = encoder.vectors(list(BY_HAND))
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array(list(BY_HAND.values())), abs=1e-6)


def test_the_first_piece_is_right_by_hand(make: Make) -> None:
    encoder = Encoder(make(), Options(pooling="cls"))
    # [CLS] itself, and a quarter of [CLS] + where + order + [SEP].
    expected = unit(1 + 3 / 4, 1 / 4, 3 / 4, 0)
    assert encoder.vectors(["where order"])[0] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("batch", [1, 2, 64])
def test_what_stands_beside_a_text_makes_no_difference(
    make: Make, pooling: str, batch: int
) -> None:
    encoder = Encoder(make(types=True), Options(pooling=pooling, batch=batch))
    texts = ["where order " * 9, *BY_HAND, "退 " * 30, "order"]
    together = encoder.encode(texts)
    for text, one in zip(texts, together, strict=True):
        [alone] = encoder.encode([text])
        assert one.sentence == pytest.approx(alone.sentence, abs=1e-6)
        assert one.pieces == pytest.approx(alone.pieces, abs=1e-4)
        assert one.spans.tolist() == alone.spans.tolist()


def test_a_tokenizer_that_pads_and_cuts_by_itself_is_not_let(make: Make) -> None:
    folder = make()
    expected = Encoder(folder).vectors(["order where where"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding(length=40)
    tokenizer.enable_truncation(3)
    tokenizer.save(str(folder / "tokenizer.json"))
    assert Encoder(folder).vectors(["order where where"]) == pytest.approx(expected)


def test_words_get_the_vectors_of_the_pieces_in_them(make: Make) -> None:
    [encoded] = Encoder(make()).encode(["where 退货"])
    # A fifth of [CLS] + where + 退 + 货 + [SEP].
    around = np.array([1 / 5, 5 / 5, 3 / 5, 2 / 5])
    where, back, goods = np.array([0, 0, 3, 0]), np.array([0, 4, 0, 0]), np.array([0, 0, 0, 2])
    words = encoded.words([(0, 5), (6, 8), (6, 7), (7, 8), (5, 6), (8, 99), (3, 4)])
    assert words.dtype == np.float32
    assert words == pytest.approx(
        np.array(
            [
                unit(*(where + around)),
                unit(*(back + goods + 2 * around)),
                unit(*(back + around)),
                unit(*(goods + around)),
                [0] * 4,
                [0] * 4,
                unit(*(where + around)),
            ]
        ),
        abs=1e-6,
    )
    assert encoded.words([]).shape == (0, 4)


def test_a_long_text_is_cut(make: Make) -> None:
    encoder = Encoder(make(), Options(max_tokens=4))
    [long, short] = encoder.encode(["where order 退 货 退", "where order"])
    assert long.sentence == pytest.approx(short.sentence)
    words = long.words([(0, 5), (6, 11), (12, 13)])
    assert words[:2].any(1).all()
    assert not words[2].any()


def test_a_text_without_pieces_is_zeros_and_harms_no_other(make: Make) -> None:
    encoder = Encoder(make(marks=False))
    [empty, order, blank] = encoder.encode(["", "order", " \n"])
    assert order.sentence == pytest.approx(np.array([1, 0, 0, 0]))
    for nothing in (empty, blank):
        assert nothing.sentence.shape == (4,)
        assert not nothing.sentence.any()
        assert nothing.words([(0, 1)]).tolist() == [[0] * 4]
    assert encoder.vectors(["", ""]).tolist() == [[0] * 4] * 2
    assert encoder.vectors([]).shape == (0, 4)


def save_subwords(folder: Path) -> Path:
    """Save an encoder whose tokenizer cuts words into pieces, as multilingual ones do."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    corpus = ["where is my order", "when does my parcel come", "我的订单到哪了", "退货要几天"]
    with warnings.catch_warnings():
        tokenizer.train_from_iterator(
            corpus * 5,
            trainers.UnigramTrainer(
                vocab_size=60,
                special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
                unk_token="<unk>",
                show_progress=False,
            ),
        )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    random = np.random.default_rng(1)
    table = random.normal(size=(tokenizer.get_vocab_size(), 5)).astype(np.float32)
    table[1] = 90
    onnx.save(model_of(table), str(folder / "model.onnx"))
    return folder


@pytest.fixture(scope="module")
def subwords(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(save_subwords(tmp_path_factory.mktemp("subwords")), Options(max_tokens=24))


def check(encoded: Encoded, text: str, dimension: int) -> None:
    assert np.linalg.norm(encoded.sentence) == pytest.approx(1, abs=1e-5)
    assert encoded.pieces.shape == (len(encoded.spans), dimension)
    assert np.isfinite(encoded.pieces).all()
    assert encoded.spans.min() >= 0
    assert encoded.spans.max() <= len(text)
    signs = encoded.words([(at, at + 1) for at in range(len(text))])
    assert signs.shape == (len(text), dimension)
    lengths = np.linalg.norm(signs, axis=1)
    assert np.all((lengths == 0) | (abs(lengths - 1) < 1e-5))


ANY = ["", " ", "😀", "👨\u200d👩\u200d👧 where", "\ud83d", "order \udc4d?", "\x00", "İstanbul"]


@pytest.mark.parametrize("text", [*ANY, "ﾊﾝｶｸ㍿", "e\u0301", "退" * 5000])
def test_any_text_has_a_vector(subwords: Encoder, text: str) -> None:
    [alone] = subwords.encode([text])
    check(alone, text, 5)
    [_, beside] = subwords.encode(["when does my parcel come", text])
    assert beside.sentence == pytest.approx(alone.sentence, abs=1e-6)


@settings(max_examples=60)
@given(texts=st.lists(st.text(st.characters() | st.sampled_from("order 退货我的")), max_size=6))
def test_any_texts_together_are_as_alone(subwords: Encoder, texts: list[str]) -> None:
    together = subwords.encode(texts)
    assert len(together) == len(texts)
    for text, one in zip(texts, together, strict=True):
        check(one, text, 5)
        assert one.sentence == pytest.approx(subwords.encode([text])[0].sentence, abs=1e-6)


def test_words_of_pieces_are_found_in_a_text_that_normalisation_changes(subwords: Encoder) -> None:
    [encoded] = subwords.encode(["ＯＲＤＥＲ 退货"])
    words = encoded.words([(0, 5), (6, 8)])
    assert words.any(1).all()
    assert abs(float(words[0] @ words[1])) < 0.999


def test_the_model_may_stand_in_a_folder_of_its_own(make: Make) -> None:
    folder = make(file="onnx/model.onnx")
    assert encoder_files(folder) == [folder / "onnx/model.onnx", folder / "tokenizer.json"]
    assert Encoder(folder).vectors(["退货"])[0] == pytest.approx(BY_HAND["退货"], abs=1e-6)


def test_weights_apart_are_read_and_count_for_the_hash(make: Make) -> None:
    folder = make()
    model = onnx.load(str(folder / "model.onnx"))
    onnx.save(
        model,
        str(folder / "model.onnx"),
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=64,
    )
    weights = folder / "model.onnx_data"
    assert weights in encoder_files(folder)
    assert Encoder(folder).vectors(["退货"])[0] == pytest.approx(BY_HAND["退货"], abs=1e-6)
    before = content_hash(folder)
    changed = bytearray(weights.read_bytes())
    changed[0] ^= 1
    weights.write_bytes(changed)
    assert content_hash(folder) != before
    weights.unlink()
    with pytest.raises(EncoderError, match=r"model\.onnx can't be loaded .* copy all its files"):
        Encoder(folder)


def test_the_hash_is_of_what_counts(make: Make, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = make()
    before = content_hash(folder)
    (folder / "README.md").write_text("An encoder.")
    os.utime(folder / "model.onnx", (1, 1))
    assert content_hash(folder) == before
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for file in encoder_files(folder):
        (elsewhere / file.name).write_bytes(file.read_bytes())
    assert content_hash(elsewhere) == before
    for file in encoder_files(folder):
        kept = file.read_bytes()
        file.write_bytes(kept + b" ")
        assert content_hash(folder) != before
        file.write_bytes(kept)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_what_is_missing_is_named(make: Make, name: str) -> None:
    folder = make()
    (folder / name).unlink()
    for use in (Encoder, content_hash):
        with pytest.raises(EncoderError) as raised:
            use(folder)
        assert f"no {name} in {folder}" in str(raised.value)
        assert "config.yml" in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00\x01", b'{"version": "1.0"}'])
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_what_is_damaged_is_named(make: Make, name: str, content: bytes) -> None:
    folder = make()
    (folder / name).write_bytes(content)
    with pytest.raises(EncoderError) as raised:
        Encoder(folder)
    assert str(folder / name) in str(raised.value)
    assert "anew" in str(raised.value)


def test_a_model_cut_short_is_named(make: Make) -> None:
    folder = make()
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EncoderError, match=r"model\.onnx .*anew"):
        Encoder(folder)


@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        ({"mask": "pixels"}, "takes input_ids, pixels, but must take attention_mask and"),
        ({"output": "logits"}, "gives logits, but neither last_hidden_state nor"),
        ({"flat": True}, r"`last_hidden_state` of shape \(2, 4\)"),
        ({"sizes": (1, "tokens")}, r"shape \[1, 'tokens'\].*dynamic axes"),
        ({"sizes": ("texts", 16)}, "dynamic axes"),
        ({"positions": 60}, "fails on 128 tokens .*smaller `max_tokens`"),
    ],
)
def test_a_model_of_another_kind_is_named(
    make: Make, otherwise: dict[str, object], said: str
) -> None:
    folder = make(**otherwise)
    with pytest.raises(EncoderError, match=said) as raised:
        Encoder(folder)
    assert str(folder / "model.onnx") in str(raised.value)


def test_a_model_for_fewer_tokens_works_with_fewer(make: Make) -> None:
    encoder = Encoder(make(positions=60), Options(max_tokens=60))
    assert encoder.vectors(["退货", "退" * 500])[0] == pytest.approx(BY_HAND["退货"], abs=1e-6)


def test_the_tokenizer_of_another_model_is_named(make: Make) -> None:
    folder = make()
    save_tokenizer(folder, [*CORPUS, "one more word"])
    with pytest.raises(EncoderError, match=r"fails on 128 tokens of the 11 that .*tokenizer\.json"):
        Encoder(folder)


def test_a_model_of_no_numbers_is_named(tmp_path: Path) -> None:
    tokenizer = save_tokenizer(tmp_path)
    table = table_of(tokenizer)
    table[-1] = np.nan
    onnx.save(model_of(table), str(tmp_path / "model.onnx"))
    with pytest.raises(EncoderError, match="NaN"):
        Encoder(tmp_path)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("pooling", "max"),
        ("max_tokens", 0),
        ("max_tokens", "many"),
        ("max_tokens", True),
        ("batch", -1),
        ("batch", 1.5),
    ],
)
def test_an_option_that_cannot_be_is_named(option: str, value: object) -> None:
    with pytest.raises(EncoderError, match=f"`{option}` is {value!r}"):
        Options(**{option: value})  # type: ignore[arg-type]


def test_too_few_tokens_for_the_added_marks_are_named(make: Make) -> None:
    with pytest.raises(EncoderError, match=r"`max_tokens` is 2, but .*tokenizer\.json adds 2"):
        Encoder(make(), Options(max_tokens=2))
