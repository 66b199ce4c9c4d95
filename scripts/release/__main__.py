"""Build a release into ``dist/``, or refuse and say why.

    python -m scripts.release [--only NAME] [--without NAME] [--no-tests] [--dirty] [--dist FOLDER]

Reasons to refuse: changes in the checkout, a development version, a missing section of the changelog, missing
programs, failed tests or failed checks. Exit status: 0 if all files are in ``dist``; 1 if refused.
"""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.release.artefacts import ARTEFACTS, Artefact, check_tools, choose
from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused
from scripts.release.report import NAME as REPORT
from scripts.release.report import report
from scripts.release.source import check_clean, check_version, commit_of, commit_time, version_of

ROOT: Final = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and build."""
    try:
        release(_parser().parse_args(arguments))
    except ReleaseRefused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.release", description="Build and check a release.")
    names = ", ".join(artefact.name for artefact in ARTEFACTS)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help=f"one of {names}; repeatable")
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="not this one; repeatable")
    parser.add_argument("--no-tests", action="store_true", help="do not run `make check` first")
    parser.add_argument("--dirty", action="store_true", help="to try a build: any version, with changes")
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="folder of the files; default: dist")
    return parser


def release(options: argparse.Namespace) -> None:
    """Check the checkout, run the tests, and build the chosen artefacts in their order."""
    chosen = choose(options.only, options.without)
    version = version_of((ROOT / "pyproject.toml").read_text())
    check_tools(chosen)
    if not options.dirty:
        check_clean(ROOT)
        check_version(version, (ROOT / "CHANGELOG.md").read_text())
    if not options.no_tests:
        print("make check", file=sys.stderr, flush=True)
        run("make", "check", kind=Refusal.TESTS_FAILED, cwd=ROOT)
    os.environ["SOURCE_DATE_EPOCH"] = commit_time(ROOT)  # archives carry the time of the commit
    if not options.only:
        shutil.rmtree(options.dist, ignore_errors=True)  # nothing of an earlier release stays in this one
    options.dist.mkdir(parents=True, exist_ok=True)
    if not options.only:
        _report(options, version, chosen)
    for artefact in chosen:
        _build(artefact, options.dist.resolve(), version)


def _report(options: argparse.Namespace, version: str, chosen: Sequence[Artefact]) -> None:
    """Write all parts of this release; each part refuses the release if it fails."""
    names, known = [one.name for one in chosen], [one.name for one in ARTEFACTS]
    commit = commit_of(ROOT) + (" with changes" if options.dirty else "")
    text = report(version, commit, names, known, tested=not options.no_tests)
    (options.dist / REPORT).write_text(text, encoding="utf-8")
    print(text, end="")


def _build(artefact: Artefact, dist: Path, version: str) -> None:
    began = time.monotonic()
    made = artefact.build(ROOT, dist, version)
    if lost := [path.name for path in made if not path.exists()]:
        raise ReleaseRefused(Refusal.BUILD_FAILED, f"{artefact.name} did not write {', '.join(lost)}")
    for path in made:
        print(f"{path.stat().st_size / 1e6:9.2f} MB  {path.relative_to(dist)}")
    print(f"{artefact.name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
