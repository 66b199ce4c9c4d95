"""Unusual files in a take's folder are inspected without blocking, reading or following them."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from app.journal.disk import AUDIO, DELETED, EVENTS
from app.journal.take_files import MOST_BYTES, MOST_LINES, Unreadable, inspect_files, read_events, read_folder


def a_socket(path: Path) -> None:
    """Create a socket at ``path``. Socket names must be short, so it is created nearby and moved."""
    made = Path("s")
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(made))
        made.rename(path.name)
    finally:
        os.chdir(here)


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (lambda path: path.mkdir(), "it is a folder, not a file"),
    "pipe": (lambda path: os.mkfifo(path), "it is a pipe, not a file"),
    "socket": (a_socket, "it is a socket, not a file"),
    "device": (lambda path: path.symlink_to(os.devnull), "it is a device, not a file"),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "it is a link to nothing"),
    "link to itself": (
        lambda path: path.symlink_to(path.name),
        "it cannot be read: Too many levels of symbolic links",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / EVENTS).write_bytes(b"")
    (tmp_path / AUDIO).write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize("name", [EVENTS, AUDIO])
@pytest.mark.parametrize("kind", ODD)
def test_path_that_is_not_a_file_is_a_fault(folder: Path, name: str, kind: str) -> None:
    make, why = ODD[kind]
    (folder / name).unlink()
    make(folder / name)
    take, files = read_folder(folder)
    assert files.exist
    assert [str(fault) for fault in take.damage] == [f"{name}: {why}"]


def test_link_to_a_file_counts_as_a_file(folder: Path) -> None:
    (folder / AUDIO).unlink()
    (folder / "elsewhere").write_bytes(b"abcd")
    (folder / AUDIO).symlink_to("elsewhere")
    assert inspect_files(folder).audio == 4


@pytest.mark.parametrize("size", [MOST_BYTES + 1, 2**43])
def test_oversized_journal_is_not_read(folder: Path, size: int) -> None:
    with (folder / EVENTS).open("r+b") as file:
        file.truncate(size)
    with pytest.raises(Unreadable, match=f"it has {size} bytes, and no journal has more than"):
        read_events(folder)


def test_journal_with_too_many_lines_is_not_decoded(folder: Path) -> None:
    (folder / EVENTS).write_bytes(b"\n" * (MOST_LINES + 1))
    with pytest.raises(Unreadable, match="lines, and no journal has more"):
        read_events(folder)


def test_folder_without_audio_or_journal_is_no_take(tmp_path: Path) -> None:
    assert not inspect_files(tmp_path).exist
    (tmp_path / AUDIO).write_bytes(b"")
    assert not inspect_files(tmp_path).exist
    (tmp_path / AUDIO).write_bytes(b"ab")
    assert inspect_files(tmp_path).exist


def test_take_being_deleted_does_not_exist(folder: Path) -> None:
    (folder / AUDIO).rename(folder / DELETED)
    assert not inspect_files(folder).exist
