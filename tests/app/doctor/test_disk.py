"""Room, and whether what is recorded is safe: on a disk that is full, slow, or refuses."""

import errno
from pathlib import Path

import pytest

from app.doctor.disk import disk, existing, free_bytes, writable
from tests.app.doctor.found import keys
from tests.helpers.tmpfs import fill, small_disk

MUCH, LITTLE, NONE = 10**10, 5 * 10**8, 10**6


def test_what_is_on_one_disk_is_told_once(tmp_path: Path) -> None:
    places = [tmp_path / "data" / "takes", tmp_path / "logs"]
    room, takes = disk(places, tmp_path / "data" / "takes", lambda place: MUCH)
    assert keys([room, takes]) == ["ok disk-room", "ok disk-takes"]
    assert room.values == {"size": "10.0 GB", "folder": str(tmp_path)}
    assert list(tmp_path.iterdir()) == [], "nothing is made, nothing stays"
    assert free_bytes(tmp_path) > 0


def test_little_room_and_none(tmp_path: Path) -> None:
    assert keys(disk([tmp_path], tmp_path, lambda place: LITTLE))[0] == "advice disk-little"
    assert keys(disk([tmp_path], tmp_path, lambda place: NONE))[0] == "problem disk-full"


def test_a_disk_that_does_not_make_safe(tmp_path: Path) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    found = writable(tmp_path, refuse)
    assert keys([found]) == ["problem disk-refuses"] and found.values["error"] == "Input/output error"


@pytest.mark.parametrize(
    ("number", "key"),
    [
        (errno.EROFS, "disk-read-only"),
        (errno.EACCES, "disk-not-allowed"),
        (errno.EPERM, "disk-not-allowed"),
        (errno.EDQUOT, "disk-no-room"),
        (errno.ENOSPC, "disk-no-room"),
    ],
)
def test_disk_that_refuses_says_why(tmp_path: Path, number: int, key: str) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, "no")

    assert keys([writable(tmp_path, refuse)]) == [f"problem {key}"]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert existing(tmp_path / "file" / "takes") == tmp_path


def test_a_slow_disk_is_advice(tmp_path: Path) -> None:
    times = iter([0.0, 1.5])
    found = writable(tmp_path, lambda descriptor: None, clock=lambda: next(times))
    assert keys([found]) == ["advice disk-slow"] and found.values["seconds"] == "1.5"


def test_a_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as small:
        fill(small)
        assert keys(disk([small], small)) == ["problem disk-full", "problem disk-no-room"]
