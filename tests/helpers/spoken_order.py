"""Check the texts of many recordings in a field: each once, in spoken order."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

TOGETHER_S = 1.0
"""A busy computer makes the folders of recordings that begin within a second in any order."""


class Spoken(NamedTuple):
    """The inserted texts of a recording, whose folder was made at ``at_s``."""

    at_s: float
    texts: Sequence[str]


def check_order(found: Sequence[str], takes: Sequence[Spoken]) -> None:
    """Assert that the field has exactly these texts, in spoken order."""
    assert sorted(found) == sorted(text for take in takes for text in take.texts)
    for take in takes:
        there = [text for text in found if text in take.texts]
        assert there == list(take.texts), f"{there} are there instead of {take.texts}"
    at_s = {text: take.at_s for take in takes for text in take.texts}
    for before, after in pairwise(found):
        assert at_s[before] - at_s[after] < TOGETHER_S, f"{before} stands before {after}"
