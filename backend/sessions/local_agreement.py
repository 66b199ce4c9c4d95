"""Stable beginning of a segment's successive hypotheses: local agreement of two. Pure.

After Liu, Spanakis and Niehues, "Low-Latency Sequence-to-Sequence Speech Recognition and Translation by Partial
Hypothesis Selection", Interspeech 2020: the common beginning of two successive hypotheses is stable. The unit is
a word, or a character of a script without spaces.
"""

import re
import unicodedata
from os.path import commonprefix
from typing import Final

# Thai, Lao, Myanmar and Khmer; kana, bopomofo and ideographs; half-width kana; extensions.
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fff\u3005-\u3007\u3040-\u312f\u3190-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_PIECE: Final = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


class LocalAgreement:
    """Hypotheses of one segment. ``text`` is shown; its first ``stable`` code points will not change."""

    def __init__(self) -> None:
        self.text = ""
        self.stable = 0

    def add(self, hypothesis: str) -> None:
        """Add the next hypothesis, which covers the segment from its beginning."""
        text = _joined(self.text[: self.stable], hypothesis.strip())
        self.stable = max(self.stable, _common(self.text, text))
        self.text = text


def words(text: str) -> list[tuple[int, int]]:
    """Return start and end of each word. Punctuation belongs to a word inside it, not at its edges."""
    found: list[tuple[int, int]] = []
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        while start < end and _is_punctuation(text[start]):
            start += 1
        while start < end and _is_punctuation(text[end - 1]):
            end -= 1
        if start < end:
            found.append((start, end))
    return found


def _common(one: str, other: str) -> int:
    """Return the end of the last word that both texts share, including case and inner punctuation."""
    same = len(commonprefix([one, other]))
    ends = {end for _, end in words(one)}
    return max((end for _, end in words(other) if end <= same and end in ends), default=0)


def _joined(stable: str, hypothesis: str) -> str:
    """Append the hypothesis to the stable text; if they differ, use only the hypothesis's later words."""
    if hypothesis.startswith(stable):
        return hypothesis
    settled, said = words(stable), words(hypothesis)
    if len(said) <= len(settled):
        return stable
    rest = hypothesis[said[len(settled) - 1][1] :]
    merged = len(words(stable + rest)) < len(settled) + len(words(rest))
    return f"{stable} {rest}" if merged else stable + rest


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
