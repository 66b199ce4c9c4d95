"""The closing summary tells the truth about real runs of pytest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.run_tests import Tally, marked_serial, read_tally, succeeded, summary

MIXED = """
import pytest

def test_good(): pass
def test_bad(): assert False
@pytest.fixture
def broken(): raise RuntimeError
def test_broken(broken): pass
@pytest.mark.skip(reason="needs a GPU")
def test_skipped(): pass
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """What pytest writes for one test of each kind."""
    (tmp_path / "test_mixed.py").write_text(MIXED)
    path = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={path}", str(tmp_path)]
    kept = {name: os.environ[name] for name in ("PATH", "PYTEST_ADDOPTS") if name in os.environ}
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, env=kept)
    assert ended.returncode == 1, ended.stdout
    return path


def test_each_kind_is_counted(report: Path) -> None:
    tally = read_tally(report)
    assert tally.passed == 1
    bad, broken = tally.failures
    assert bad == ("test_mixed.test_bad", "assert False")
    assert broken[0] == "test_mixed.test_broken" and "RuntimeError" in broken[1]
    assert tally.skips == (("test_mixed.test_skipped", "needs a GPU"),)


def test_the_last_line_is_the_total_of_all_runs() -> None:
    tally = Tally(passed=3, skips=(("a.b", "needs root"),)) + Tally(passed=1, failures=(("c.d", "no"),))
    *named, took, last = summary(tally, [0, 1], 2.04)
    assert named == ["failed: c.d: no", "skipped: a.b: needs root"]
    assert (took, last) == ("2.0 minutes", "4 passed, 1 failed, 1 skipped")


@pytest.mark.parametrize(
    ("tally", "statuses", "good"),
    [
        (Tally(passed=1), [0, 0], True),
        (Tally(passed=1), [0, 5], True),
        (Tally(), [5, 5], False),
        (Tally(passed=1, failures=(("c.d", "no"),)), [0, 1], False),
        (Tally(passed=1), [0, 1], False),
        (Tally(passed=1), [0, 2], False),
        (Tally(passed=1), [0, -9], False),
    ],
)
def test_success_needs_a_test_that_passed_and_no_run_that_failed(
    tally: Tally, statuses: list[int], good: bool
) -> None:
    assert succeeded(tally, statuses) is good


def test_a_run_that_was_cut_short_is_named() -> None:
    assert any("status -9" in line for line in summary(Tally(passed=1), [0, -9], 1.0))


def test_a_run_that_failed_without_a_failed_test_is_named() -> None:
    assert any("although no test did" in line for line in summary(Tally(passed=1), [0, 1], 1.0))


def test_a_module_that_is_skipped_as_a_whole_says_why(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    why = "('/x/test_a.py', 3, 'Skipped: needs root to install: y')"
    whole = f'<skipped message="collection skipped">{why}</skipped>'
    report.write_text(f'<testsuite><testcase classname="" name="tests.test_a">{whole}</testcase></testsuite>')
    assert read_tally(report).skips == ((".tests.test_a", "needs root to install: y"),)


def test_only_files_with_serial_tests_are_read_for_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "test_one.py").write_text("@pytest.mark.serial\ndef test_one(): pass")
    (tmp_path / "test_two.py").write_text("def test_two(): pass")
    assert marked_serial(tmp_path) == [str(tmp_path / "deep" / "test_one.py")]
