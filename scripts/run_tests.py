"""Run every test and sum up honestly. Standard library only.

    python3 scripts/run_tests.py VENV [--jobs N] [--without MARKER] [--proofs] [PYTEST ARGUMENT ...]

First all that can run side by side. Then those marked ``serial``, one after the other, and beside them, one after
the other too, those of ``serial("sound")``, which wait most of the time, and those of other groups. The last lines
list every failure and every skip with its reason, and the totals of both runs. Exits 0 only if something ran and nothing failed.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

ROOT: Final = Path(__file__).resolve().parent.parent
NO_TESTS_COLLECTED: Final = 5  # pytest's exit status
DEADLINE_S: Final = 30 * 60
OVERDUE: Final = -9


@dataclass(frozen=True)
class Tally:
    """What became of the tests; ``failures`` and ``skips`` are (test, reason)."""

    passed: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    skips: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.passed + other.passed, self.failures + other.failures, self.skips + other.skips)


def read_tally(report: Path) -> Tally:
    """Count in a JUnit file of pytest. A test that errors in its set-up counts as failed."""
    passed, failures, skips = 0, [], []
    for case in ElementTree.parse(report).iter("testcase"):
        test = f"{case.get('classname')}.{case.get('name')}"
        wrong = next((found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None)
        skipped = case.find("skipped")
        if wrong is not None:
            failures.append((test, (wrong.get("message") or "no reason given").splitlines()[0]))
        elif skipped is not None:
            skips.append((test, _reason(skipped)))
        else:
            passed += 1
    return Tally(passed, tuple(failures), tuple(skips))


def _reason(skipped: ElementTree.Element) -> str:
    """Why; of a module as a whole pytest says it only in the text: ``(file, line, 'Skipped: reason')``."""
    message = skipped.get("message") or "no reason given"
    whole = message == "collection skipped" and "Skipped: " in (skipped.text or "")
    return (skipped.text or "").partition("Skipped: ")[2].rstrip("'\")") if whole else message


def summary(tally: Tally, statuses: Sequence[int], minutes: float) -> list[str]:
    """The closing lines; ``statuses`` are what each run of pytest exited with."""
    lines = [f"failed: {test}: {reason}" for test, reason in tally.failures]
    lines += [f"skipped: {test}: {reason}" for test, reason in tally.skips]
    for status in statuses:
        if status not in (0, 1, NO_TESTS_COLLECTED):
            lines.append(f"a run of pytest ended with status {status} before it was through")
    if 1 in statuses and not tally.failures:
        lines.append(
            "a run of pytest failed although no test did: see above (under CI, a skip that CI cannot accept)"
        )
    lines.append(f"{minutes:.1f} minutes")
    lines.append(f"{tally.passed} passed, {len(tally.failures)} failed, {len(tally.skips)} skipped")
    return lines


def succeeded(tally: Tally, statuses: Sequence[int]) -> bool:
    """Whether something passed and nothing went wrong."""
    return tally.passed > 0 and not tally.failures and set(statuses) <= {0, NO_TESTS_COLLECTED}


def without_qt(venv: Path) -> dict[str, str]:
    """What pytest must be told where Qt cannot be loaded: its plugin for Qt would end it before the first test."""
    command = [str(venv / "bin" / "python"), "-c", "import PySide6.QtWidgets"]
    loads = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    return {} if loads else {"PYTEST_ADDOPTS": "-p no:pytest-qt"}  # for those that tests start too


def run(venv: Path, name: str, arguments: Sequence[str]) -> tuple[int, Tally]:
    """One run of pytest in ``venv``: its exit status and its tally."""
    report = ROOT / ".cache" / f"tests-{name}.xml"
    report.unlink(missing_ok=True)
    command = [str(venv / "bin" / "python"), "-m", "pytest", f"--junitxml={report}", *arguments]
    environ = {**os.environ, **without_qt(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each program that a test starts is compiled once more
    try:
        status = subprocess.call(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:  # it has been killed
        status = OVERDUE
    return status, read_tally(report) if report.exists() else Tally()


def marked_serial(tests: Path) -> list[str]:
    """The test files in which anything is ``serial``: to collect all the others costs more than it brings."""
    return sorted(str(path) for path in tests.rglob("test_*.py") if "mark.serial" in path.read_text("utf-8"))


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description="Run every test and sum up.")
    parser.add_argument("venv")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--without", metavar="MARKER")
    parser.add_argument("--proofs", action="store_true", help="run the slow proofs instead")
    asked, more = parser.parse_known_args()
    but = f" and not {asked.without}" if asked.without else ""
    side_by_side = ("parallel", ["-n", str(asked.jobs), "-m", f"not serial and not proof{but}"])
    by_groups = ("serial", ["-n", "4", "--dist", "loadgroup", "-m", f"serial and not proof{but}"])
    if not more:
        by_groups[1].extend(marked_serial(ROOT / "tests"))
    plans = [("proofs", ["-s", "-m", f"proof{but}"])] if asked.proofs else [side_by_side, by_groups]
    began = time.monotonic()
    results = [run(ROOT / asked.venv, name, [*arguments, *more]) for name, arguments in plans]
    statuses = [status for status, _ in results]
    tally = sum((tally for _, tally in results), Tally())
    print("", *summary(tally, statuses, (time.monotonic() - began) / 60), sep="\n", flush=True)
    return 0 if succeeded(tally, statuses) else 1


if __name__ == "__main__":
    sys.exit(main())
