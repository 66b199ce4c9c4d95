"""Test the takes of short words with clicks before them."""

import numpy as np

from benchmarks.fidelity.clicked import KINDS, take_of
from benchmarks.fidelity.items import Item
from protocol.audio import SAMPLE_RATE


def test_click_lies_before_the_word() -> None:
    tone = np.sin(np.arange(SAMPLE_RATE // 2) * 0.3) * 9_000
    word = Item("word", "en", "No.", (), np.rint(tone).astype(np.int16))
    kind = KINDS[-1]
    plain, clicked = (take_of(word, kind, -20, clicks) for clicks in (False, True))
    changed = np.flatnonzero(plain != clicked)
    assert len(changed) > 0
    assert changed[-1] < kind.lead_s * SAMPLE_RATE
    assert len(plain) == round((0.5 + kind.lead_s + kind.tail_s) * SAMPLE_RATE)
