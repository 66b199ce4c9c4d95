"""Tests that ``kikipounamu report`` saves the information needed for troubleshooting."""

import json
import zipfile
from pathlib import Path

import pytest

from app.cli.doctor_command import write
from app.diagnostics.report.service import ReportNotSaved


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


async def test_report_is_saved_and_its_parts_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "home" / "config" / "settings.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[history]\ndays = 3\n")
    place = tmp_path / "mine.zip"
    assert await write(place) == 0
    said = capsys.readouterr().out
    with zipfile.ZipFile(place) as archive:
        assert all(name in said for name in archive.namelist()) and "settings.json" in archive.namelist()
        assert json.loads(archive.read("settings.json"))["history.days"] == 3
    assert f"saved as {place}" in said
    assert await write(place, as_json=True) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["file"] == str(place) and all(set(part) == {"name", "bytes"} for part in result["parts"])
    assert [part["name"] for part in result["parts"]] == [line.split()[0] for line in said.splitlines()[:-1]]


async def test_report_raises_when_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(ReportNotSaved, match="choose another place"):
        await write(tmp_path / "a file" / "report.zip")
