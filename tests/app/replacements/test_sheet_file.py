"""Rules in files of spreadsheet programs, which are read completely or not at all."""

import os
from pathlib import Path

import pytest

from app.replacements.errors import SheetTooLarge, SheetUnreadable
from app.replacements.rules import Replacement
from app.replacements.sheet_file import read_sheet
from app.replacements.spreadsheets import Sheet

TITLES = ("Recognised", "Replacement")
LINE = b"git hub,GitHub\n"


def test_largest_sheet_is_read_completely(tmp_path: Path) -> None:
    place = tmp_path / "words.csv"
    blank = b" " * 1023 + b"\n"
    place.write_bytes((blank * (4 << 10))[len(LINE) :] + LINE)
    assert read_sheet(place, TITLES, chinese=False) == Sheet((Replacement("git hub", "GitHub"),))
    place.write_bytes(b"\n" + place.read_bytes())
    with pytest.raises(SheetTooLarge, match="more than 4 MiB: split it"):
        read_sheet(place, TITLES, chinese=False)


def test_unreadable_sheet_is_named_without_waiting(tmp_path: Path) -> None:
    picture, pipe = tmp_path / "picture.csv", tmp_path / "pipe.csv"
    picture.write_bytes(b"\xff\xd8\xff\x00")
    os.mkfifo(pipe)
    for place in (picture, pipe, tmp_path, tmp_path / "none.csv"):
        with pytest.raises(SheetUnreadable, match="save it as CSV in UTF-8"):
            read_sheet(place, TITLES, chinese=True)
