"""Permissions of Windows and macOS, as far as they can be tested on other systems."""

import pytest

from app.diagnostics.checks.permissions import microphone_on_windows, permissions, trusted_on_mac
from tests.app.diagnostics.checks.found import keys


@pytest.mark.parametrize(("allowed", "found"), [(None, []), (True, ["ok permissions-given"])])
def test_permissions_are_fine_when_granted_or_unknown(allowed: bool | None, found: list[str]) -> None:
    assert keys(permissions("darwin", mac=lambda: allowed)) == found
    assert keys(permissions("win32", windows=lambda: allowed)) == found
    assert permissions("linux") == []


def test_denied_permission_is_a_problem() -> None:
    assert keys(permissions("darwin", mac=lambda: False)) == ["problem accessibility-denied"]
    assert keys(permissions("win32", windows=lambda: False)) == ["problem microphone-denied"]


def test_permissions_are_unknown_on_other_systems() -> None:
    assert trusted_on_mac() is None and microphone_on_windows() is None
