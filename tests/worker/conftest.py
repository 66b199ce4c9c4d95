"""Fixtures of the worker's tests."""

import pytest

from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _engine_processes_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engine processes import ``tests.helpers.fault_engines``."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
