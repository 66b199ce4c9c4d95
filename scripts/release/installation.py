"""Install the built wheel as a user does, with everything for a desktop, into an environment of its own."""

import sys
from pathlib import Path

from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused

PROGRAMS = ("kikipounamu", "kikipounamu-gateway", "kikipounamu-worker", "kikipounamu-loadtest")


def install_wheel(constraints: Path, dist: Path, version: str, folder: Path) -> Path:
    """Install the wheel from ``dist`` into a new environment ``folder``, and return its Python.

    ``constraints``: the releases of its libraries.

    :raises ReleaseRefused: if it is not built, cannot be installed, or its programs do not start.
    """
    wheel = dist / f"kikipounamu-{version}-py3-none-any.whl"
    if not wheel.exists():
        raise ReleaseRefused(Refusal.BUILD_FAILED, f"{wheel.name} is not in {dist}: build `wheels` first")
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", constraints, f"{wheel}[all]", cwd=dist)
    for program in PROGRAMS:
        shown = run(folder / "bin" / program, "--version", kind=Refusal.CHECK_FAILED, cwd=dist).strip()
        if shown != f"{program} {version}":
            raise ReleaseRefused(Refusal.CHECK_FAILED, f"{program} --version prints {shown!r}")
    return python
