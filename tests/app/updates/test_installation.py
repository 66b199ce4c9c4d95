"""The command for an update depends on the way of installation."""

from dataclasses import replace

import pytest

from app.updates.installation import (
    Facts,
    InstallKind,
    extra_packages,
    installation_of,
    installed_extras,
    installed_version,
    read_facts,
)

PLAIN = Facts("0.1.0", "/opt/env/bin/python", "/opt/env", "linux")


@pytest.mark.parametrize(
    ("facts", "kind", "command"),
    [
        (PLAIN, InstallKind.PIP, "/opt/env/bin/python -m pip install --upgrade kikipounamu"),
        (
            replace(PLAIN, extras=("desktop", "gateway")),
            InstallKind.PIP,
            "/opt/env/bin/python -m pip install --upgrade 'kikipounamu[desktop,gateway]'",
        ),
        (
            replace(PLAIN, platform="win32", executable=r"C:\My Programs\python.exe"),
            InstallKind.PIP,
            r'"C:\My Programs\python.exe" -m pip install --upgrade kikipounamu',
        ),
        (replace(PLAIN, files=frozenset({"pipx_metadata.json"})), InstallKind.PIPX, "pipx upgrade kikipounamu"),
        (replace(PLAIN, files=frozenset({"uv-receipt.toml"})), InstallKind.UV_TOOL, "uv tool upgrade kikipounamu"),
        (replace(PLAIN, source="/src/my tree"), InstallKind.CHECKOUT, "git -C '/src/my tree' pull --ff-only"),
        (
            replace(PLAIN, source="/src/my tree", prefix="/src/my tree/.venv-run"),
            InstallKind.CHECKOUT,
            "git -C '/src/my tree' pull --ff-only && make -C '/src/my tree' run",
        ),
        (
            replace(PLAIN, frozen=True, debian=True),
            InstallKind.DEBIAN,
            "sudo apt-get update && sudo apt-get install --only-upgrade kikipounamu",
        ),
        (replace(PLAIN, flatpak=True), InstallKind.FLATPAK, "flatpak update org.kikipounamu.app"),
        (replace(PLAIN, frozen=True), InstallKind.FOLDER, ""),
        (replace(PLAIN, frozen=True, environment={"APPIMAGE": "/x.AppImage"}), InstallKind.APPIMAGE, ""),
        (replace(PLAIN, frozen=True, platform="darwin"), InstallKind.INSTALLER, ""),
    ],
)
def test_command_fits_the_way_of_installation(facts: Facts, kind: InstallKind, command: str) -> None:
    found = installation_of(facts)
    assert (found.kind, found.command) == (kind, command)


def test_extras_contain_those_that_they_name() -> None:
    found = extra_packages(
        [
            "aiohttp",
            'PySide6-Essentials!=6.12.0,>=6.8; extra == "desktop"',
            'pynput>=1.8; sys_platform != "linux" and extra == "desktop"',
            'redis[hiredis]>=5; extra == "gateway"',
            'kikipounamu[desktop,gateway]; extra == "all"',
            'Kikipounamu[all]; extra == "everything"',
            'mcp>=2; extra == "mcp"',
        ]
    )
    assert found["mcp"] == {"mcp"}, "a package may have the name of its extra"
    assert found["desktop"] == {"pyside6-essentials"} and found["gateway"] == {"redis"}
    assert found["all"] == found["everything"] == {"pyside6-essentials", "redis"}


def test_running_program_is_recognised_with_its_extras() -> None:
    facts = read_facts()
    assert facts.version == installed_version()
    assert installation_of(facts).kind in {InstallKind.CHECKOUT, InstallKind.PIP}
    assert "dev" not in installed_extras() and set(facts.extras) == set(installed_extras())


@pytest.mark.parametrize(
    ("facts", "version", "command"),
    [
        (
            replace(PLAIN, extras=("all",)),
            "0.2.0",
            "/opt/env/bin/python -m pip install --upgrade '{wheel}[all]'",
        ),
        (replace(PLAIN, files=frozenset({"pipx_metadata.json"})), "0.2.0", "pipx install --force {wheel}"),
        (replace(PLAIN, files=frozenset({"uv-receipt.toml"})), "0.2.0", "uv tool install --force {wheel}"),
        (
            replace(PLAIN, debian=True, machine="x86_64"),
            "0.2.0",
            "{install}_0.2.0-1_amd64.deb",
        ),
        (
            replace(PLAIN, debian=True, machine="aarch64"),
            "",
            "{install}_VERSION-1_arm64.deb",
        ),
    ],
)
def test_installation_from_a_file_is_updated_from_the_new_file(facts: Facts, version: str, command: str) -> None:
    found = installation_of(replace(facts, from_file=True), version)
    names = {"wheel": "./kikipounamu-0.2.0-py3-none-any.whl", "install": "sudo apt-get install ./kikipounamu"}
    assert found.needs_file and found.command == command.format(**names)
