"""Errors of D-Bus name the refusal."""

import pytest

from app.bus.errors import BusRefused


@pytest.mark.parametrize(("reason", "text"), [("", "a.b.Denied"), ("not now", "a.b.Denied: not now")])
def test_refusal_has_the_name_of_the_error(reason: str, text: str) -> None:
    error = BusRefused("a.b.Denied", reason)
    assert (error.name, str(error)) == ("a.b.Denied", text)
