"""Free space and durable writes: on a disk that is full, slow or refuses."""

import errno
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from app.diagnostics.checks.disk import disk, existing, recordings, writable
from app.journal.library import Library
from protocol.recognition import Options
from tests.app.diagnostics.checks.found import keys
from tests.helpers.no_sockets import without_sockets
from tests.helpers.tmpfs import fill, small_disk

MUCH, LITTLE, NONE = 10**10, 5 * 10**8, 10**6


def test_disk_reports_folders_of_one_disk_once(tmp_path: Path) -> None:
    places = [tmp_path / "data" / "takes", tmp_path / "logs"]
    room, takes = disk(places, tmp_path / "data" / "takes", tmp_path, lambda place: MUCH)
    assert keys([room, takes]) == ["ok disk-room", "ok disk-takes"]
    assert room.values == {"size": "10.0 GB", "folder": str(tmp_path)}
    assert list(tmp_path.iterdir()) == [], "nothing is made, nothing stays"


def test_disk_reports_low_and_exhausted_space(tmp_path: Path) -> None:
    assert keys(disk([tmp_path], tmp_path, tmp_path, lambda place: LITTLE))[0] == "advice disk-little"
    assert keys(disk([tmp_path], tmp_path, tmp_path, lambda place: NONE))[0] == "problem disk-full"


def test_disk_without_sockets_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_sockets(monkeypatch)
    found = disk([tmp_path], tmp_path, tmp_path / "run", lambda place: MUCH)[-1]
    assert keys([found]) == ["problem disk-no-sockets"]
    assert found.values == {"folder": str(tmp_path / "run"), "variable": "KIKIPOUNAMU_HOME"}


def test_disk_reports_failed_sync(tmp_path: Path) -> None:
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
def test_disk_names_cause_of_refused_write(tmp_path: Path, number: int, key: str) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, "no")

    assert keys([writable(tmp_path, refuse)]) == [f"problem {key}"]


def test_disk_reports_a_file_or_a_lost_link_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("/media/missing-disk/kikipounamu")
    for name in ("file", "link"):
        assert existing(tmp_path / name / "takes") == tmp_path / name
        assert keys([writable(tmp_path / name / "takes")]) == ["problem disk-no-folder"]


def test_slow_disk_is_advice(tmp_path: Path) -> None:
    times = iter([0.0, 1.5])
    found = writable(tmp_path, lambda descriptor: None, clock=lambda: next(times))
    assert keys([found]) == ["advice disk-slow"] and found.values["seconds"] == "1.5"


def test_disk_reports_a_really_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as small:
        fill(small)
        assert keys(disk([small], small, small)) == ["problem disk-full", "problem disk-no-room"]


def test_recordings_check_is_ok_without_takes(tmp_path: Path) -> None:
    assert keys(recordings(Library(tmp_path / "takes"))) == ["ok recordings-none"]


def test_recordings_check_names_takes_without_text(tmp_path: Path) -> None:
    library, sessions = Library(tmp_path / "takes"), [uuid4() for _ in range(4)]
    for session in sessions:
        with library.create(session, Options(), time.time()) as journal:
            journal.append(np.zeros(16_000, np.int16))
            journal.begin(0, 0)
    there, textless = recordings(library)
    assert keys([there, textless]) == ["ok recordings", "advice recordings-textless"]
    assert there.values["count"] == textless.values["count"] == "4"
    named = [str(session) in textless.values["commands"] for session in sessions]
    assert named.count(True) == 3 and "kikipounamu takes resend" in textless.values["commands"]


def test_recordings_check_ignores_running_take(tmp_path: Path) -> None:
    library = Library(tmp_path / "takes")
    with library.create(uuid4(), Options(), time.time()) as journal:
        journal.append(np.zeros(16_000, np.int16))
        assert keys(recordings(library)) == ["ok recordings"]
