"""Tests of the error tree and of error messages."""

import inspect

from app.core import errors
from app.core.errors import AppError, ModelsMissing, Note


def test_errors_share_base_and_appear_in_drawn_tree() -> None:
    for name, kind in inspect.getmembers(
        errors, lambda kind: inspect.isclass(kind) and kind.__module__ == errors.__name__ and kind is not Note
    ):
        assert issubclass(kind, AppError)
        assert name in (errors.__doc__ or "")


def test_missing_models_error_names_install_command() -> None:
    error = ModelsMissing(["fsmn-vad", "whisper-base"])
    assert "kikipounamu models get fsmn-vad whisper-base" in str(error)
