"""Test real runs over a small checkout with one core."""

import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.mutation import Change
from scripts.run_mutants import Mutant, Verdict, mutants_of, read_cores, read_reasons, report, sample, score
from scripts.run_tests import ROOT
from tests.helpers.packages import require

VENV = Path(sys.executable).parent.parent
SOURCE = """
def larger(a, b):
    return a if a > b else b

def until(a, steps):
    while steps > 0:
        steps -= a
    return True
"""
TESTS = """
from core import larger, until
def test_larger(): assert larger(1, 2) == larger(2, 1) == 2
def test_until(): assert until(1, 3) is True
"""
CORES = '[[core]]\nname = "core"\nsources = ["core.py"]\ntests = ["tests/test_core.py"]\n'
REASON = """
[[accepted]]
file = "core.py"
line = "return a if a > b else b"
change = "> -> >="
reason = "equivalent: the larger one of equals"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("scripts", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "core.py").write_text(SOURCE)
    (tmp_path / "tests" / "test_core.py").write_text(TESTS)
    (tmp_path / "tests" / "conftest.py").write_text("")
    (tmp_path / "scripts" / "mutants.toml").write_text(CORES)
    (tmp_path / "scripts" / "mutants_accepted.toml").write_text(REASON)
    (tmp_path / ".gitignore").write_text(".cache\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def run(checkout: Path, *arguments: str) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "scripts.run_mutants", str(VENV), "--root", str(checkout), *arguments]
    light = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p pytest_timeout"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, **light, "TMPDIR": str(checkout)},
    )
    assert not list(checkout.glob("mutants-*")), "a copy was left behind"
    return done.returncode, (done.stdout + done.stderr).splitlines()


def start_s(checkout: Path) -> float:
    """Return the seconds that the tests of one mutant, which does not hang, take on this machine now."""
    began = time.monotonic()
    _, lines = run(checkout, "--seed", "4", "--number", "1")
    assert any("killed in" in line or "survived in" in line for line in lines)
    return time.monotonic() - began


def test_mutants_are_killed_or_survive_or_hang_and_resume_remembers(checkout: Path) -> None:
    require(("procps",))
    found = mutants_of(checkout, read_cores(checkout)[0])
    few = ("--seed", "4", "--number", "3")
    assert {one.what for one in sample([found], 4, 3)} == {"> -> >=", "> -> <=", "steps -= a -> pass"}
    deadline_s = max(4.0, start_s(checkout))  # that was three runs of the tests
    status, lines = run(checkout, *few, "--jobs", "2", "--deadline", f"{deadline_s:g}")
    assert status == 1
    assert any("survived" in line and line.endswith("core.py:3: > -> >=") for line in lines)
    assert any("killed" in line and line.endswith("core.py:3: > -> <=") for line in lines)
    assert any("overdue" in line and line.endswith("core.py:7: steps -= a -> pass") for line in lines)
    row = "| core.py:3 | return a if a > b else b: > -> >= | equivalent: the larger one of equals |"
    assert row in lines
    again = run(checkout, *few, "--resume", "--report", str(checkout / "report.md"))
    assert again[1][0] == "3 mutants, 3 known from an earlier run"
    assert row in (checkout / "report.md").read_text().splitlines()
    assert (checkout / "core.py").read_text() == SOURCE


@pytest.mark.parametrize(
    ("tests", "problem"),
    [
        ("def test_core(): assert False", "fail without a change"),
        ("def test_core(): pass", "pass with a broken core.py"),
    ],
)
def test_tests_that_cannot_judge_are_named(checkout: Path, tests: str, problem: str) -> None:
    require(("procps",))
    (checkout / "tests" / "test_core.py").write_text(tests)
    status, lines = run(checkout, "--number", "1")
    assert status == 1
    assert any(problem in line for line in lines)
    assert lines[-1] == "0% of 0 killed; the goal is 90%"


def mutant(core: str, number: int) -> Mutant:
    return Mutant(core, f"{core}.py", Change(number, number + 1, "x", number), "text", "a -> b")


def names(drawn: Sequence[Mutant]) -> list[str]:
    return [one.core for one in drawn]


def test_sample_takes_turns_and_smaller_sample_is_its_prefix() -> None:
    cores = [[mutant(name, number) for number in range(count)] for name, count in (("a", 2), ("b", 5), ("c", 4))]
    drawn = sample(cores, 3, 8)
    assert names(drawn) == ["a", "b", "c", "a", "b", "c", "b", "c"]
    assert drawn[:4] == sample(cores, 3, 4)
    assert len(set(drawn)) == 8
    assert sample(cores, 4, 8) != drawn
    assert len(sample(cores, 3, 99)) == 11


def test_report_counts_outcomes_and_score_is_killed_fraction() -> None:
    verdicts = {
        mutant("a", 1): Verdict("killed", 1.0),
        mutant("a", 2): Verdict("overdue", 9.0),
        mutant("b", 1): Verdict("survived", 1.0),
    }
    lines = report(verdicts, {}, "make mutants")
    assert "| a | 2 | 1 | 1 | 0 |" in lines
    assert "| all | 3 | 1 | 1 | 1 |" in lines
    assert lines[-1] == "| b.py:1 | text: a -> b | none yet |"
    assert score(verdicts) == 2 / 3


def test_every_core_has_sources_and_tests() -> None:
    cores = read_cores(ROOT)
    assert all(core.sources and core.tests for core in cores)
    assert all(mutants_of(ROOT, core) for core in cores)


def test_every_named_pattern_matches_a_file() -> None:
    cores = tomllib.loads((ROOT / "scripts" / "mutants.toml").read_text("utf-8"))["core"]
    patterns = [pattern for core in cores for key in ("sources", "tests", "also") for pattern in core.get(key, ())]
    assert [pattern for pattern in patterns if not any(ROOT.glob(pattern))] == []


def test_each_script_is_judged_by_tests_of_a_module_that_runs_it() -> None:
    for core in (core for core in read_cores(ROOT) if core.sources[0].endswith(".lua")):
        program = ROOT / Path(core.sources[0]).parts[0]
        broker = [path for path in program.glob("broker/*.py") if path.stem != "scripts"]
        modules = {path: path.read_text("utf-8") for path in broker}
        for script in map(Path, core.sources):
            running = [path.relative_to(ROOT) for path, text in modules.items() if f'"{script.stem}"' in text]
            mirrors = {str("tests" / path.with_name(f"test_{path.name}")) for path in running}
            assert not running or mirrors & set(core.tests), f"add tests of {running} for {script}"


def test_each_accepted_mutant_has_its_line_in_a_core() -> None:
    sources = {source for core in read_cores(ROOT) for source in core.sources}
    lines = {file: {line.strip() for line in (ROOT / file).read_text("utf-8").splitlines()} for file in sources}
    assert [one for one in read_reasons(ROOT) if one[1] not in lines.get(one[0], ())] == []
