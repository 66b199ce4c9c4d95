"""Test the figures of two versions of Whisper."""

import numpy as np

from benchmarks.fidelity.items import Item
from benchmarks.fidelity.reference import Decoded
from benchmarks.whisper_window import Pair, figures


def pair(text: str, before: str, after: str) -> Pair:
    """Return the decodes of a recording, the second in a quarter of the time."""
    item = Item("i", "en", text, (), np.zeros(1, np.int16))
    return Pair(item, Decoded(before, "en", 1.2), Decoded(after, "en", 0.3))


def test_figures_compare_time_and_errors_of_both_versions() -> None:
    pairs = [pair("one two", "one two", "one too"), pair("three four", "tree for", "three four")]
    assert figures("en", pairs) == {
        "language": "en",
        "recordings": 2,
        "before_ms": 1200,
        "after_ms": 300,
        "ratio": 0.25,
        "ratio_p95": 0.25,
        "errors_before_%": 50.0,
        "errors_after_%": 25.0,
        "difference_at_most": 50.0,
    }
