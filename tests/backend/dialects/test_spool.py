"""Folders of requests: one for each process. What killed processes left is removed, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backend.dialects.spool import open_spool


def test_folders_of_running_processes_stay(tmp_path: Path) -> None:
    first = open_spool(tmp_path, 0)
    part = first.part()
    second = open_spool(tmp_path, 0)
    assert first.folder != second.folder and part.path.exists()
    part.drop()


def test_folders_of_killed_processes_are_removed(tmp_path: Path) -> None:
    left = open_spool(tmp_path, 0)
    part = left.part()
    path = part.path
    left.claim.release()  # as the kernel does for a killed process
    other = open_spool(tmp_path, 0)
    assert not path.exists() and not left.folder.exists()
    part.drop()
    assert [one for one in tmp_path.iterdir() if one.is_dir()] == [other.folder]


def test_folders_opened_at_once_stay(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        opened = list(pool.map(lambda number: open_spool(tmp_path, 0), range(64)))
    assert [one.folder.name for one in opened if not one.folder.is_dir()] == []
