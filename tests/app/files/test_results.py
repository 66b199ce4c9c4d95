"""Results are saved next to the recording or elsewhere, whole, and never in the place of anything."""

import os
from pathlib import Path

import pytest

from app.errors import OutputFailed
from app.files.results import save, save_as
from app.formats import Format, render
from app.transcript import Segment, Transcript

SAID = Transcript((Segment(0, 0, 1500, "kia ora 你好"),), 2000)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return tmp_path / "talk.v2.mp3"


@pytest.mark.parametrize("form", list(Format))
def test_next_to_the_recording(talk: Path, form: Format) -> None:
    place = save(SAID, talk, form)
    assert place == talk.with_name(f"talk.v2.{form}")
    assert place.read_text(encoding="utf-8") == render(SAID, form, str(talk))


def test_in_a_folder_that_is_made(talk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "texts" / "new"
    assert save(SAID, talk, Format.SRT, str(folder)) == folder / "talk.v2.srt"


def test_what_is_there_stays(talk: Path) -> None:
    mine = talk.with_name("talk.v2.srt")
    mine.write_text("mine")
    places = [save(SAID, talk, Format.SRT).name for _ in range(3)]
    assert places == ["talk.v2 (2).srt", "talk.v2 (3).srt", "talk.v2 (4).srt"]
    assert mine.read_text() == "mine"


def test_a_broken_link_is_not_written_through(talk: Path) -> None:
    os.symlink(talk.with_name("elsewhere"), talk.with_name("talk.v2.txt"))
    assert save(SAID, talk, Format.TXT).name == "talk.v2 (2).txt"


def test_a_folder_that_takes_nothing_is_told_and_nothing_is_left(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match="cannot be written"):
        save(SAID, talk, Format.TXT, str(tmp_path / "file"))
    with pytest.raises(OutputFailed):
        save(SAID, tmp_path / ("x" * 252 + ".mp3"), Format.JSON)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_chosen_place_is_replaced(talk: Path, tmp_path: Path) -> None:
    place = tmp_path / "chosen.vtt"
    place.write_text("old")
    save_as(SAID, talk, place, Format.VTT)
    assert place.read_text(encoding="utf-8") == render(SAID, Format.VTT)
    with pytest.raises(OutputFailed, match="cannot be written"):
        save_as(SAID, talk, tmp_path / "none" / "x.vtt", Format.VTT)
