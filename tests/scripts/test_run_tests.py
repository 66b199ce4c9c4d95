"""Test that the closing summary is true for real runs of pytest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import run_tests
from scripts.run_tests import (
    SECOND_TRIES,
    SKIPS_REFUSED,
    Tally,
    compile_tests,
    marked_serial,
    read_tally,
    run_together,
    succeeded,
    summary,
    worth_a_second_try,
)
from tests.helpers import skips

MIXED = """
import pytest

def test_good(): pass
@pytest.mark.parametrize("a", ["a.b"])
def test_bad(a): assert False
@pytest.fixture
def broken(): raise RuntimeError
class TestThem:
    def test_broken(self, broken): pass
@pytest.mark.skip(reason="needs a GPU")
def test_skipped(): pass
"""


def run_pytest(folder: Path, *arguments: str) -> Tally:
    """Run pytest in ``folder`` as scripts/run_tests.py does, and return the tally."""
    path = folder / "report.xml"
    asked = [f"--junitxml={path}", "-o", "junit_family=xunit1", f"--rootdir={folder}", *arguments]
    kept = {name: os.environ[name] for name in ("PATH", "PYTEST_ADDOPTS") if name in os.environ}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *asked]
    light = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(command, cwd=folder, capture_output=True, check=False, env=kept | light)
    return read_tally(path)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Write a folder with one test of each outcome."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_mixed.py").write_text(MIXED)
    return tmp_path


def test_each_outcome_is_counted(mixed: Path) -> None:
    tally = run_pytest(mixed)
    assert tally.passed == 1
    reasons = dict(tally.failures)
    assert reasons.pop("tests/test_mixed.py::test_bad[a.b]") == "assert False"
    assert "RuntimeError" in reasons.pop("tests/test_mixed.py::TestThem::test_broken")
    assert not reasons
    assert tally.skips == (("tests/test_mixed.py::test_skipped", "needs a GPU"),)


def test_failed_test_can_be_run_again_by_its_name(mixed: Path) -> None:
    first = run_pytest(mixed)
    (mixed / "tests" / "test_mixed.py").write_text(MIXED.replace("assert False", "pass"))
    second = run_pytest(mixed, *(test for test, _ in first.failures))
    tally = first.tried_again(second)
    assert tally.passed == 2
    assert [test for test, _ in tally.flaky] == ["tests/test_mixed.py::test_bad[a.b]"]
    assert [test for test, _ in tally.failures] == ["tests/test_mixed.py::TestThem::test_broken"]


def test_uncollectable_file_counts_as_failed(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text("import no_such_module")
    assert [test for test, _ in run_pytest(tmp_path).failures] == ["test_wrong.py"]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(Tally(), id="it did not run"),
        pytest.param(Tally(passed=1, failures=(("c.d", "no"),)), id="it failed again"),
        pytest.param(Tally(passed=1, skips=(("c.d", "no"),)), id="it was skipped"),
    ],
)
def test_failure_stays_failed_unless_it_passes_alone(second: Tally) -> None:
    first = Tally(passed=3, failures=(("c.d", "no"),))
    assert first.tried_again(second) == first


@pytest.mark.parametrize(
    ("failed", "statuses", "worth"),
    [
        (0, [0, 0], False),
        (1, [1, 0], True),
        (SECOND_TRIES, [1, 1], True),
        (SECOND_TRIES + 1, [1, 1], False),
        (1, [1, -9], False),
        (1, [1, SKIPS_REFUSED], False),
    ],
)
def test_only_few_failures_of_a_complete_run_are_tried_again(
    failed: int, statuses: list[int], worth: bool
) -> None:
    tally = Tally(passed=1, failures=tuple((f"test_{number}", "no") for number in range(failed)))
    assert worth_a_second_try(tally, statuses) is worth


def test_last_line_is_total_of_all_runs() -> None:
    failed = Tally(passed=1, failures=(("c.d", "no"),), flaky=(("e.f", "late"),))
    *named, took, last = summary(Tally(passed=3, skips=(("a.b", "needs root"),)) + failed, [0, 1], 2.04)
    assert named == [
        "failed: c.d: no",
        "passed only on its second try, alone: e.f: late",
        "skipped: a.b: needs root",
    ]
    assert (took, last) == ("2.0 minutes", "4 passed, 1 failed, 1 skipped")


@pytest.mark.parametrize(
    ("tally", "statuses", "good"),
    [
        (Tally(passed=1), [0, 0], True),
        (Tally(passed=1), [0, 5], True),
        (Tally(), [5, 5], False),
        (Tally(passed=1, failures=(("c.d", "no"),)), [0, 1], False),
        (Tally(passed=1, flaky=(("e.f", "late"),)), [0, 1], True),
        (Tally(passed=1, flaky=(("e.f", "late"),)), [SKIPS_REFUSED, 1], False),
        (Tally(passed=1), [0, 1], False),
        (Tally(passed=1), [0, 2], False),
        (Tally(passed=1), [0, -9], False),
    ],
)
def test_success_needs_a_passed_test_and_no_failed_run(tally: Tally, statuses: list[int], good: bool) -> None:
    assert succeeded(tally, statuses) is good


def test_incomplete_run_is_reported() -> None:
    assert any("status -9" in line for line in summary(Tally(passed=1), [0, -9], 1.0))


def test_refused_skip_is_reported_separately_from_failure() -> None:
    assert SKIPS_REFUSED == skips.SKIPS_REFUSED
    assert any("a skip that CI does not accept" in line for line in summary(Tally(passed=1), [6, 0], 1.0))


def test_run_that_failed_without_failed_test_is_reported() -> None:
    assert any("although no test did" in line for line in summary(Tally(passed=1), [0, 1], 1.0))


def test_skipped_module_reports_its_reason(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    why = "('/x/test_a.py', 3, 'Skipped: needs root to install: y')"
    whole = f'<skipped message="collection skipped">{why}</skipped>'
    report.write_text(f'<testsuite><testcase classname="" name="tests.test_a">{whole}</testcase></testsuite>')
    assert read_tally(report).skips == (("tests.test_a", "needs root to install: y"),)


def test_tests_of_fresh_checkout_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("app", "end_to_end"):
        (tmp_path / "tests" / name).mkdir(parents=True)
        (tmp_path / "tests" / name / f"test_{name}.py").write_text("def test_one(): pass")
    compile_tests(Path(sys.prefix))
    compiled = {path.parent.parent.name for path in tmp_path.rglob("*.pyc")}
    assert compiled == {"app", "end_to_end"}
    (tmp_path / "tests" / "app" / "test_more.py").write_text("def test_one(): pass")
    compile_tests(Path(sys.prefix))
    assert not list(tmp_path.rglob("test_more*.pyc")), "the checkout is not fresh any more"


MEETING = """
from pathlib import Path
import pytest
from tests.helpers.waiting import wait_until_sync

@pytest.mark.one
@pytest.mark.other
def test_both_are_there(request):
    name, here = request.config.option.markexpr, Path(__file__).parent
    (here / f"{name}.there").touch()
    wait_until_sync(lambda: len(list(here.glob("*.there"))) == 2, "both runs are there")
    assert name == "one"
"""


def test_runs_share_the_time_and_are_tallied_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(run_tests.__file__).parent.parent))
    (tmp_path / "test_meeting.py").write_text(MEETING)
    plans = {name: ["-q", "-p", "no:cacheprovider", "-m", name, "test_meeting.py"] for name in ("one", "other")}
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = one\n    other\n")
    (one, passed), (other, failed) = run_together(Path(sys.prefix), plans)
    assert (one, passed) == (0, Tally(passed=1))
    assert (other, [test for test, _ in failed.failures]) == (1, ["test_meeting.py::test_both_are_there"])
    printed = capfd.readouterr().out
    assert 0 <= printed.index("1 passed") < printed.index("1 failed"), "the second follows the first"


def test_only_files_with_serial_tests_are_collected(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "test_one.py").write_text("@pytest.mark.serial\ndef test_one(): pass")
    (tmp_path / "test_two.py").write_text("def test_two(): pass")
    assert marked_serial(tmp_path) == [str(tmp_path / "deep" / "test_one.py")]
