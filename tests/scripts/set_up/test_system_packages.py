"""Test which Debian packages are missing, and their installation."""

import os
import re
from pathlib import Path

import pytest

from scripts.set_up import system_packages as packages_of_system
from scripts.set_up.checkout import PACKAGES, ROOT
from scripts.set_up.system_packages import SystemPackage, install_system_packages, system_packages

LIST = """\
# a comment
[run]
python3-venv  module:ensurepip  pip for the environments
[test]
redis-tools   command:redis-check-rdb  the server, under another name
"""


def test_packages_are_read_by_section() -> None:
    assert [package.name for package in system_packages(LIST, ("run", "test"))] == [
        "python3-venv",
        "redis-tools",
    ]
    (only,) = system_packages(LIST, ("test",))
    assert only == SystemPackage("redis-tools", "command:redis-check-rdb", "the server, under another name")


def test_shipped_package_list_is_well_formed() -> None:
    packages = system_packages(PACKAGES.read_text(), ("run", "desktop", "test", "proofs"))
    kinds = {"module", "command", "library", "file", "alsa", "font"}
    assert {package.provides.partition(":")[0] for package in packages} == kinds


def test_programs_that_tests_start_by_path_are_installed_for_them() -> None:
    tests = "".join(path.read_text("utf-8") for path in ROOT.glob("tests/**/*.py"))
    packages = system_packages(PACKAGES.read_text(), ("test", "proofs"))
    started = set(re.findall(r'"(/usr/lib/\*/libexec/[^"]+)"', tests))
    assert started and started <= {package.provides.partition(":")[2] for package in packages}


@pytest.mark.parametrize(
    ("provides", "missing"),
    [
        ("module:json", False),
        ("module:no_such_module", True),
        ("command:sh", False),
        ("command:no-such", True),
        ("library:c", False),
        ("library:no-such", True),
        ("file:/etc/passw*", False),
        ("file:/etc/no-such-*", True),
        ("alsa:no-such.so", True),
        ("font:No-Such-Family", True),
    ],
)
def test_package_is_missing_when_its_content_is(provides: str, missing: bool) -> None:
    assert SystemPackage("name", provides, "reason").missing is missing


def test_missing_packages_are_named_in_one_command_when_they_cannot_be_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages_of_system, "privilege", lambda: None)
    install_system_packages([SystemPackage(name, "command:no-such", f"for {name}") for name in ("tea", "cake")])
    said = capsys.readouterr().err
    assert "not there: tea (for tea)\nnot there: cake (for cake)\n" in said
    assert said.endswith("    sudo apt-get install -y --no-install-recommends --no-remove tea cake\n")


def test_root_installs_missing_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stand-in for apt-get on PATH installs the command, and records its calls."""
    apt = tmp_path / "apt-get"
    apt.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\ncase "$*" in *install*) ln -s /bin/true {tmp_path}/tool; esac\n'
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(packages_of_system, "privilege", list)
    package = SystemPackage("some-tools", "command:tool", "tests want it")
    install_system_packages([package])
    install_system_packages([package])
    assert not package.missing
    assert capsys.readouterr().err == "installing Debian packages: some-tools\n    update\n    some-tools\n"
    assert (tmp_path / "calls").read_text().splitlines() == [
        "-qq update",
        "-qq install -y --no-install-recommends --no-remove some-tools",
    ]
