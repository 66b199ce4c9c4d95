"""The check of licences finds what is not allowed, has no text, or is unnamed."""

import tomllib
from pathlib import PurePath
from typing import Any

import pytest

from app.diagnostics.report.view import ComponentKind, Licence
from scripts.check_licences import RULES, carried, main, parts, refused, unnamed

ALIASES = {"The MIT License": "MIT"}


@pytest.fixture(scope="module")
def rules() -> dict[str, Any]:
    return tomllib.loads(RULES.read_text())


@pytest.mark.parametrize(
    ("licence", "found"),
    [
        ("MIT", [("MIT",)]),
        ("The MIT License", [("MIT",)]),
        ("Apache-2.0 OR BSD-3-Clause", [("Apache-2.0", "BSD-3-Clause")]),
        ("(MIT OR X) AND Zlib", [("MIT", "X"), ("Zlib",)]),
        ("MPL-2.0, The MIT License", [("MPL-2.0",), ("MIT",)]),
    ],
)
def test_licence_is_split_into_parts_and_choices(licence: str, found: list[tuple[str, ...]]) -> None:
    assert list(parts(licence, ALIASES)) == found


@pytest.mark.parametrize(
    ("name", "licence", "fine"),
    [
        ("a", "MIT", True),
        ("a", "LGPL-3.0-only OR GPL-2.0-only", True),
        ("a", "GPL-2.0-or-later", False),
        ("a", "MIT AND GPL-3.0-only", False),
        ("a", "?", False),
        ("x264", "GPL-2.0-or-later", True),
    ],
)
def test_licence_must_be_allowed(rules: dict[str, Any], name: str, licence: str, fine: bool) -> None:
    component = Licence(name, "1", licence, ComponentKind.PACKAGE)
    assert (list(refused([component], rules)) == []) == fine


def test_model_must_have_an_allowed_licence(rules: dict[str, Any]) -> None:
    models = [Licence("m", "", licence, ComponentKind.MODEL) for licence in ("MIT", "CC-BY-NC-4.0")]
    assert len(list(refused(models, rules))) == 1


def test_library_without_a_name_is_found() -> None:
    files = [
        PurePath("p.libs/libknown-1.so.2"),
        PurePath("p.libs/libnew.so.1"),
        PurePath("p/_c.abi3.so"),
        PurePath("p/a.py"),
    ]
    assert [said.partition(":")[0] for said in unnamed(files, ["libknown"])] == ["p.libs/libnew.so.1"]


def test_packages_of_torch_are_not_carried() -> None:
    assert "aiohttp" in carried() and not {"torch", "kaldiio", "funasr"} & set(carried())


def test_components_of_this_environment_have_known_licences(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0, capsys.readouterr().out
