"""Errors of the set-up say what to do."""

from app.gpu.errors import PythonMissing, SetupFailed


def test_errors_say_what_to_do() -> None:
    assert "install one" in str(PythonMissing())
    assert "removed again" in str(SetupFailed("installing torch", "pip install torch"))
