"""Test real runs of pytest in forked processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.run_tests import ROOT, Tally, read_tally
from tests.helpers.forks import shares

MANY = """
import os
from pathlib import Path
import pytest
from tests.helpers.ports import free_port

@pytest.fixture(scope="module")
def process(tmp_path_factory):
    own = tmp_path_factory.mktemp("own")
    yield os.getpid()
    with Path("ended").open("a") as file:
        file.write(f"{os.getpid()} {own.parent}\\n")

@pytest.mark.parametrize("number", range(40))
def test_one_of_many(process, number):
    print("printed by", number)
    with Path("ran").open("a") as file:
        file.write(f"{number} {process} {free_port()}\\n")
    assert number != 17
"""
CRASHING = """
import os
def test_before(): pass
def test_crashing(): os._exit(3)
def test_after(): pass
def test_last(): pass
"""
GROUPED = """
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    with Path("GROUP").open("a") as file:
        file.write(f"{number} {os.getpid()}\\n")
"""


@pytest.fixture(autouse=True)
def linux() -> None:
    if sys.platform != "linux":
        pytest.skip("needs Linux: a forked process that uses all libraries")


def run_forked(folder: Path, count: int) -> tuple[Tally, str]:
    """Run the tests of ``folder`` in ``count`` processes, and return their tally and what pytest printed."""
    report = folder / "report.xml"
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = serial\n")
    options = ["-q", "-p", "no:cacheprovider", "-p", "tests.helpers.forks", f"--basetemp={folder / 'temporary'}"]
    reporting = [f"--junitxml={report}", "-o", "junit_family=xunit1"]
    command = [sys.executable, "-m", "pytest", *options, *reporting, "--forks", str(count)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    return read_tally(report), done.stdout


def lines(file: Path) -> list[list[str]]:
    return [line.split() for line in file.read_text().splitlines()]


def test_shares_are_equal_parts_or_one_group_each() -> None:
    assert shares([None] * 7, 3) == [[0, 1], [2, 3], [4, 5, 6]]
    assert shares([None] * 2, 3) == [[0], [1]]
    assert shares(["sound", "serial", "serial", "sound", "serial"], 9) == [[1, 2, 4], [0, 3]]


def test_every_test_runs_once_in_processes_with_own_fixtures_folders_ports_and_output(tmp_path: Path) -> None:
    (tmp_path / "test_many.py").write_text(MANY)
    tally, printed = run_forked(tmp_path, 3)
    assert tally.passed == 39
    assert [test for test, _ in tally.failures] == ["test_many.py::test_one_of_many[17]"]
    assert "printed by 17" in printed and "printed by 18" not in printed
    ran, ended = lines(tmp_path / "ran"), lines(tmp_path / "ended")
    assert sorted(int(number) for number, _, _ in ran) == list(range(40))
    assert {process for _, process, _ in ran} == {process for process, _ in ended}
    assert len({port for _, _, port in ran}) == 40, "each process has ports of its own"
    assert len(ended) == len({folder for _, folder in ended}) == 3


def test_crash_is_reported_and_the_tests_behind_it_run(tmp_path: Path) -> None:
    (tmp_path / "test_crashing.py").write_text(CRASHING)
    tally, _ = run_forked(tmp_path, 1)
    assert tally.passed == 3
    assert tally.failures == (
        ("test_crashing.py::test_crashing", "the process ended with status 3 while this test ran"),
    )


def test_group_of_serial_tests_stays_in_one_process_and_in_order(tmp_path: Path) -> None:
    for group in ("serial", "sound"):
        mark = "serial" if group == "serial" else f'serial("{group}")'
        source = GROUPED.replace("GROUP", group).replace(
            "import pytest", f"import pytest\npytestmark = pytest.mark.{mark}"
        )
        (tmp_path / f"test_{group}.py").write_text(source)
    tally, _ = run_forked(tmp_path, 4)
    assert (tally.passed, tally.failures) == (12, ())
    processes = set[str]()
    for group in ("serial", "sound"):
        ran = lines(tmp_path / group)
        assert [int(number) for number, _ in ran] == list(range(6))
        processes.update(process for _, process in ran)
    assert len(processes) == 2


def test_faulty_file_is_reported_and_no_test_runs(tmp_path: Path) -> None:
    (tmp_path / "test_wrong.py").write_text("import no_such_module")
    (tmp_path / "test_many.py").write_text(MANY)
    tally, _ = run_forked(tmp_path, 2)
    assert (tally.passed, [test for test, _ in tally.failures]) == (0, ["test_wrong.py"])
