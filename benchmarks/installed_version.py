"""Environments with another version of the project, installed from its wheel.

They use the libraries of this environment, so that only our own code differs.
"""

import io
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from benchmarks.report import REPOSITORY

_LIBRARY: Final = re.compile(r"^Requires-Dist: ([\w.-]+)[^;\n]*$", re.MULTILINE)  # without a condition
STORED: Final = REPOSITORY / "tests" / "data" / "home-0.1.0.dev0" / "README.md"


def previous_commit() -> str:
    """Return the commit that stands for the previous version: the one of the stored home."""
    return next(word.strip("`,.\n") for word in STORED.read_text().split() if len(word.strip("`,.")) == 40)


def build_wheel(commit: str, folder: Path) -> Path:
    """Build the wheel of a commit of this repository into ``folder``."""
    archive = subprocess.run(["git", "archive", commit], cwd=REPOSITORY, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as source, tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(source, filter="data")
        before = set(folder.glob("*.whl"))
        _pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), source)
        (made,) = set(folder.glob("*.whl")) - before
    return made


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel into a new environment ``folder``, and return the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    packages = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = Path(subprocess.run([python, "-c", packages], check=True, capture_output=True, text=True).stdout.strip())
    _pip("install", "--target", str(own), str(wheel))
    (metadata,) = own.glob("kikipounamu-*.dist-info/METADATA")
    for library in lacking(metadata.read_text("utf-8")):
        _pip("install", "--target", str(own), library)
    (own / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    _write_scripts(own, python)
    return python.parent


def lacking(metadata: str) -> list[str]:
    """Return the libraries that a version requires without a condition and this environment lacks."""
    return [name for name in _LIBRARY.findall(metadata) if not any(distributions(name=name))]


def _write_scripts(packages: Path, python: Path) -> None:
    """Let the programs start this environment's Python: pip wrote them for its own Python."""
    for script in (packages / "bin").iterdir():
        _, _, body = script.read_text().partition("\n")
        placed = python.parent / script.name
        placed.write_text(f"#!{python}\n{body}")
        placed.chmod(0o755)


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", words[0], "--no-deps", *words[1:]]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
