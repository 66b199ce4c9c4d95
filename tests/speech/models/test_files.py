"""Hashing and the small file operations that installations are made of."""

import sys
from pathlib import Path

import pytest

from speech.models.catalogue import ModelFile
from speech.models.files import Stage, discard, fault_of, make_durable, read_blocks, size_fault_of, write_blocks
from tests.speech.models.example import CONTENTS, WEIGHTS, file_of, flip_bit, write_files


def test_a_file_is_right_only_if_every_bit_is(tmp_path: Path) -> None:
    path = write_files(tmp_path) / WEIGHTS
    assert fault_of(path, file_of(WEIGHTS)) is None
    flip_bit(path)
    assert size_fault_of(path, file_of(WEIGHTS)) is None
    assert "other contents" in (fault_of(path, file_of(WEIGHTS)) or "")


def test_missing_and_short_files_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / WEIGHTS
    assert "missing" in (fault_of(path, file_of(WEIGHTS)) or "")
    path.write_bytes(CONTENTS[WEIGHTS][:10])
    assert "10 bytes instead of 400000" in (fault_of(path, file_of(WEIGHTS)) or "")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: a file that never can be read")
def test_a_file_that_cannot_be_read_is_a_fault() -> None:
    unreadable = Path("/proc/self/mem")
    fault = fault_of(unreadable, ModelFile("mem", 0, "0" * 64))
    assert fault is not None and "cannot be read" in fault


def test_blocks_are_copied_and_counted(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 10_000)
    counts: list[int] = []
    with source.open("rb") as file:
        write_blocks(read_blocks(file), tmp_path / "new" / "copy", counts.append)
    assert (tmp_path / "new" / "copy").read_bytes() == source.read_bytes()
    assert counts == sorted(counts)
    assert counts[-1] == 2_560_000


def test_files_and_folders_can_be_made_durable(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    make_durable(tmp_path / "file")
    make_durable(tmp_path)
    with pytest.raises(FileNotFoundError):
        make_durable(tmp_path / "none")


def test_discarding_a_link_leaves_what_it_points_to(tmp_path: Path) -> None:
    target = write_files(tmp_path / "target")
    (tmp_path / "link").symlink_to(target)
    discard(tmp_path / "link")
    assert not (tmp_path / "link").is_symlink()
    assert (target / WEIGHTS).is_file()
    discard(target)
    assert not target.exists()
    discard(target)


def test_a_stage_keeps_parts_away_from_verified_files(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    assert stage.files not in stage.part(file_of(WEIGHTS)).parents
