"""Number of processes by default."""

import os
from pathlib import Path

import pytest

from backend.core.errors import InvalidSettings
from backend.processes import count
from backend.processes.count import MOST_BY_DEFAULT, by_cores, checked_count


def test_default_is_one_process_for_each_core(tmp_path: Path) -> None:
    assert by_cores(tmp_path) == min(MOST_BY_DEFAULT, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("50000 100000", 1), ("90000000 100000", None), ("max 100000", None), ("nonsense", None)],
)
def test_limit_of_the_container_counts_like_fewer_cores(tmp_path: Path, limit: str, expected: int | None) -> None:
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert by_cores(tmp_path) == (expected or by_cores(Path("/nowhere")))


@pytest.mark.parametrize(("quota_us", "expected"), [("20000", 1), ("-1", None)])
def test_limit_of_an_older_cgroup_counts_too(tmp_path: Path, quota_us: str, expected: int | None) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota_us)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert by_cores(tmp_path) == (expected or by_cores(Path("/nowhere")))


def test_several_processes_are_refused_where_they_are_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not count.possible() or checked_count(2) == 2
    monkeypatch.setattr(count, "possible", lambda: False)
    assert checked_count(1) == 1 and by_cores() == 1
    with pytest.raises(InvalidSettings, match="Linux or macOS"):
        checked_count(2)
