"""Tests of the error tree and of error messages."""

from app.core import errors
from app.core.errors import AppError, ModelsMissing
from tests.helpers.error_trees import documented_errors


def test_errors_share_base_and_appear_in_drawn_tree() -> None:
    assert all(issubclass(kind, AppError) for kind in documented_errors(errors))


def test_missing_models_error_names_install_command() -> None:
    error = ModelsMissing(["fsmn-vad", "whisper-base"])
    assert "kikipounamu models get fsmn-vad whisper-base" in str(error)
