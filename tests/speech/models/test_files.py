"""Hashing and the small file operations used by installations."""

import sys
from pathlib import Path

import pytest

from speech.models.catalogue import ModelFile
from speech.models.files import (
    StagingArea,
    discard,
    fault_of,
    make_durable,
    read_blocks,
    size_fault_of,
    write_blocks,
)
from tests.speech.models.example import CONTENTS, WEIGHTS, file_of, flip_bit, write_files


def test_fault_of_detects_a_flipped_bit(tmp_path: Path) -> None:
    path = write_files(tmp_path) / WEIGHTS
    assert fault_of(path, file_of(WEIGHTS)) is None
    flip_bit(path)
    assert size_fault_of(path, file_of(WEIGHTS)) is None
    assert "other contents" in (fault_of(path, file_of(WEIGHTS)) or "")


def test_fault_of_distinguishes_missing_and_short_files(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    assert "missing" in (fault_of(path, file_of(WEIGHTS)) or "")
    path.write_bytes(CONTENTS[WEIGHTS][:10])
    assert "10 bytes instead of 400000" in (fault_of(path, file_of(WEIGHTS)) or "")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: a file that never can be read")
def test_fault_of_reports_an_unreadable_file() -> None:
    unreadable = Path("/proc/self/mem")
    fault = fault_of(unreadable, ModelFile("mem", 0, "0" * 64))
    assert fault is not None and "cannot be read" in fault


def test_write_blocks_copies_and_reports_progress(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 10_000)
    counts: list[int] = []
    with source.open("rb") as file:
        write_blocks(read_blocks(file), tmp_path / "new" / "copy", counts.append)
    assert (tmp_path / "new" / "copy").read_bytes() == source.read_bytes()
    assert counts == sorted(counts)
    assert counts[-1] == 2_560_000


def test_make_durable_accepts_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    make_durable(tmp_path / "file")
    make_durable(tmp_path)
    with pytest.raises(FileNotFoundError):
        make_durable(tmp_path / "none")


def test_discard_of_a_link_keeps_its_target(tmp_path: Path) -> None:
    target = write_files(tmp_path / "target")
    (tmp_path / "link").symlink_to(target)
    discard(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    assert (target / WEIGHTS).is_file()
    discard(target)
    assert not target.exists()
    discard(target)


def test_stage_separates_parts_from_verified_files(tmp_path: Path) -> None:
    stage = StagingArea(tmp_path)
    assert stage.files not in stage.part(file_of(WEIGHTS)).parents
