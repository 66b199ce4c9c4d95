"""Check the texts of many recordings in a field: each once, in spoken order."""

from collections import Counter
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
    """Assert that the field has exactly these texts, in spoken order.

    The order of a text that several recordings have, such as silences of one length, is not known.
    """
    assert sorted(found) == sorted(text for take in takes for text in take.texts)
    counts = Counter(found)
    found = [text for text in found if counts[text] == 1]
    for take in takes:
        there = [text for text in found if text in take.texts]
        wanted = [text for text in take.texts if counts[text] == 1]
        assert there == wanted, f"{there} are there instead of {wanted}"
    at_s = {text: take.at_s for take in takes for text in take.texts}
    for before, after in pairwise(found):
        assert at_s[before] - at_s[after] < TOGETHER_S, f"{before} stands before {after}"
