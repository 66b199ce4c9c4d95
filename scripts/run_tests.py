"""Run every test and print an honest summary. Standard library only.

    python3 -m scripts.run_tests VENV [--jobs N] [--without MARKER] [PYTEST ARGUMENT ...]

Two runs of pytest share the machine: parallel tests, and ``serial`` tests, which mostly wait. Groups of serial
tests, such as ``serial("sound")``, run in parallel, each group one test at a time. Up to six failures are tried
once more, alone (docs/decisions/0022-a-second-try.md). The last lines list every failure, second try and skip with
its reason, and the totals. Exits 0 only if tests ran and every failure passed on its second try.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final
from xml.etree import ElementTree

from scripts.child_process import run_command, run_commands, terminable

ROOT: Final = Path(__file__).resolve().parent.parent
NO_TESTS_COLLECTED: Final = 5  # pytest's exit status
DEADLINE_S: Final = 60 * 60  # five times what it takes on an idle machine of two cores
COMPILE_S: Final = 5 * 60
SKIPS_REFUSED: Final = 6  # set by tests/helpers/skips.py
SECOND_TRIES: Final = 6
GROUPS: Final = 5  # of serial tests at a time: most of them wait for sounds, deadlines and windows


@dataclass(frozen=True)
class Tally:
    """Results of tests; ``failures``, ``skips`` and ``flaky`` are pairs (test name, reason).

    Tests in ``flaky`` passed on their second try, and are also counted in ``passed``.
    """

    passed: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    skips: tuple[tuple[str, str], ...] = ()
    flaky: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.passed + other.passed,
            self.failures + other.failures,
            self.skips + other.skips,
            self.flaky + other.flaky,
        )

    def tried_again(self, second: "Tally") -> "Tally":
        """Return the tally after ``second``, a run of the failures only; tests that fail again have failed."""
        again = {test for test, _ in second.failures + second.skips}
        failures = tuple(one for one in self.failures if one[0] in again or not second.passed)
        flaky = tuple(one for one in self.failures if one not in failures)
        return replace(self, passed=self.passed + len(flaky), failures=failures, flaky=flaky)


def read_tally(report: Path) -> Tally:
    """Count the tests in a JUnit file of pytest. A test with an error in its set-up counts as failed."""
    passed, skips = 0, []
    failures: dict[str, str] = {}  # a test that fails in body and tear-down appears twice
    for case in ElementTree.parse(report).iter("testcase"):
        test = _node_id(case)
        wrong = next((found for kind in ("failure", "error") if (found := case.find(kind)) is not None), None)
        skipped = case.find("skipped")
        if wrong is not None:
            failures.setdefault(test, (wrong.get("message") or "no reason given").splitlines()[0])
        elif skipped is not None:
            skips.append((test, _reason(skipped)))
        else:
            passed += 1
    return Tally(passed, tuple(failures.items()), tuple(skips))


def _node_id(case: ElementTree.Element) -> str:
    """Return pytest's name of a test, with which it can be run alone; for a collection error the file."""
    file, owner = case.get("file") or "", case.get("classname") or ""
    if not owner:
        return file or case.get("name") or ""
    inner = owner.removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
    return "::".join(part for part in (file, *inner.split("."), case.get("name")) if part)


def _reason(skipped: ElementTree.Element) -> str:
    """Return the reason of a skip.

    For a whole module pytest states it only in the text: ``(file, line, 'Skipped: reason')``.
    """
    message = skipped.get("message") or "no reason given"
    whole = message == "collection skipped" and "Skipped: " in (skipped.text or "")
    return (skipped.text or "").partition("Skipped: ")[2].rstrip("'\")") if whole else message


def summary(tally: Tally, statuses: Sequence[int], minutes: float) -> list[str]:
    """Return the closing lines; ``statuses`` are the exit statuses of pytest's runs."""
    lines = [f"failed: {test}: {reason}" for test, reason in tally.failures]
    lines += [f"passed only on its second try, alone: {test}: {reason}" for test, reason in tally.flaky]
    lines += [f"skipped: {test}: {reason}" for test, reason in tally.skips]
    for status in statuses:
        if status == SKIPS_REFUSED:
            lines.append("a run of pytest had a skip that CI does not accept: see above")
        elif status not in (0, 1, NO_TESTS_COLLECTED):
            lines.append(f"a run of pytest ended with status {status} before it was through")
    if 1 in statuses and not tally.failures + tally.flaky:
        lines.append("a run of pytest failed although no test did: see above")
    lines.append(f"{minutes:.1f} minutes")
    lines.append(f"{tally.passed} passed, {len(tally.failures)} failed, {len(tally.skips)} skipped")
    return lines


def succeeded(tally: Tally, statuses: Sequence[int]) -> bool:
    """Return whether tests passed and every failure passed on its second try."""
    accepted = {0, NO_TESTS_COLLECTED} | ({1} if tally.flaky else set())
    return tally.passed > 0 and not tally.failures and set(statuses) <= accepted


def worth_a_second_try(tally: Tally, statuses: Sequence[int]) -> bool:
    """Return whether so few tests failed that a busy machine may be the reason.

    A run that was cut short is never repeated.
    """
    return 0 < len(tally.failures) <= SECOND_TRIES and set(statuses) <= {0, 1, NO_TESTS_COLLECTED}


def without_qt(venv: Path) -> dict[str, str]:
    """Return the environment that disables pytest's Qt plugin where Qt cannot be loaded.

    The plugin would end pytest before the first test.
    """
    command = [str(venv / "bin" / "python"), "-c", "import PySide6.QtWidgets"]
    loads = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL).returncode == 0
    return {} if loads else {"PYTEST_ADDOPTS": "-p no:pytest-qt"}  # also for pytest runs that tests start


def environment(venv: Path) -> dict[str, str]:
    """Return the environment of pytest in ``venv``."""
    environ = {**os.environ, **without_qt(venv), "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each program that a test starts is recompiled
    return environ


def compile_tests(venv: Path) -> None:
    """Compile the tests of a fresh checkout once, in two halves, before each parallel process compiles all."""
    tests = ROOT / "tests"
    if any((tests / "end_to_end" / "__pycache__").glob("*.pyc")):
        return
    collect = [str(venv / "bin" / "python"), "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider"]
    halves = [str(tests / "app")], [str(tests), f"--ignore={tests / 'app'}"]
    environ = environment(venv)

    def compile_half(half: Sequence[str]) -> None:  # whatever is wrong with the tests, their run reports it
        command = [*collect, *half]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, cwd=ROOT, env=environ, timeout=COMPILE_S, capture_output=True)

    with ThreadPoolExecutor() as pool:
        list(pool.map(compile_half, halves))


def _report(name: str) -> Path:
    return ROOT / ".cache" / f"tests-{name}.xml"


def _pytest(venv: Path, name: str, arguments: Sequence[str]) -> list[str]:
    """Return the command of a run of pytest, whose earlier report is deleted."""
    _report(name).unlink(missing_ok=True)
    command = [str(venv / "bin" / "python"), "-m", "pytest", f"--junitxml={_report(name)}"]
    return [*command, "-o", "junit_family=xunit1", *arguments]


def _tally(name: str) -> Tally:
    """Return the tally of a run: of the tests that ended before its deadline."""
    return read_tally(_report(name)) if _report(name).exists() else Tally()


def run(venv: Path, name: str, arguments: Sequence[str]) -> tuple[int, Tally]:
    """Run pytest in ``venv``. Return its exit status and its tally."""
    ended = run_command(_pytest(venv, name, arguments), DEADLINE_S, environment(venv), ROOT)
    return ended.status, _tally(name)


def run_together(venv: Path, plans: Mapping[str, Sequence[str]]) -> list[tuple[int, Tally]]:
    """Run pytest with the arguments of each plan, all at once. The output of the first is shown as it comes.

    That of the others follows.
    """
    with ExitStack() as stack:
        outputs = {name: stack.enter_context(TemporaryFile()) for name in list(plans)[1:]}
        commands = [(_pytest(venv, name, plans[name]), outputs.get(name)) for name in plans]
        try:
            ended = run_commands(commands, DEADLINE_S, environment(venv), ROOT)
        finally:
            for output in outputs.values():
                output.seek(0)
                shutil.copyfileobj(output, sys.stdout.buffer)
                sys.stdout.flush()
    return [(end.status, _tally(name)) for end, name in zip(ended, plans, strict=True)]


def marked_serial(tests: Path) -> list[str]:
    """Return the test files with ``serial`` tests; collecting all others would take too long."""
    return sorted(str(path) for path in tests.rglob("test_*.py") if "mark.serial" in path.read_text("utf-8"))


def main() -> int:
    """Parse the command line, run the tests and print the summary."""
    parser = argparse.ArgumentParser(description="Run every test and sum up.")
    parser.add_argument("venv")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--without", metavar="MARKER")
    options, more = parser.parse_known_args()
    but = f" and not {options.without}" if options.without else ""
    side_by_side = ["-n", str(options.jobs), "--dist", "worksteal", "-m", f"not serial and not proof{but}"]
    by_groups = ["-n", str(GROUPS), "--dist", "loadgroup", "-m", f"serial and not proof{but}"]
    if not more:
        by_groups.extend(marked_serial(ROOT / "tests"))
    began = time.monotonic()
    with terminable():
        compile_tests(ROOT / options.venv)
        plans = {"parallel": [*side_by_side, *more], "serial": [*by_groups, *more]}
        results = run_together(ROOT / options.venv, plans)
        statuses = [status for status, _ in results]
        tally = sum((tally for _, tally in results), Tally())
        if worth_a_second_try(tally, statuses):
            _, second = run(ROOT / options.venv, "again", ["-n", "0", *(test for test, _ in tally.failures)])
            tally = tally.tried_again(second)
    print("", *summary(tally, statuses, (time.monotonic() - began) / 60), sep="\n", flush=True)
    return 0 if succeeded(tally, statuses) else 1


if __name__ == "__main__":
    sys.exit(main())
