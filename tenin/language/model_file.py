"""Writes and reads what `classification` learnt: plain arrays and JSON, never pickle.

`tenin.bot.classifier` keeps these two files in Rasa's model archive.
"""

import json
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from scipy.sparse import csr_matrix

from tenin.language.classification import NeedModel

_ARRAYS = "need_model.npz"
_PLAIN = "need_model.json"


class ModelFileError(ValueError):
    """The files of a model are missing or damaged; the message names the remedy."""


def write_model(model: NeedModel, folder: Path) -> None:
    """Write the model's two files into `folder`."""
    np.savez_compressed(
        folder / _ARRAYS,
        rarity=model.rarity,
        weights=model.weights,
        intercepts=model.intercepts,
        values=model.examples.data,
        columns=model.examples.indices.astype(np.int32),
        rows=model.examples.indptr.astype(np.int32),
        example_needs=model.example_needs.astype(np.int32),
    )
    plain = {
        "needs": model.needs,
        "vocabulary": model.vocabulary,
        "unknown_rarity": model.unknown_rarity,
        "temperature": model.temperature,
        "thresholds": model.thresholds,
        "accuracy": model.accuracy,
        "learner": model.learner,
    }
    (folder / _PLAIN).write_text(json.dumps(plain), encoding="ascii")


def read_model(folder: Path) -> NeedModel:
    """Read the model from its two files in `folder`. Raises ModelFileError."""
    try:
        plain = json.loads((folder / _PLAIN).read_text(encoding="ascii"))
        # Opened here, since numpy leaves a damaged file open.
        with (folder / _ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        shape = (len(found["example_needs"]), len(plain["vocabulary"]))
        return NeedModel(
            needs=tuple(plain["needs"]),
            vocabulary=tuple(plain["vocabulary"]),
            rarity=found["rarity"],
            unknown_rarity=plain["unknown_rarity"],
            weights=found["weights"],
            intercepts=found["intercepts"],
            examples=csr_matrix((found["values"], found["columns"], found["rows"]), shape=shape),
            example_needs=found["example_needs"].astype(np.int64),
            temperature=plain["temperature"],
            thresholds=plain["thresholds"],
            accuracy=plain["accuracy"],
            learner=(str(plain["learner"][0]), float(plain["learner"][1])),
        )
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ModelFileError(
            f"The trained model can't be read from {folder} ({error}). Train it again."
        ) from error
