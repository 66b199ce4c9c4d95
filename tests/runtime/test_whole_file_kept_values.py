"""Values kept in files that may be missing, damaged, too long, or not writable."""

from pathlib import Path

import pytest
from msgspec import Struct

from runtime.whole_file import keep, read_kept


class Note(Struct, frozen=True):
    text: str = ""


DEFAULT = Note("nothing")


def test_value_is_read_as_it_was_kept(tmp_path: Path) -> None:
    place = tmp_path / "new" / "note.json"
    assert read_kept(place, Note, DEFAULT) is DEFAULT
    for text in ("one", "two"):
        keep(place, Note(text))
        assert read_kept(place, Note, DEFAULT) == Note(text)
    assert place.stat().st_mode & 0o777 == 0o600 and [*place.parent.iterdir()] == [place]


@pytest.mark.parametrize("damage", [b"", b"[1", b'{"text": 1}', b'{"text": "\xff"}', b" " * (1 << 20) + b"{}"])
def test_damaged_value_counts_as_missing(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "note.json").write_bytes(damage)
    assert read_kept(tmp_path / "note.json", Note, DEFAULT) is DEFAULT


def test_value_that_cannot_be_written_is_lost_without_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    keep(tmp_path / "file" / "note.json", Note("one"))
    assert read_kept(tmp_path / "file" / "note.json", Note, DEFAULT) is DEFAULT
