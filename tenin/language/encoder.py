"""Turns texts into dense vectors, with an encoder that the operator keeps in a folder.

The numbers behind `tenin.bot.encoder`, without Rasa. The folder holds `model.onnx`,
or `onnx/model.onnx`, and `tokenizer.json`, as exports of transformer encoders do;
onnxruntime and tokenizers read them. Nothing is ever downloaded.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Span = tuple[int, int]

POOLINGS = ("mean", "cls")

_MODELS = ("model.onnx", "onnx/model.onnx")
_TOKENIZER = "tokenizer.json"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OPTIONAL = ("token_type_ids",)
_STATES = ("last_hidden_state", "token_embeddings")
_INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
# A message is short, and the bot's other turns want the other cores.
_THREADS = 1
_CHUNK = 1 << 20


class EncoderError(ValueError):
    """The encoder can't be used as it is; the message names the path and the remedy."""


@dataclass(frozen=True)
class Options:
    """How to encode. Raises EncoderError when a value can't be.

    `pooling`: a sentence's vector is the mean of its pieces' or the first piece's;
    `max_tokens`: pieces of a text that count, the rest is cut off; `batch`: texts at once.
    """

    pooling: str = "mean"
    max_tokens: int = 128
    batch: int = 32

    def __post_init__(self) -> None:
        """Check the values."""
        if self.pooling not in POOLINGS:
            raise EncoderError(
                f"The encoder's `pooling` is {self.pooling!r}. Set it to one of "
                f"{', '.join(POOLINGS)}."
            )
        for name in ("max_tokens", "batch"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise EncoderError(
                    f"The encoder's `{name}` is {value!r}. Set it to a whole number above 0."
                )


@dataclass(frozen=True)
class Encoded:
    """One text's vectors: the sentence's, of length one, and those of the pieces in it.

    `spans` are the places of the pieces in the text; an added mark such as [CLS] has
    an empty one. A text without any piece has a sentence of zeros.
    """

    sentence: Floats
    pieces: Floats
    spans: Integers

    def words(self, spans: Sequence[Span]) -> Floats:
        """Give one vector of length one for each of the places `spans` in the text.

        It has the direction of the mean of the pieces there; zeros where none is, as
        beyond the cut or where the tokenizer drops a sign.
        """
        asked = np.array(spans, dtype=np.int64).reshape(-1, 2)
        begins_before = self.spans[np.newaxis, :, 0] < asked[:, np.newaxis, 1]
        ends_after = self.spans[np.newaxis, :, 1] > asked[:, np.newaxis, 0]
        return _unit((begins_before & ends_after).astype(np.float32) @ self.pieces)


class Encoder:
    """An encoder that was loaded and tried out. Raises EncoderError when it is not usable."""

    def __init__(self, folder: Path, options: Options | None = None) -> None:
        """Load the encoder in `folder` and try it on the longest text it will be given."""
        self._options = options or Options()
        self._model_file, tokenizer_file = encoder_files(folder)[:2]
        self._tokenizer = _read_tokenizer(tokenizer_file, self._options.max_tokens)
        self._pad = _pad_id(self._tokenizer)
        self._session = _read_model(self._model_file)
        self._types = _input_types(self._session, self._model_file)
        self._states = _states_name(self._session, self._model_file)
        self.dimension: int = self._try_out(tokenizer_file)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Give each text's vectors; what stands beside it in `texts` makes no difference."""
        # A lone surrogate, half of an emoji cut in two, is no text to the tokenizer.
        whole = (text.encode("utf-8", "replace").decode("utf-8") for text in texts)
        encodings = [self._tokenizer.encode(text) for text in whole]
        nothing = Encoded(
            np.zeros(self.dimension, np.float32),
            np.zeros((0, self.dimension), np.float32),
            np.zeros((0, 2), np.int64),
        )
        found = [nothing] * len(texts)
        # Texts of like length together need the least padding.
        order = [at for at, encoding in enumerate(encodings) if encoding.ids]
        order.sort(key=lambda at: len(encodings[at].ids))
        for start in range(0, len(order), self._options.batch):
            chosen = order[start : start + self._options.batch]
            for at, states in zip(chosen, self._run([encodings[at] for at in chosen]), strict=True):
                spans = np.array(encodings[at].offsets, dtype=np.int64)
                found[at] = Encoded(self._pool(states), states, spans)
        return found

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Give the sentences' vectors of length one, a row for each text."""
        sentences = [encoded.sentence for encoded in self.encode(texts)]
        return np.stack(sentences) if sentences else np.zeros((0, self.dimension), np.float32)

    def _pool(self, states: Floats) -> Floats:
        pooled = states[:1] if self._options.pooling == "cls" else states.mean(0, keepdims=True)
        return np.asarray(_unit(pooled)[0])

    def _run(self, encodings: Sequence[Encoding]) -> list[Floats]:
        """Give the last hidden states of each text's pieces, without padding."""
        lengths = [len(encoding.ids) for encoding in encodings]
        shape = (len(encodings), max(lengths))
        values = {
            "input_ids": np.full(shape, self._pad, np.int64),
            "attention_mask": np.zeros(shape, np.int64),
            "token_type_ids": np.zeros(shape, np.int64),
        }
        for row, encoding in enumerate(encodings):
            values["input_ids"][row, : lengths[row]] = encoding.ids
            values["attention_mask"][row, : lengths[row]] = 1
            values["token_type_ids"][row, : lengths[row]] = encoding.type_ids
        states = self._states_of(values)
        return [states[row, :length].copy() for row, length in enumerate(lengths)]

    def _states_of(self, values: dict[str, Integers]) -> Floats:
        feed: dict[str, Any] = {
            name: values[name].astype(kind) for name, kind in self._types.items()
        }
        return np.asarray(self._session.run([self._states], feed)[0], dtype=np.float32)

    def _try_out(self, tokenizer_file: Path) -> int:
        """Run the model on two longest texts of the tokenizer's last piece; give the dimension."""
        last = max(self._tokenizer.get_vocab().values(), default=0)
        shape = (2, self._options.max_tokens)
        values = {name: np.zeros(shape, np.int64) for name in _INPUTS}
        values["input_ids"] += last
        values["attention_mask"] += 1
        try:
            states = self._states_of(values)
        except Exception as error:  # onnxruntime's own share no base
            raise EncoderError(
                f"{self._model_file} fails on {self._options.max_tokens} tokens of the {last + 1} "
                f"that {tokenizer_file} knows ({_said(error)}). Set a smaller `max_tokens`, or "
                "put model and tokenizer of one and the same export there."
            ) from error
        if states.ndim != 3 or states.shape[:2] != shape or not states.shape[2]:
            raise EncoderError(
                f"{self._model_file} gives `{self._states}` of shape {states.shape} for {shape} "
                "tokens, not a vector for each. Export the encoder for feature extraction."
            )
        if not np.isfinite(states).all():
            raise EncoderError(
                f"{self._model_file} gives numbers that are none (NaN or infinite). Export the "
                "encoder anew, in float32."
            )
        return int(states.shape[2])


def encoder_files(folder: Path) -> list[Path]:
    """Give the encoder's model, its tokenizer, then the files of weights beside the model.

    Raises EncoderError when model or tokenizer is not in `folder`.
    """
    model = next((folder / name for name in _MODELS if (folder / name).is_file()), None)
    tokenizer = folder / _TOKENIZER
    if model is None or not tokenizer.is_file():
        missing = _TOKENIZER if model else _MODELS[0]
        raise EncoderError(
            f"There is no {missing} in {folder}. Put an encoder exported to ONNX there, or "
            "correct the `path` of the encoder in config.yml."
        )
    # Weights above 2 GB are kept apart: model.onnx_data, model.onnx.data.
    weights = sorted(path for path in model.parent.glob("model.onnx?*") if path.is_file())
    return [model, tokenizer, *weights]


def content_hash(folder: Path) -> str:
    """Give a hash of all that the vectors depend on: the encoder's files and this code.

    Raises EncoderError when they can't be read.
    """
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in encoder_files(folder):
        part = hashlib.sha256()
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    part.update(chunk)
        except OSError as error:
            raise EncoderError(f"{path} can't be read ({error}). Let the bot read it.") from error
        digest.update(path.name.encode() + part.digest())
    return digest.hexdigest()


def _unit(vectors: Floats) -> Floats:
    """Bring each row to length one; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _said(error: Exception) -> str:
    """Give what a library said, on one line."""
    return " ".join(str(error).split())


def _read_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing narrower
        raise EncoderError(
            f"{path} can't be read ({_said(error)}). Export the encoder's fast tokenizer anew."
        ) from error
    added = tokenizer.num_special_tokens_to_add(False)
    if max_tokens <= added:
        raise EncoderError(
            f"The encoder's `max_tokens` is {max_tokens}, but {path} adds {added} to every text. "
            f"Set it to more than {added}."
        )
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _pad_id(tokenizer: Tokenizer) -> int:
    """Give the piece to pad with: some models count positions by it."""
    found = (tokenizer.token_to_id(name) for name in ("[PAD]", "<pad>"))
    return next((number for number in found if number is not None), 0)


def _read_model(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _THREADS
    options.inter_op_num_threads = _THREADS
    options.log_severity_level = 4  # what fails comes as an exception
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own share no base
        raise EncoderError(
            f"{path} can't be loaded ({_said(error)}). Export the encoder to ONNX anew and copy "
            "all its files."
        ) from error


def _input_types(session: onnxruntime.InferenceSession, path: Path) -> dict[str, type]:
    """Give the inputs that the model takes, with their types."""
    inputs = {each.name: each for each in session.get_inputs()}
    needed = set(_INPUTS) - set(_OPTIONAL)
    if not needed <= set(inputs) <= set(_INPUTS):
        raise EncoderError(
            f"{path} takes {', '.join(sorted(inputs)) or 'nothing'}, but must take "
            f"{' and '.join(sorted(needed))}, and may take {', '.join(_OPTIONAL)}. Export a text "
            "encoder for feature extraction."
        )
    for each in inputs.values():
        fixed = [size for size in each.shape if isinstance(size, int)]
        if each.type not in _INTEGERS or len(each.shape) != 2 or fixed:
            raise EncoderError(
                f"{path} takes `{each.name}` as {each.type} of shape {each.shape}. Export it with "
                "whole numbers and with dynamic axes for texts and tokens."
            )
    return {name: _INTEGERS[each.type] for name, each in inputs.items()}


def _states_name(session: onnxruntime.InferenceSession, path: Path) -> str:
    outputs = [each.name for each in session.get_outputs()]
    for name in _STATES:
        if name in outputs:
            return name
    raise EncoderError(
        f"{path} gives {', '.join(outputs)}, but neither {' nor '.join(_STATES)}. Export the "
        "encoder for feature extraction."
    )
