"""Values in files: there, missing, damaged, of another kind, too long, and a file that cannot be written."""

from pathlib import Path

import pytest
from msgspec import Struct

from runtime.whole_file import keep, read_kept


class Note(Struct, frozen=True):
    text: str = ""


NOTHING = Note("nothing")


def test_value_is_read_as_it_was_kept(tmp_path: Path) -> None:
    place = tmp_path / "new" / "note.json"
    assert read_kept(place, Note, NOTHING) is NOTHING
    for text in ("one", "two"):
        keep(place, Note(text))
        assert read_kept(place, Note, NOTHING) == Note(text)
    assert place.stat().st_mode & 0o777 == 0o600 and [*place.parent.iterdir()] == [place]


@pytest.mark.parametrize("damage", [b"", b"[1", b'{"text": 1}', b'{"text": "\xff"}', b" " * (1 << 20) + b"{}"])
def test_damaged_value_counts_as_missing(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "note.json").write_bytes(damage)
    assert read_kept(tmp_path / "note.json", Note, NOTHING) is NOTHING


def test_value_is_lost_when_the_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    keep(tmp_path / "file" / "note.json", Note("one"))
    assert read_kept(tmp_path / "file" / "note.json", Note, NOTHING) is NOTHING
