"""Hierarchy and attributes of the client's errors."""

import inspect

from client import errors
from client.errors import GatewayError, Intercepted, NotPaired, SessionLost, TryLater, Unreachable
from protocol.pairing import PairRefusal

CLASSES = [
    (name, kind)
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__
]


def test_client_errors_share_one_base() -> None:
    assert len(CLASSES) > 5
    assert all(issubclass(kind, GatewayError) for _, kind in CLASSES)


def test_errors_docstring_lists_every_client_error() -> None:
    for name, kind in CLASSES:
        assert name in (errors.__doc__ or "")
        assert kind.__doc__


def test_client_errors_carry_their_attributes() -> None:
    assert SessionLost("x", (1, 2)).segments == (1, 2)
    assert TryLater("x", 3.5).retry_after_s == 3.5
    assert Unreachable("x").retry_after_s == 0.0
    assert str(TryLater("wait", 1)) == "wait"
    assert NotPaired("x", PairRefusal.WRONG_CODE, 3).tries_left == 3
    assert Intercepted("x").reason is PairRefusal.INTERCEPTED
