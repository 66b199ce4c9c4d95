"""Files are written completely or not at all."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from runtime.whole_file import replacing, sync_folder, write_whole


def test_failed_write_leaves_existing_file_unchanged(tmp_path: Path) -> None:
    place = tmp_path / "x.txt"
    place.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_whole(place, "\ud800")
    assert place.read_text() == "before"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("name", [f"{251 * 'x'}.txt", f"{83 * '翡'}.txt"])
def test_file_may_have_the_longest_name(tmp_path: Path, name: str) -> None:
    write_whole(tmp_path / name, "y")
    assert [(place.name, place.read_text()) for place in tmp_path.iterdir()] == [(name, "y")]


def test_written_file_has_mode_of_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "x", "y")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644


def test_writing_does_not_touch_the_umask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that read it at once would leave it at 0, for all files of the process."""
    monkeypatch.delattr(os, "umask")
    write_whole(tmp_path / "x", "y")
    assert (tmp_path / "x").read_text() == "y"


def test_replaced_file_is_private_and_keeps_content_when_writing_fails(tmp_path: Path) -> None:
    place = tmp_path / "x"
    with replacing(place, durable=True) as file:
        file.write(b"before")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    with pytest.raises(ZeroDivisionError), replacing(place) as file:
        file.write(b"after")
        raise ZeroDivisionError
    assert place.read_bytes() == b"before" and list(tmp_path.iterdir()) == [place]


def test_folder_can_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    if sys.platform != "win32":
        with pytest.raises(OSError, match="none"):
            sync_folder(tmp_path / "none")


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: folders are synced")
@pytest.mark.parametrize("refuses", [False, True])
def test_name_of_durable_file_is_synced_after_its_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refuses: bool
) -> None:
    synced: list[bool] = []

    def sync(descriptor: int) -> None:
        synced.append(is_folder := stat.S_ISDIR(os.fstat(descriptor).st_mode))
        assert (tmp_path / "x").exists() == is_folder
        if refuses and is_folder:
            raise OSError(errno.EINVAL, "this file system syncs no folders")

    monkeypatch.setattr(os, "fsync", sync)
    with replacing(tmp_path / "x", durable=True) as file:
        file.write(b"kept")
    assert synced == [False, True] and (tmp_path / "x").read_bytes() == b"kept"
