"""Change the pure cores in one small place at a time and count the changes that their tests notice.

    python3 -m scripts.run_mutants VENV [--seed N] [--number N] [--jobs N] [--core NAME] [--resume] [--report FILE]

``scripts/mutants.toml`` names the cores and their tests, ``scripts/mutants_accepted.toml`` the reasons of
survivors. Each worker has a copy of the checkout. First, a core's tests must pass unchanged and fail with a broken
source. A mutant is killed when a test fails or the deadline passes. Results are kept in ``.cache/mutants``;
``--resume`` reuses those with the same source and tests. Exits 0 if at least 90 % are killed. Standard library
only.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path, PurePosixPath
from typing import Any, Final

from scripts.child_process import OVERDUE, run_command, terminable
from scripts.mutation import Change, changes_of
from scripts.run_proofs import project_files
from scripts.run_tests import ROOT, environment

GOAL: Final = 0.9
NUMBER: Final = 100
"""About ten minutes on two cores."""
PATIENCE: Final = 5.0
SPARE_S: Final = 30.0
BROKEN: Final = "this is no program\n"
PYTEST: Final = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:pytest-qt", "-p", "no:xdist", "--timeout=60")
HYPOTHESIS: Final = "--hypothesis-profile=mutants"
ALL_EXAMPLES: Final = "KIKIPOUNAMU_TEST_ALL_EXAMPLES"  # see tests/helpers/examples.py


@dataclass(frozen=True)
class Core:
    """A part of the sources, with the test files that run for it, the nearest first."""

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Mutant:
    """A change of a file in a core. ``text`` is the changed line, stripped."""

    core: str
    file: str
    change: Change
    text: str
    what: str

    @property
    def place(self) -> str:
        """The file and line of the change, for reports."""
        return f"{self.file}:{self.change.line}"


@dataclass(frozen=True)
class Verdict:
    """The outcome for a mutant: ``killed``, ``overdue`` (killed by the deadline) or ``survived``."""

    outcome: str
    seconds: float


def read_cores(root: Path) -> list[Core]:
    """Read the cores, with the patterns resolved in ``root``."""
    table = tomllib.loads((root / "scripts" / "mutants.toml").read_text("utf-8"))
    cores = []
    for one in table["core"]:
        sources = _resolved(root, one["sources"])
        patterns = one.get("tests") or [pattern for source in sources for pattern in _mirrors(source)]
        cores.append(Core(one["name"], sources, _resolved(root, [*patterns, *one.get("also", ())])))
    return cores


def _mirrors(source: str) -> tuple[str, str]:
    test = "tests" / PurePosixPath(source).with_name(f"test_{PurePosixPath(source).stem}")
    return f"{test}.py", f"{test}_*.py"


def _resolved(root: Path, patterns: Sequence[str]) -> tuple[str, ...]:
    found = [str(path.relative_to(root)) for one in patterns for path in sorted(root.glob(one))]
    return tuple(dict.fromkeys(found))


def mutants_of(root: Path, core: Core) -> list[Mutant]:
    """Return every mutant of a core."""
    found = []
    for file in core.sources:
        source = (root / file).read_text("utf-8")
        lines = source.splitlines()
        for change in changes_of(file, source):
            found.append(Mutant(core.name, file, change, lines[change.line - 1].strip(), change.describe(source)))
    return found


def sample(mutants: Sequence[Sequence[Mutant]], seed: int, number: int) -> list[Mutant]:
    """Draw mutants of all cores in turn; a smaller number draws a prefix of the same sample."""
    for one in (shuffled := [list(of_core) for of_core in mutants]):
        random.Random(f"{seed} {one[0].core if one else ''}").shuffle(one)
    turns = [mutant for turn in zip_longest(*shuffled) for mutant in turn if mutant]
    return turns[:number]


class Results:
    """Verdicts of earlier runs, by mutant and by the content of its source and tests."""

    def __init__(self, place: Path, root: Path, cores: Sequence[Core]) -> None:
        self._place = place
        self._root = root
        self._tests = {core.name: self._digest(core.tests) for core in cores}
        self._known: dict[str, dict[str, Any]] = json.loads(place.read_text()) if place.exists() else {}

    def get(self, mutant: Mutant) -> Verdict | None:
        """Return the verdict about this mutant if source and tests are unchanged."""
        known = self._known.get(self._key(mutant))
        return Verdict(**known) if known else None

    def keep(self, mutant: Mutant, verdict: Verdict) -> None:
        """Store the verdict about a mutant."""
        self._known[self._key(mutant)] = asdict(verdict)
        draft = self._place.with_suffix(".new")
        draft.write_text(json.dumps(self._known))
        draft.replace(self._place)

    def _key(self, mutant: Mutant) -> str:
        change = mutant.change
        return f"{self._digest([mutant.file])} {self._tests[mutant.core]} {change.begin} {change.end} {change.new}"

    def _digest(self, files: Sequence[str]) -> str:
        digest = hashlib.sha256()
        for file in files:
            digest.update((self._root / file).read_bytes())
        return digest.hexdigest()[:16]


class Copy:
    """A copy of the checkout whose sources may be changed."""

    def __init__(self, root: Path, venv: Path, copies: Path) -> None:
        self.root = Path(tempfile.mkdtemp(dir=copies))
        for name in project_files(root):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, self.root / name)
        (self.root / ".cache").mkdir()
        if (models := root / ".cache" / "models").is_dir():
            (self.root / ".cache" / "models").symlink_to(models)
        self._command = [str(venv / "bin" / "python"), "-m", "pytest", *PYTEST]
        if "mutants" in (self.root / "tests" / "conftest.py").read_text("utf-8"):
            self._command.append(HYPOTHESIS)
        self._environ = environment(venv) | {"PYTHONPATH": str(self.root), ALL_EXAMPLES: "1"}
        self._writes = 0
        self._sources: dict[str, str] = {}

    def test(self, core: Core, deadline_s: float) -> tuple[int, float]:
        """Run the tests of a core. Return pytest's status and the seconds."""
        with (self.root / ".cache" / "pytest.log").open("wb") as output:
            command = [*self._command, *core.tests]
            ended = run_command(command, deadline_s, self._environ, self.root, output, interrupt_s=2.0)
        return ended.status, ended.seconds

    def log(self) -> str:
        """Return the output of the last run."""
        return (self.root / ".cache" / "pytest.log").read_text("utf-8", "replace")

    def source(self, file: str) -> str:
        """Return a source as it was copied: the checkout itself may change during a long run."""
        if file not in self._sources:
            self._sources[file] = (self.root / file).read_text("utf-8")
        return self._sources[file]

    def write(self, file: str, source: str) -> None:
        """Change a source, with a distinct modification second so that Python recompiles it."""
        self._writes += 1
        (self.root / file).write_text(source, "utf-8")
        os.utime(self.root / file, (time.time(), 1_000_000_000 + self._writes))


# -- in the worker processes -------------------------------------------------------------------------------

_copy: Copy


def _start_worker(root: Path, venv: Path, copies: Path) -> None:
    global _copy
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    _copy = Copy(root, venv, copies)


def baseline(core: Core) -> tuple[Core, float, str]:
    """Time a core's tests without a change. Return why they cannot judge mutants; empty if they can."""
    status, seconds = _copy.test(core, 600)
    if status != 0:
        return core, seconds, f"the tests of {core.name!r} fail without a change:\n{_copy.log()[-3000:]}"
    file = core.sources[0]
    source = _copy.source(file)
    _copy.write(file, BROKEN)
    broken, _ = _copy.test(core, 600)
    _copy.write(file, source)
    return core, seconds, "" if broken else f"the tests of {core.name!r} pass with a broken {file}"


def judge(task: tuple[Mutant, Core, float]) -> tuple[Mutant, Verdict]:
    """Run the tests on a mutant and return the verdict."""
    mutant, core, deadline_s = task
    source = _copy.source(mutant.file)
    _copy.write(mutant.file, mutant.change.apply(source))
    status, seconds = _copy.test(core, deadline_s)
    _copy.write(mutant.file, source)
    outcome = {0: "survived", OVERDUE: "overdue"}.get(status, "killed")
    return mutant, Verdict(outcome, round(seconds, 1))


# -- the report --------------------------------------------------------------------------------------------


def read_reasons(root: Path) -> dict[tuple[str, str, str], str]:
    """Read the reasons of survivors, by file, source line and change."""
    place = root / "scripts" / "mutants_accepted.toml"
    table = tomllib.loads(place.read_text("utf-8")) if place.exists() else {}
    return {(one["file"], one["line"], one["change"]): one["reason"] for one in table.get("accepted", ())}


def report(verdicts: dict[Mutant, Verdict], reasons: dict[tuple[str, str, str], str], command: str) -> list[str]:
    """Return the report as Markdown: counts by core, then each survivor with its reason."""
    counts = Counter((mutant.core, verdict.outcome) for mutant, verdict in verdicts.items())
    lines = ["# Mutants", "", f"`{command}`", "", "| core | mutants | killed | by deadline | survived |"]
    lines.append("|---|---|---|---|---|")
    rows = list(dict.fromkeys(mutant.core for mutant in verdicts))
    for name, cores in [*((core, [core]) for core in rows), ("all", rows)]:
        killed, overdue, survived = (
            sum(counts[core, outcome] for core in cores) for outcome in ("killed", "overdue", "survived")
        )
        lines.append(f"| {name} | {killed + overdue + survived} | {killed} | {overdue} | {survived} |")
    lines += ["", "Survivors:", "", "| place | change | reason |", "|---|---|---|"]
    for mutant, verdict in sorted(verdicts.items(), key=lambda item: (item[0].file, item[0].change)):
        if verdict.outcome == "survived":
            reason = reasons.get((mutant.file, mutant.text, mutant.what), "none yet")
            cells = (mutant.place, f"{mutant.text}: {mutant.what}", reason)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def score(verdicts: dict[Mutant, Verdict]) -> float:
    """Return the fraction of mutants that were killed."""
    return sum(verdict.outcome != "survived" for verdict in verdicts.values()) / max(1, len(verdicts))


# -- the run -----------------------------------------------------------------------------------------------


def run_mutants(options: argparse.Namespace, venv: Path) -> tuple[dict[Mutant, Verdict], list[str]]:
    """Judge the sample. Return the verdicts and the problems that kept cores from being judged."""
    cores = {core.name: core for core in read_cores(options.root)}
    drawn = sample([mutants_of(options.root, core) for core in cores.values()], options.seed, options.number)
    drawn = [mutant for mutant in drawn if not options.core or mutant.core in options.core]
    cache = options.root / ".cache" / "mutants"
    cache.mkdir(parents=True, exist_ok=True)
    results = Results(cache / "results.json", options.root, list(cores.values()))
    verdicts = {one: verdict for one in drawn if options.resume and (verdict := results.get(one))}
    todo = [mutant for mutant in drawn if mutant not in verdicts]
    print(f"{len(drawn)} mutants, {len(verdicts)} known from an earlier run", flush=True)
    context, workers = multiprocessing.get_context("spawn"), min(options.jobs, max(1, len(todo)))
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as copies,
        context.Pool(workers, _start_worker, (options.root, venv, Path(copies))) as pool,
    ):
        needed = dict.fromkeys(mutant.core for mutant in todo)
        deadlines, problems = {}, []
        for core, seconds, problem in pool.imap_unordered(baseline, [cores[name] for name in needed]):
            deadlines[core.name] = options.deadline or seconds * PATIENCE + SPARE_S
            problems += [problem] if problem else []
            print(problem or f"baseline of {core.name}: {seconds:.1f} s", flush=True)
        if not problems:
            tasks = [(mutant, cores[mutant.core], deadlines[mutant.core]) for mutant in todo]
            for number, (mutant, verdict) in enumerate(pool.imap_unordered(judge, tasks), 1):
                results.keep(mutant, verdict)
                verdicts[mutant] = verdict
                took = f"{verdict.outcome} in {verdict.seconds} s"
                print(f"[{number}/{len(todo)}] {took}: {mutant.place}: {mutant.what}", flush=True)
        pool.close()
        pool.join()
    return {mutant: verdicts[mutant] for mutant in drawn if mutant in verdicts}, problems


def arguments() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the options of the command line."""
    yield "venv", {}
    yield "--seed", {"type": int, "default": 7}
    yield "--number", {"type": int, "default": NUMBER}
    yield "--jobs", {"type": int, "default": 2}
    yield "--core", {"action": "append", "help": "only this core of the sample"}
    yield "--resume", {"action": "store_true", "help": "take over what is known of the same source and tests"}
    yield "--report", {"type": Path, "metavar": "FILE"}
    yield "--deadline", {"type": float, "metavar": "SECONDS", "help": "of each mutant, instead of five baselines"}
    yield "--root", {"type": Path, "default": ROOT, "help": "another checkout"}


def main() -> int:
    """Parse the command line, judge the mutants and print the report."""
    parser = argparse.ArgumentParser(
        description="Count the small changes that the tests of the pure cores notice."
    )
    for name, keywords in arguments():
        parser.add_argument(name, **keywords)
    options = parser.parse_args()
    began = time.monotonic()
    with terminable():
        verdicts, problems = run_mutants(options, ROOT / options.venv)
    command = f'make mutants ARGS="--seed {options.seed} --number {options.number}"'
    lines = report(verdicts, read_reasons(options.root), command)
    if options.report:
        options.report.write_text("\n".join(lines) + "\n", "utf-8")
    print("", *lines[6:], "", *problems, f"{(time.monotonic() - began) / 60:.1f} minutes", sep="\n")
    print(f"{score(verdicts):.0%} of {len(verdicts)} killed; the goal is {GOAL:.0%}", flush=True)
    return 0 if verdicts and not problems and score(verdicts) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
