"""The language room's tests: one pipeline for all of them, its cache in a folder of theirs."""

import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # TensorFlow's and its friends', which spaCy imports
    import spacy  # noqa: F401

from spacy.language import Language

from tenin.language.pipeline import build_pipeline


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Language:
    """The project's pipeline."""
    return build_pipeline(tmp_path_factory.mktemp("jieba"))
