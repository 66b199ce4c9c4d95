"""``kikipounamu desktop`` adds the app to the menu of this user, and removes every trace of it there."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import app


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("KIKIPOUNAMU_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_DATA_DIRS", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux has such entries")
def test_desktop_install_and_remove_name_the_file(home: Path) -> None:
    place = home / ".local" / "share" / "applications" / "org.kikipounamu.app.desktop"
    assert CliRunner().invoke(app, ["desktop", "install"]).output == f"written: {place}\n"
    assert place.exists()
    assert CliRunner().invoke(app, ["desktop", "remove"]).output == f"removed: {place}\n"
    assert "nothing to remove" in CliRunner().invoke(app, ["desktop", "remove"]).output


def test_desktop_refuses_for_a_separate_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(home / "portable"))
    for command in ("install", "remove"):
        refused = CliRunner().invoke(app, ["desktop", command])
        assert (refused.exit_code, "KIKIPOUNAMU_HOME" in refused.output) == (1, True)
