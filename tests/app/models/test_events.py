"""What a look at the disk says."""

import pytest

from app.models.events import Disk


@pytest.mark.parametrize(
    ("here", "unfinished"),
    [
        ({}, 0),
        ({"config.json": 10, "weights.bin": 40}, 50),
        ({"one.whl": 30, "two.whl": 20}, 50),
        ({"one.whl": 30, "two.whl": 20, "weights.bin": 45}, 50),
    ],
)
def test_bytes_in_wheels_and_out_of_them_count_once(here: dict[str, int], unfinished: int) -> None:
    assert Disk(here=here).unfinished == unfinished
