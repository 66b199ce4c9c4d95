"""Install the built wheel as a user does, with everything for a desktop, into an environment of its own."""

import shutil
import sys
from pathlib import Path

from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused

PROGRAMS = ("kikipounamu", "kikipounamu-gateway", "kikipounamu-worker", "kikipounamu-loadtest")


def install_wheel(checkout: Path, dist: Path, version: str) -> Path:
    """Install the wheel from ``dist`` with the tested releases of its libraries, and return its Python.

    :raises ReleaseRefused: if it is not built, cannot be installed, or its programs do not start.
    """
    wheel = dist / f"kikipounamu-{version}-py3-none-any.whl"
    if not wheel.exists():
        raise ReleaseRefused(Refusal.BUILD_FAILED, f"{wheel.name} is not in {dist}: build `wheels` first")
    folder = checkout / ".cache" / "release" / "installed"
    shutil.rmtree(folder, ignore_errors=True)
    run(sys.executable, "-m", "venv", folder)
    python = folder / "bin" / "python"
    run(python, "-m", "pip", "install", "-q", "-c", checkout / "constraints.txt", f"{wheel}[all]", cwd=dist)
    for program in PROGRAMS:
        shown = run(folder / "bin" / program, "--version", kind=Refusal.CHECK_FAILED, cwd=dist).strip()
        if shown != f"{program} {version}":
            raise ReleaseRefused(Refusal.CHECK_FAILED, f"{program} --version prints {shown!r}")
    return python
