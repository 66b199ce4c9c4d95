"""Test that results are kept by the programs' revision, also by two runs at once."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fidelity.result_cache import ResultCache, key_of, revision


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "main.py").write_text("1")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        person = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(folder), *person, *command], check=True)


def test_results_of_two_runs_are_kept_together(tmp_path: Path, checkout: Path) -> None:
    one, other = ResultCache(tmp_path / "hold", checkout), ResultCache(tmp_path / "hold", checkout)
    one["a"], other["b"] = [1], [2]
    again = ResultCache(tmp_path / "hold", checkout)
    assert "c" not in again and (again["a"], again["b"]) == ([1], [2])


def test_results_of_changed_programs_are_not_kept_for_another_run(tmp_path: Path, checkout: Path) -> None:
    (checkout / "app" / "main.py").write_text("2")
    changed = ResultCache(tmp_path / "hold", checkout)
    changed["a"] = 1
    assert changed.revision.endswith("+") and "a" in changed
    assert "a" not in ResultCache(tmp_path / "hold", checkout)


def test_revision_depends_on_the_programs_alone(checkout: Path) -> None:
    before = revision(checkout)
    (checkout / "notes.md").write_text("nothing of the programs")
    commit(checkout)
    assert revision(checkout) == before
    (checkout / "app" / "main.py").write_text("2")
    commit(checkout)
    assert revision(checkout) not in (before, f"{before}+")


def test_key_depends_on_samples_and_conditions() -> None:
    samples = np.arange(3, dtype=np.int16)
    assert key_of(samples, "en") == key_of(samples.copy(), "en")
    assert len({key_of(samples, "en"), key_of(samples, "zh"), key_of(samples[:2], "en")}) == 3
