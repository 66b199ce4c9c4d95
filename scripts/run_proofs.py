"""Run the slow proofs one by one, each with its own deadline. Standard library only.

    python3 -m scripts.run_proofs VENV [--resume] [--without MARKER] [PYTEST ARGUMENT ...]

Each proof is a separate run of pytest, so that a failure or a hang affects only that proof. Results are kept in
``.cache/proofs`` as they come; ``--resume`` skips the proofs that passed with the same files. A passed proof
shows its figures (its standard output), a failed one the end of its log. The last line is the total.
"""

import argparse
import contextlib
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from scripts.child_process import OVERDUE, run_command, terminable
from scripts.run_tests import NO_TESTS_COLLECTED, ROOT, Tally, environment, read_tally, succeeded, summary

COLLECT_S: Final = 300.0
INTERRUPTED: Final = 130
TAIL_LINES: Final = 60
JUNIT: Final = (
    "-o",
    "junit_family=xunit1",
    "-o",
    "junit_logging=system-out",
    "-o",
    "junit_log_passing_tests=true",
)
# All output goes to the log immediately. The test's own output, the figures, is also kept separately.
OUTPUT: Final = ("--capture=tee-sys", "--show-capture=no")


@dataclass(frozen=True)
class Proof:
    """A planned proof: pytest's name, the minutes stated in its file, and its deadline."""

    test: str
    minutes: float
    deadline_s: float

    @property
    def stem(self) -> str:
        """The name of the proof's files in the cache."""
        short = re.sub(r"[^\w.-]+", "-", self.test)[-120:].strip("-")
        return f"{short}-{hashlib.sha256(self.test.encode()).hexdigest()[:8]}"


class Results:
    """The last result of each proof, saved after each proof."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._known: dict[str, dict[str, Any]] = {}
        with contextlib.suppress(OSError, ValueError):
            self._known = json.loads(place.read_text("utf-8"))

    def passed_in(self, proof: Proof, content: str | None) -> bool:
        """Return whether the last run passed with this content of the checkout."""
        last = self._known.get(proof.test, {})
        return content is not None and last.get("passed", False) and last.get("content") == content

    def expected_minutes(self, proof: Proof) -> float:
        """Return the minutes of the last passed run, or the minutes that the proof states."""
        return float(self._known.get(proof.test, {}).get("minutes", proof.minutes))

    def keep(self, proof: Proof, content: str | None, passed: bool, minutes: float) -> None:
        """Store a result. A failed run does not change the expected time."""
        known: dict[str, Any] = {"content": content, "passed": passed}
        if passed:
            known["minutes"] = minutes
        elif "minutes" in (last := self._known.get(proof.test, {})):
            known["minutes"] = last["minutes"]
        self._known[proof.test] = known
        draft = self._place.with_suffix(".new")
        draft.write_text(json.dumps(self._known, indent=1), "utf-8")
        draft.replace(self._place)


def project_files(root: Path) -> list[str]:
    """Return all files that are or would be committed; none outside git."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=root, capture_output=True, text=True, timeout=60).stdout
    return [name for name in sorted(set(listed.split("\0"))) if (root / name).is_file()]


def content_of(root: Path) -> str | None:
    """Return a digest of the project's files; ``None`` outside git."""
    digest = hashlib.sha256()
    for name in (names := project_files(root)):
        digest.update(f"{name}\0".encode() + hashlib.sha256((root / name).read_bytes()).digest())
    return digest.hexdigest() if names else None


def proof_files(tests: Path) -> list[str]:
    """Return the test files with proofs; collecting all others would take too long."""
    return sorted(str(path) for path in tests.rglob("test_*.py") if "mark.proof" in path.read_text("utf-8"))


class Runner:
    """A runner of pytest in one checkout with one virtual environment."""

    def __init__(self, venv: Path, root: Path, but: str, arguments: Sequence[str]) -> None:
        self._python = [str(venv / "bin" / "python"), "-m", "pytest", "-m", f"proof{but}"]
        self._environ = environment(venv)
        self._root = root
        self._places = [
            one for one in arguments if not one.startswith("-") and (root / one.split("::")[0]).exists()
        ]
        self._options = [one for one in arguments if one not in self._places]
        self.cache = root / ".cache" / "proofs"
        self.cache.mkdir(parents=True, exist_ok=True)

    def plan(self) -> list[Proof]:
        """Collect the selected proofs. If pytest fails, exit with its explanation."""
        place = self.cache / "plan.json"
        place.unlink(missing_ok=True)
        selection = [f"--proof-plan={place}", *self._options, *(self._places or proof_files(self._root / "tests"))]
        log = self.cache / "plan.log"
        with log.open("wb") as output:
            command = [*self._python, "--collect-only", "-q", *selection]
            ended = run_command(command, COLLECT_S, self._environ, self._root, output)
        if ended.status not in (0, NO_TESTS_COLLECTED) or not place.exists():
            sys.exit("\n".join([*tail(log), "the proofs cannot be collected: see above"]))
        return [Proof(**one) for one in json.loads(place.read_text("utf-8"))]

    def run(self, proof: Proof) -> tuple[int, Tally, float]:
        """Run a proof and print its figures or the end of its log. Return status, tally and minutes."""
        log, report = self.cache / f"{proof.stem}.log", self.cache / f"{proof.stem}.xml"
        report.unlink(missing_ok=True)
        command = [*self._python, *self._options, f"--junitxml={report}", *JUNIT, *OUTPUT, proof.test]
        with log.open("wb") as output:
            ended = run_command(command, proof.deadline_s, self._environ, self._root, output)
        tally = read_tally(report) if report.exists() else Tally()
        if ended.status != 0 and not tally.failures:
            overdue = f"not through after {ended.seconds / 60:.1f} minutes"
            why = overdue if ended.status == OVERDUE else f"pytest ended with status {ended.status}"
            tally = Tally(failures=((proof.test, why),))
        print(*indented(tail(log) if tally.failures else figures(report)), sep="", end="")
        if ended.left:
            print(f"    processes that outlived it were killed: {', '.join(ended.left)}")
        if tally.failures:
            print(f"    the whole log: {log}")
        return ended.status, tally, ended.seconds / 60


def tail(log: Path) -> list[str]:
    """Return the last lines of a log."""
    return log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:]


def figures(report: Path) -> list[str]:
    """Return a test's standard output from pytest's report."""
    lines = [
        line for out in ElementTree.parse(report).iter("system-out") for line in (out.text or "").splitlines()
    ]
    return [line for line in lines if line.strip() and not re.fullmatch(r"-+ Captured (Out|Log|Err) -+", line)]


def indented(lines: Sequence[str]) -> list[str]:
    """Indent lines below the name of a proof."""
    return [f"    {line}\n" for line in lines]


def run_all(
    runner: Runner, proofs: Sequence[Proof], results: Results, content: str | None
) -> tuple[list[int], Tally]:
    """Run the proofs one after the other, even after failures. An interrupt keeps the results so far."""
    statuses: list[int] = []
    total = Tally()
    left = sum(map(results.expected_minutes, proofs))
    print(f"{len(proofs)} proofs, about {left:.0f} minutes; logs in {runner.cache}", flush=True)
    for number, proof in enumerate(proofs, 1):
        expected = results.expected_minutes(proof)
        limit = f"at most {proof.deadline_s / 60:.0f}"
        print(f"[{number}/{len(proofs)}] {proof.test}: about {expected:.1f} minutes, {limit}", flush=True)
        try:
            status, tally, minutes = runner.run(proof)
        except (KeyboardInterrupt, SystemExit):
            return [*statuses, INTERRUPTED], total
        left -= expected
        good = succeeded(tally, [status])
        results.keep(proof, content, good, minutes)
        word = "passed" if good else "FAILED" if tally.failures else "skipped"
        print(f"    {word} in {minutes:.1f} minutes; about {left:.0f} minutes to go", flush=True)
        statuses.append(0 if tally.failures else status)  # the failure already explains the status
        total += tally
    return statuses, total


def main() -> int:
    """Parse the command line, run the proofs and print the summary."""
    parser = argparse.ArgumentParser(description="Run the slow proofs and sum up.")
    parser.add_argument("venv")
    parser.add_argument("--resume", action="store_true", help="leave out what passed with the same files")
    parser.add_argument("--without", metavar="MARKER")
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout")
    parser.add_argument("--deadline", type=float, metavar="SECONDS", help="of every proof, instead of its own")
    options, more = parser.parse_known_args()
    began = time.monotonic()
    but = f" and not {options.without}" if options.without else ""
    runner = Runner(ROOT / options.venv, options.root, but, more)
    results, content = Results(runner.cache / "results.json"), content_of(options.root)
    with terminable():
        proofs = [replace(one, deadline_s=options.deadline or one.deadline_s) for one in runner.plan()]
        before = [proof for proof in proofs if options.resume and results.passed_in(proof, content)]
        statuses, tally = run_all(runner, [one for one in proofs if one not in before], results, content)
    tally += Tally(passed=len(before))
    minutes = (time.monotonic() - began) / 60
    print("", *(f"passed in an earlier run: {proof.test}" for proof in before), sep="\n")
    print(*summary(tally, statuses, minutes), sep="\n", flush=True)
    return 0 if succeeded(tally, statuses) else 1


if __name__ == "__main__":
    sys.exit(main())
