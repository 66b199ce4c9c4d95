"""Packages that tests require."""

import shutil
from pathlib import Path

import pytest

from tests.helpers import packages

LINE = "      thing | 1.0 | http://debian.example trixie/main amd64 Packages"


def apt(folder: Path, monkeypatch: pytest.MonkeyPatch, *listed: str) -> None:
    """Put an ``apt-get`` and an ``apt-cache`` first on PATH whose lists have these packages."""
    for name in ("apt-get", "apt-cache"):
        program = folder / name
        program.write_text(f"#!/bin/sh\ncase $2 in {'|'.join(listed) or '-'}) echo '{LINE}' ;; esac\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr(packages, "missing", lambda names: names)


def test_package_that_this_debian_lacks_excuses_a_skip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt(tmp_path, monkeypatch, "apt")
    with pytest.raises(pytest.skip.Exception, match="has no labwc"):
        packages.require(("labwc",))


@pytest.mark.parametrize("listed", [("apt", "labwc"), ()])
def test_package_that_could_be_installed_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: tuple[str, ...]
) -> None:
    apt(tmp_path, monkeypatch, *listed)
    with pytest.raises(pytest.fail.Exception, match="labwc"):
        packages.require(("labwc",))


@pytest.mark.skipif(not shutil.which("dpkg"), reason="needs Linux: Debian's packages")
def test_older_version_of_a_package_excuses_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "missing", lambda names: ())
    packages.require_version("dpkg", "1.0")
    packages.require_version("no-such-package", "1.0")  # what it provides is there, from elsewhere
    with pytest.raises(pytest.skip.Exception, match=r"has dpkg .*, older than 99"):
        packages.require_version("dpkg", "99")
