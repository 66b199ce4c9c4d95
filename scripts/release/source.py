"""Read the source of a release: the version, the changelog and the state of the checkout."""

import re
import shutil
import tomllib
from pathlib import Path

from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused


def version_of(pyproject: str) -> str:
    """Return the version of the project, which stands in ``pyproject.toml`` only."""
    return str(tomllib.loads(pyproject)["project"]["version"])


def check_version(version: str, changelog: str) -> None:
    """Refuse a development version, and one without a dated section in the changelog."""
    if not re.fullmatch(r"\d+\.\d+\.\d+(rc\d+)?", version):
        raise ReleaseRefused(Refusal.VERSION_NOT_RELEASED, f"{version} in pyproject.toml is no version to release")
    if not re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE):
        text = f"CHANGELOG.md needs a section `## {version} - YYYY-MM-DD`"
        raise ReleaseRefused(Refusal.VERSION_NOT_RELEASED, text)


def check_clean(checkout: Path) -> None:
    """Refuse a checkout with changes or new files, because its build could not be repeated."""
    if changed := run("git", "status", "--porcelain", cwd=checkout).splitlines():
        text = f"commit, stash or remove {len(changed)} changes, beginning with {changed[0][3:]}"
        raise ReleaseRefused(Refusal.TREE_NOT_CLEAN, text)


def commit_time(checkout: Path) -> str:
    """Return the seconds of the last commit, for ``SOURCE_DATE_EPOCH``."""
    return run("git", "log", "-1", "--format=%ct", cwd=checkout).strip()


def commit_of(checkout: Path) -> str:
    """Return the last commit's name."""
    return run("git", "rev-parse", "HEAD", cwd=checkout).strip()


def export(checkout: Path, folder: Path) -> None:
    """Copy the files of the project into ``folder``, without ignored ones such as caches and earlier builds."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=checkout)
    for name in filter(None, listed.split("\0")):
        if (checkout / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, folder / name)
