"""The error tree, and what an error carries."""

import inspect

from client import errors
from client.errors import GatewayError, SessionLost, TryLater, Unreachable


def test_one_base() -> None:
    classes = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert len(classes) > 5
    assert all(issubclass(kind, GatewayError) for kind in classes)


def test_the_docstring_draws_the_tree() -> None:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        assert name in (errors.__doc__ or "")
        assert kind.__doc__


def test_what_they_carry() -> None:
    assert SessionLost("x", (1, 2)).segments == (1, 2)
    assert TryLater("x", 3.5).retry_after_s == 3.5
    assert Unreachable("x").retry_after_s == 0.0
    assert str(TryLater("wait", 1)) == "wait"
