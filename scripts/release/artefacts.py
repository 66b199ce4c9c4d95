"""The artefacts of a release, in the order in which they are built. Each has a module of its name in this package.

A module has ``build(checkout, dist, version)``. It writes its files into ``dist``, checks them, and returns their
paths. The files of earlier artefacts are in ``dist``. A failed build raises ``ReleaseRefused``.
"""

import importlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from scripts.release.errors import Refusal, ReleaseRefused


class Build(Protocol):
    """The function of an artefact's module."""

    def __call__(self, checkout: Path, dist: Path, version: str) -> list[Path]:
        """Build into ``dist``, check the result, and return the files."""


@dataclass(frozen=True)
class Artefact:
    """An artefact, named as its module, and the programs that its build calls."""

    name: str
    needs: tuple[str, ...] = ()

    @property
    def build(self) -> Build:
        """Return the function that builds this artefact."""
        built: Build = importlib.import_module(f"scripts.release.{self.name}").build
        return built


# Checksums stay last: they cover the files of the others.
ARTEFACTS: Final = (
    Artefact("wheels", needs=("git",)),
    Artefact("folder", needs=("git", "debootstrap")),
    Artefact("debian", needs=("appstreamcli", "desktop-file-validate", "dpkg-deb", "lintian", "tar", "zstd")),
    Artefact("apt_repository", needs=("apt-ftparchive",)),
    Artefact("licences", needs=("tar", "zstd")),
    Artefact("signed_index"),
    Artefact("sbom"),
    Artefact("audit"),
    Artefact("checksums"),
)


def choose(
    names: Sequence[str], without: Sequence[str] = (), artefacts: Sequence[Artefact] = ARTEFACTS
) -> list[Artefact]:
    """Return the named artefacts, by default all, except those in ``without``, in the order of building."""
    known = {artefact.name for artefact in artefacts}
    if unknown := sorted({*names, *without} - known):
        text = f"{', '.join(unknown)} is no artefact: choose among {', '.join(sorted(known))}"
        raise ReleaseRefused(Refusal.UNKNOWN_ARTEFACT, text)
    return [one for one in artefacts if (not names or one.name in names) and one.name not in without]


def check_tools(artefacts: Sequence[Artefact]) -> None:
    """Refuse before anything is built if a program is missing."""
    missing = sorted({tool for artefact in artefacts for tool in artefact.needs if shutil.which(tool) is None})
    if missing:
        text = f"install {', '.join(missing)}, or name artefacts that need none of them with --only"
        raise ReleaseRefused(Refusal.TOOL_MISSING, text)
