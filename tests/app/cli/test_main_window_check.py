"""``kikipounamu app`` says what is missing where no window can be opened."""

import os
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import main
from app.cli.main import app, check_windows
from app.core.errors import AppError


def test_missing_library_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "find_spec", lambda name: None)
    with pytest.raises(AppError, match=r"kikipounamu\[desktop\]"):
        check_windows({"DISPLAY": ":0"})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux names its display in the environment")
def test_missing_display_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))  # else an app that runs here would show its window
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        check_windows({name: "offscreen"})
        monkeypatch.delitem(os.environ, name, raising=False)
    result = CliRunner().invoke(app, ["app"])
    assert (result.exit_code, "desktop session" in result.output) == (1, True)
