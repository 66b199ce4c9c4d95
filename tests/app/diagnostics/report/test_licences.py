"""Every bundled component states its licence."""

import re
import tomllib
from pathlib import Path

import pytest

from app.diagnostics.report import licences as module
from app.diagnostics.report.licences import PROGRAM, UNKNOWN, dependencies, licence_of, licences, text_of
from app.diagnostics.report.view import ComponentKind

PROJECT = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text())["project"]


def needed() -> list[str]:
    """Return the requirements of the base and the desktop on this platform."""
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["desktop"]]
    here = [one for one in wanted if "; sys_platform != 'linux'" not in one]
    return [re.split(r"[^A-Za-z0-9._-]", one)[0].lower() for one in here]


def test_every_component_is_listed_once_with_licence() -> None:
    found = licences()
    versions = {one.name.lower().replace("_", "-"): one.version for one in found}
    assert [name for name in needed() if not versions.get(name.replace("_", "-"))] == []
    assert found[0].name == PROGRAM and found[0].licence == "MIT"
    assert [one.name for one in found if one.licence in ("", UNKNOWN)] == []
    assert len({one.name for one in found}) == len(found)
    assert {one.kind for one in found} == set(ComponentKind)


def test_dependencies_exclude_development_tools() -> None:
    assert "aiohttp" in dependencies() and "multidict" in dependencies()
    assert not {"ruff", "mypy", "pytest", "import-linter"} & set(dependencies())
    assert PROGRAM not in dependencies(), "an extra of it names others"


def test_licence_texts_are_available() -> None:
    assert "Permission is hereby granted" in text_of(PROGRAM)
    assert "Apache License" in text_of("aiohttp")
    assert "MODEL_LICENSE" in text_of("SenseVoiceSmall")
    assert "https://" in text_of("Qt")
    assert text_of("no such thing") == ""


def test_every_component_has_a_licence_text() -> None:
    assert [one.name for one in licences() if len(text_of(one.name)) < 100] == []
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text_of("Qt")
    assert "Intel Simplified Software License" in text_of("Intel oneMKL")


def test_bundle_lists_no_library_that_a_stand_in_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"FFmpeg", "x264", "x265"} <= {one.name for one in licences()}
    monkeypatch.setattr(module, "is_bundled", lambda: True)
    assert {"FFmpeg", "x264", "x265"} & {one.name for one in licences()} == {"FFmpeg"}


def test_libraries_of_torch_for_graphics_cards_have_a_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Metadata of a system where pip offers torch only with CUDA."""
    for name, stated in (("cuda-toolkit", ""), ("nvidia-sample", "License: NVIDIA Proprietary Software\n")):
        folder = tmp_path / f"{name.replace('-', '_')}-13.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 13.0\n{stated}")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("cuda-toolkit", "nvidia-sample"):
        assert licence_of(name) == "NVIDIA Proprietary Software"
        assert "docs.nvidia.com" in text_of(name)
