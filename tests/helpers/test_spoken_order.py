"""Test that only recordings that begin together may change places."""

import pytest

from tests.helpers.spoken_order import Spoken, check_order

TAKES = Spoken(1.0, ["a", "b"]), Spoken(1.005, ["c"]), Spoken(3.0, ["d"])


@pytest.mark.parametrize("found", ["abcd", "cabd"])
def test_recordings_that_begin_together_have_any_order(found: str) -> None:
    check_order(list(found), TAKES)


@pytest.mark.parametrize("found", ["abc", "abccd", "bacd", "abdc", "dabc", "abcde"])
def test_check_order_refuses_other_orders_and_texts(found: str) -> None:
    with pytest.raises(AssertionError):
        check_order(list(found), TAKES)


def test_text_of_two_recordings_may_be_anywhere() -> None:
    takes = [Spoken(0.0, ["silence", "a"]), Spoken(10.0, ["silence", "b"])]
    check_order(["silence", "a", "silence", "b"], takes)
    with pytest.raises(AssertionError, match="stands before"):
        check_order(["silence", "b", "silence", "a"], takes)
    with pytest.raises(AssertionError):
        check_order(["silence", "a", "b"], takes)
