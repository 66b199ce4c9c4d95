"""Errors of the X server have one base, which optional uses of it catch."""

from app.x11.errors import X11Error, X11Gone, X11Missing


def test_errors_have_one_base() -> None:
    assert issubclass(X11Missing, X11Error) and issubclass(X11Gone, X11Error)
