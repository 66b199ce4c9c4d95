"""Debian packages that a test cannot do without."""

import os
import shutil
from collections.abc import Sequence

import pytest

from scripts.setup import INSTALL, ROOT, system_packages


def require(names: Sequence[str]) -> None:
    """Skip where these packages could not be installed: only root can."""
    packages = system_packages((ROOT / "packaging" / "apt-packages.txt").read_text(), ("run", "desktop", "test"))
    missing = [package.name for package in packages if package.name in names and package.missing]
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        pytest.fail(f"not there although set-up could install it: {' '.join(missing)}")
    pytest.skip(f"needs root to install: sudo apt-get {' '.join(INSTALL)} {' '.join(missing)}")
