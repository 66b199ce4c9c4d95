"""Give every check an empty home folder."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KIKIPOUNAMU_MODELS", raising=False)
    return tmp_path / "home"
