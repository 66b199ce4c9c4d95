"""Write the bill of materials (CycloneDX) of the wheel as a desktop user has it, with the extra ``all``."""

import sys
import tempfile
from pathlib import Path

from scripts.release.commands import run
from scripts.release.installation import install_wheel


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Install the wheel, and describe what is in its environment."""
    with tempfile.TemporaryDirectory() as folder:
        python = install_wheel(checkout / "constraints.txt", dist, version, Path(folder))
        return [describe(checkout, python, dist / f"kikipounamu-{version}.cdx.json")]


def describe(checkout: Path, python: Path, place: Path) -> Path:
    """Write the bill of the environment of ``python`` to ``place``, and validate it against the schema."""
    project = str(checkout / "pyproject.toml")
    options = ["--pyproject", project, "--output-reproducible", "--of", "JSON", "--validate", "-o", str(place)]
    run(sys.executable, "-m", "cyclonedx_py", "environment", *options, python)
    return place
