"""Unfinished bytes of a model on disk."""

import pytest

from app.models.events import ModelOnDisk


@pytest.mark.parametrize(
    ("here", "unfinished"),
    [
        ({}, 0),
        ({"config.json": 10, "weights.bin": 40}, 50),
        ({"one.whl": 30, "two.whl": 20}, 50),
        ({"one.whl": 30, "two.whl": 20, "weights.bin": 45}, 50),
    ],
)
def test_unfinished_counts_contents_of_wheels_once(here: dict[str, int], unfinished: int) -> None:
    assert ModelOnDisk(here=here).unfinished == unfinished
