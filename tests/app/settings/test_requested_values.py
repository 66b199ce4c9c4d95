"""Tests that no choice is lost between a request and its answer."""

import pytest

from app.settings.requested_values import RequestedValues


def test_request_adds_to_the_last_one_when_an_earlier_one_is_answered() -> None:
    values = RequestedValues()
    values.request(("a",))
    values.request(("a", "b"))
    latest = []
    for shown in (("a",), ("a", "b"), ("c",)):
        values.show(shown)
        latest.append(values.latest)
    assert latest == [("a", "b"), ("a", "b"), ("c",)], "in the end nothing is awaited any more"


@pytest.mark.parametrize("shown", [("x",), ("a", "b")], ids=["by others", "answers at once"])
def test_list_in_effect_counts_when_it_is_no_single_answer(shown: tuple[str, ...]) -> None:
    values = RequestedValues()
    values.request(("a",))
    values.request(("a", "b"))
    values.show(shown)
    assert values.latest == shown


def test_requests_stay_when_the_list_in_effect_is_shown_again() -> None:
    values = RequestedValues()
    values.show(("a",))
    values.request(("a", "b"))
    values.show(("a",))
    assert values.latest == ("a", "b")


def test_refused_requests_are_forgotten() -> None:
    values = RequestedValues()
    values.show(("a",))
    values.request(("a", "x"))
    values.refuse()
    assert values.latest == ("a",)
