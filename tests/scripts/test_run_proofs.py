"""Test real runs of pytest over small proofs in a separate folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.run_tests import ROOT
from tests.helpers.packages import require
from tests.helpers.waiting import wait_until_sync

VENV = Path(sys.executable).parent.parent
GOOD = """
import logging, sys, pytest
@pytest.mark.proof(minutes=2)
def test_good():
    print("7 of 7 segments right")
    logging.getLogger().warning("a line of a healthy gateway")
    sys.stderr.write("a line of a healthy gateway\\n" * 500)
@pytest.mark.proof(minutes=3)
def test_other(): pass
def test_quick(): raise RuntimeError
"""
BAD = """
import pytest, subprocess
@pytest.mark.proof(minutes=1)
@pytest.mark.parametrize("how", ["a.b c"])
def test_bad(how):
    print("half of the figures")
    assert how == "well"
@pytest.mark.proof(minutes=1)
def test_crash():
    import os
    os._exit(3)
"""
HANGING = """
import pathlib, subprocess, sys, time, pytest
SLEEPER = "import time; time.sleep(600)"
@pytest.mark.timeout(0)
@pytest.mark.proof(minutes=1)
def test_hanging():
    deep = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]], start_new_session=True)"
    subprocess.run([sys.executable, "-c", deep, SLEEPER + "  # NAME"], check=True)
    pathlib.Path("hangs").write_text("")
    time.sleep(600)
"""


@dataclass
class Place:
    """A checkout with fake proofs."""

    root: Path

    def write(self, **sources: str) -> None:
        """Write these sources as test files."""
        for name, source in sources.items():
            (self.root / "tests" / f"test_{name}.py").write_text(source.replace("NAME", self.root.name))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the runner in this checkout."""
        command = [sys.executable, "-m", "scripts.run_proofs", str(VENV), "--root", str(self.root)]
        kept = {name: os.environ[name] for name in ("PATH", "PYTEST_ADDOPTS", "HOME") if name in os.environ}
        return subprocess.Popen(
            [*command, "-p", "tests.helpers.proofs", *arguments],
            cwd=ROOT,
            env=kept | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, list[str]]:
        """Run the proofs, and return exit status and lines."""
        with self.start(*arguments) as runner:
            said, _ = runner.communicate(timeout=100)
        return runner.returncode, said.splitlines()

    def git(self, *arguments: str) -> None:
        """Run git in the checkout."""
        identity = ("-c", "user.name=x", "-c", "user.email=x@y")
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def running(self) -> bool:
        """Return whether a process of the fake proofs runs."""
        listed = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True, check=True)
        return any(f"# {self.root.name}" in line for line in listed.stdout.splitlines())


def new_place(root: Path) -> Place:
    (root / "tests").mkdir()
    (root / ".gitignore").write_text(".cache\n__pycache__\n.pytest_cache\n")
    (root / "pytest.ini").write_text("[pytest]\nmarkers = proof\naddopts = -p pytest_timeout -m 'not proof'\n")
    return Place(root)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    require(("procps",))
    place = new_place(tmp_path)
    yield place
    assert not place.running()


@pytest.fixture(scope="module")
def all_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[str]]:
    """Run good and bad proofs; return the checkout, the exit status and the lines."""
    require(("procps",))
    place = new_place(tmp_path_factory.mktemp("all"))
    place.write(bad=BAD, good=GOOD)
    status, lines = place.run()
    assert not place.running()
    return place.root, status, lines


def test_all_proofs_run_when_one_fails_and_one_crashes(all_run: tuple[Path, int, list[str]]) -> None:
    _, status, lines = all_run
    assert status == 1
    assert lines[-1] == "2 passed, 2 failed, 0 skipped"
    assert "failed: tests/test_bad.py::test_bad[a.b c]: AssertionError: assert 'a.b c' == 'well'" in lines
    assert "failed: tests/test_bad.py::test_crash: pytest ended with status 3" in lines


def test_passed_proof_shows_figures_without_log(all_run: tuple[Path, int, list[str]]) -> None:
    root, _, lines = all_run
    assert "    7 of 7 segments right" in lines
    assert not any("healthy gateway" in line for line in lines)
    logs = [log.read_text() for log in (root / ".cache" / "proofs").glob("*test_good-????????.log")]
    assert [log.count("a line of a healthy gateway") for log in logs] == [501]


def test_failed_proof_shows_end_of_its_log(all_run: tuple[Path, int, list[str]]) -> None:
    _, _, lines = all_run
    assert "    E       AssertionError: assert 'a.b c' == 'well'" in lines
    assert any("half of the figures" in line for line in lines)
    assert any(line.startswith("    the whole log: ") for line in lines)


def test_progress_uses_last_known_duration(place: Place) -> None:
    place.write(good=GOOD)
    _, first = place.run("-k", "other")
    assert first[0].startswith("1 proofs, about 3 minutes; logs in ")
    assert first[1] == "[1/1] tests/test_good.py::test_other: about 3.0 minutes, at most 16"
    status, second = place.run("tests/test_good.py::test_other", "tests/test_good.py::test_good")
    assert status == 0
    assert second[0].startswith("2 proofs, about 2 minutes")
    assert second[-1] == "2 passed, 0 failed, 0 skipped"


def test_empty_selection_is_no_success(place: Place) -> None:
    place.write(good=GOOD)
    status, lines = place.run("-k", "nothing")
    assert (status, lines[-1]) == (1, "0 passed, 0 failed, 0 skipped")


def test_resume_skips_proofs_that_passed_with_same_files(place: Place) -> None:
    place.write(bad=BAD, good=GOOD)
    place.git("init", "-q")
    place.run("-k", "crash or other")
    status, lines = place.run("--resume", "-k", "crash or other")
    assert (status, lines[-1]) == (1, "1 passed, 1 failed, 0 skipped")
    assert lines[0].startswith("1 proofs")
    assert "passed in an earlier run: tests/test_good.py::test_other" in lines
    place.write(bad=BAD.replace("os._exit(3)", "pass"))
    assert place.run("--resume", "-k", "crash or other")[1][0].startswith("2 proofs")
    place.git("add", ".")
    place.git("commit", "-qm", "The same files")
    status, lines = place.run("--resume", "-k", "crash or other")
    assert (status, lines[0][:8], lines[-1]) == (0, "0 proofs", "2 passed, 0 failed, 0 skipped")


def test_overdue_proof_is_killed_with_all_its_processes(place: Place, tmp_path: Path) -> None:
    place.write(a_hanging=HANGING, good=GOOD)
    status, lines = place.run("--deadline", "4")
    assert status == 1
    assert lines[-1] == "2 passed, 1 failed, 0 skipped"
    assert any("test_hanging: not through after" in line for line in lines if line.startswith("failed: "))
    assert any(line.startswith("    processes that outlived it were killed: ") for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_run_counts_passed_proofs_and_leaves_no_process(place: Place, number: signal.Signals) -> None:
    place.write(good=GOOD, hanging=HANGING)
    with place.start() as runner:
        wait_until_sync((place.root / "hangs").exists, "the last proof hangs", 60)
        runner.send_signal(number)
        said, _ = runner.communicate(timeout=100)
    assert runner.returncode == 1
    assert "a run of pytest ended with status 130 before it was through" in said
    assert said.splitlines()[-1] == "2 passed, 0 failed, 0 skipped"


def test_proof_without_minutes_is_refused(place: Place) -> None:
    place.write(wrong="import pytest\n@pytest.mark.proof\ndef test_wrong(): pass\n")
    status, lines = place.run()
    assert status == 1
    assert any("test_wrong: state how long it takes: pytest.mark.proof(minutes=…)" in line for line in lines)
