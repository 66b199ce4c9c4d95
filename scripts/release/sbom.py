"""Write the bill of materials (CycloneDX) of the wheel as a desktop user has it, with the extra ``all``."""

import sys
import tempfile
from pathlib import Path

from runtime.bundle import PROGRAMS
from scripts.release.commands import run
from scripts.release.errors import Refusal, ReleaseRefused


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Install the wheel into an environment of its own, and describe the packages there.

    :raises ReleaseRefused: if it is not built, cannot be installed, or its programs do not start.
    """
    wheel = dist / f"kikipounamu-{version}-py3-none-any.whl"
    if not wheel.exists():
        raise ReleaseRefused(Refusal.BUILD_FAILED, f"{wheel.name} is not in {dist}: build `wheels` first")
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "venv", "--without-pip", folder)  # only what the wheel asks for gets into it
        python = Path(folder, "bin", "python")
        pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q")
        run(*pip, "-c", checkout / "constraints.txt", f"{wheel}[all]", cwd=dist)
        for program in PROGRAMS:
            shown = run(python.with_name(program), "--version", kind=Refusal.CHECK_FAILED, cwd=dist).strip()
            if shown != f"{program} {version}":
                raise ReleaseRefused(Refusal.CHECK_FAILED, f"{program} --version prints {shown!r}")
        return [describe(checkout, python, dist / f"kikipounamu-{version}.cdx.json")]


def describe(checkout: Path, python: Path, place: Path) -> Path:
    """Write the bill of the environment of ``python`` to ``place``, and validate it against the schema."""
    project = str(checkout / "pyproject.toml")
    options = ["--pyproject", project, "--output-reproducible", "--of", "JSON", "--validate", "-o", str(place)]
    run(sys.executable, "-m", "cyclonedx_py", "environment", *options, python)
    return place
