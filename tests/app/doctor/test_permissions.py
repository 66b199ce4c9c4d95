"""Windows and macOS, as far as they can be told of here."""

import pytest

from app.doctor.permissions import microphone_on_windows, permissions, trusted_on_mac
from tests.app.doctor.found import keys


@pytest.mark.parametrize(("allowed", "found"), [(None, []), (True, ["ok permissions-given"])])
def test_nothing_to_complain_about(allowed: bool | None, found: list[str]) -> None:
    assert keys(permissions("darwin", mac=lambda: allowed)) == found
    assert keys(permissions("win32", windows=lambda: allowed)) == found
    assert permissions("linux") == []


def test_what_is_denied_is_told_with_the_place_to_allow_it() -> None:
    assert keys(permissions("darwin", mac=lambda: False)) == ["problem accessibility-denied"]
    assert keys(permissions("win32", windows=lambda: False)) == ["problem microphone-denied"]


def test_where_nobody_can_be_asked_nothing_is_known() -> None:
    assert trusted_on_mac() is None and microphone_on_windows() is None
