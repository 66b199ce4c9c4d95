"""Transcripts are saved completely, next to the recording or in a chosen folder, and replace no file."""

import os
from pathlib import Path

import pytest

from app.core.errors import OutputFailed
from app.core.formats import Format, render
from app.core.transcript import Segment, Transcript
from app.files.results import save, save_as

SAID = Transcript((Segment(0, 0, 1500, "kia ora 你好"),), 2000)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return tmp_path / "talk.v2.mp3"


@pytest.mark.parametrize("form", list(Format))
def test_save_writes_next_to_recording(talk: Path, form: Format) -> None:
    place = save(SAID, talk, form)
    assert place == talk.with_name(f"talk.v2.{form}")
    assert place.read_text(encoding="utf-8") == render(SAID, form, str(talk))


def test_save_creates_chosen_folder(talk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "texts" / "new"
    assert save(SAID, talk, Format.SRT, str(folder)) == folder / "talk.v2.srt"


def test_save_numbers_name_when_file_exists(talk: Path) -> None:
    mine = talk.with_name("talk.v2.srt")
    mine.write_text("mine")
    places = [save(SAID, talk, Format.SRT).name for _ in range(3)]
    assert places == ["talk.v2 (2).srt", "talk.v2 (3).srt", "talk.v2 (4).srt"]
    assert mine.read_text() == "mine"


def test_save_does_not_write_through_broken_link(talk: Path) -> None:
    os.symlink(talk.with_name("elsewhere"), talk.with_name("talk.v2.txt"))
    assert save(SAID, talk, Format.TXT).name == "talk.v2 (2).txt"


def test_save_leaves_no_file_when_it_fails(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match="cannot be written"):
        save(SAID, talk, Format.TXT, str(tmp_path / "file"))
    with pytest.raises(OutputFailed):
        save(SAID, tmp_path / ("x" * 252 + ".mp3"), Format.JSON)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_save_as_replaces_file(talk: Path, tmp_path: Path) -> None:
    place = tmp_path / "chosen.vtt"
    place.write_text("old")
    save_as(SAID, talk, place, Format.VTT)
    assert place.read_text(encoding="utf-8") == render(SAID, Format.VTT)
    with pytest.raises(OutputFailed, match="cannot be written"):
        save_as(SAID, talk, tmp_path / "none" / "x.vtt", Format.VTT)
