"""Build the wheel and the sdist, and check their metadata as the package index will."""

import sys
import tempfile
from pathlib import Path

from scripts.release.commands import run
from scripts.release.errors import Refusal
from scripts.release.source import export


def build(checkout: Path, dist: Path, version: str) -> list[Path]:
    """Build both from a copy without what git ignores: a stale ``build`` folder must not leak into them."""
    with tempfile.TemporaryDirectory() as copy:
        export(checkout, Path(copy))
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", dist, copy)
    made = [dist / f"kikipounamu-{version}-py3-none-any.whl", dist / f"kikipounamu-{version}.tar.gz"]
    run(sys.executable, "-m", "twine", "check", "--strict", *made, kind=Refusal.CHECK_FAILED)
    return made
