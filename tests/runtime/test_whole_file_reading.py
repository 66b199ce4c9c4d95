"""Reads never wait, and their errors name the fault of the file."""

import os
from pathlib import Path

import pytest

from runtime.folders import refusal
from runtime.whole_file import open_nonblocking, read_regular


def test_content_is_read_up_to_the_limit(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"0123456789")
    assert read_regular(place) == read_regular(place, 10) == b"0123456789"
    with pytest.raises(OSError, match="it is larger than 0 MiB") as found:
        read_regular(place, 9)
    assert refusal(found.value).endswith("make it shorter, or move it away")


def test_missing_file_raises_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "file")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices are files on Unix only")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "link to a device"])
def test_anything_but_a_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    place, why = tmp_path / "file", "Is a directory" if kind == "folder" else "it is no regular file"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    elif kind == "device":
        place = Path("/dev/zero")
    else:
        place.symlink_to("/dev/zero")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    with pytest.raises(OSError, match=why) as found:
        read_regular(place)
    assert refusal(found.value).startswith(f"{place} cannot be used ({why}): move away what is")
    assert (len(os.listdir("/proc/self/fd")) if before else 0) == before


@pytest.mark.skipif(os.name != "posix", reason="pipes are files on Unix only")
def test_open_nonblocking_does_not_wait_for_the_reader_of_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        open_nonblocking(str(tmp_path / "pipe"), os.O_WRONLY)
    with open(tmp_path / "file", "wb", opener=open_nonblocking) as file:
        file.write(b"a")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
