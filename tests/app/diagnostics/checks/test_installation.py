"""Missing extras are reported with the command that adds them."""

import re
import tomllib
from functools import partial
from operator import ne
from pathlib import Path

from app.diagnostics.checks.installation import has_module, installation
from runtime.installing import extra_command
from tests.app.diagnostics.checks.found import keys

ROOT = Path(__file__).resolve().parents[4]
MODULES = {"PySide6-Essentials": "PySide6"}
"""Modules whose name differs from their distribution."""


def test_installation_is_ok_when_complete() -> None:
    assert keys(installation("1.0", frozen=False, has=lambda name: True)) == ["ok installed"]


def test_installation_names_missing_extras_once() -> None:
    found = installation("1.0", frozen=False, has=lambda name: name not in {"sounddevice", "redis", "av"})
    assert keys(found) == ["ok installed", "advice extras-missing", "ok extras-optional"]
    assert [finding.values["extras"] for finding in found[1:]] == ["gateway, worker, desktop", "media"]
    terminal = installation("1.0", frozen=False, has=lambda name: name != "sounddevice")
    assert terminal[1].values == {"extras": "desktop", "install": extra_command("desktop")}


def test_installation_names_what_a_bundle_lacks_without_a_command() -> None:
    assert keys(installation("1.0", frozen=True, has=lambda name: True)) == ["ok installed"]
    small = installation("1.0", frozen=True, has=lambda name: name not in {"faster_whisper", "av"})
    assert keys(small) == ["ok installed", "ok extras-optional"]
    assert small[1].values == {"extras": "whisper, media"}


def test_has_module_finds_installed_modules() -> None:
    assert has_module("json") and not has_module("no_such_module")


def test_installation_knows_every_requirement_of_each_extra() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    # Not those that are made of others or included in one, or for maintainers.
    for extra in declared.keys() - {"all", "dev", "microphone", "release"}:
        for requirement in declared[extra]:
            name, _, only_on = requirement.partition(";")
            module = MODULES.get(found := re.split(r"[^\w-]", name)[0], found.lower().replace("-", "_"))
            result = installation("1.0", frozen=False, has=partial(ne, module))
            assert only_on or any(extra in one.values["extras"].split(", ") for one in result[1:]), requirement
