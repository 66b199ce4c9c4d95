"""The error tree, and what an error says."""

import inspect

from app import errors
from app.errors import AppError, ModelsMissing


def test_one_base_and_a_drawn_tree() -> None:
    for name, kind in inspect.getmembers(
        errors, lambda kind: inspect.isclass(kind) and kind.__module__ == errors.__name__
    ):
        assert issubclass(kind, AppError)
        assert name in (errors.__doc__ or "")


def test_missing_models_name_the_command_that_installs_them() -> None:
    error = ModelsMissing(["fsmn-vad", "whisper-base"])
    assert error.names == ("fsmn-vad", "whisper-base")
    assert "kikipounamu models get fsmn-vad whisper-base" in str(error)
