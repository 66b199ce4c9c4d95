"""Hierarchy and attributes of the client's errors."""

from client import errors
from client.errors import GatewayError, Intercepted, NotPaired, SessionLost, TryLater, Unreachable
from protocol.pairing import PairRefusal
from tests.helpers.error_trees import documented_errors


def test_client_errors_share_one_base_and_are_documented() -> None:
    assert all(issubclass(kind, GatewayError) for kind in documented_errors(errors))


def test_client_errors_carry_their_attributes() -> None:
    assert SessionLost("x", (1, 2)).segments == (1, 2)
    assert TryLater("x", 3.5).retry_after_s == 3.5
    assert Unreachable("x").retry_after_s == 0.0
    assert str(TryLater("wait", 1)) == "wait"
    assert NotPaired("x", PairRefusal.WRONG_CODE, 3).tries_left == 3
    assert Intercepted("x").reason is PairRefusal.INTERCEPTED
