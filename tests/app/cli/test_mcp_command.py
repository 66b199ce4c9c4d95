"""``kikipounamu mcp`` needs its library, and says how to get it."""

import importlib.util

import pytest

from app.cli.mcp_command import check_installed
from app.core.errors import AppError


def test_missing_library_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    check_installed()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(AppError, match=r"kikipounamu\[mcp\]"):
        check_installed()
