"""Which beginning of a segment's hypotheses will not change any more: local agreement of two. Pure.

After Liu, Spanakis and Niehues, "Low-Latency Sequence-to-Sequence Speech Recognition and Translation by Partial
Hypothesis Selection", Interspeech 2020: what two successive hypotheses have in common, from the beginning on, is
stable. The unit is a word, or a character of a script that is written without spaces.
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


class Agreement:
    """The hypotheses of one segment. ``text`` is to be shown; its first ``stable`` code points stay."""

    def __init__(self) -> None:
        self.text = ""
        self.stable = 0

    def add(self, hypothesis: str) -> None:
        """The next hypothesis, which covers the segment from its beginning."""
        text = _joined(self.text[: self.stable], hypothesis.strip())
        self.stable = max(self.stable, _common(self.text, text))
        self.text = text


def words(text: str) -> list[tuple[int, int]]:
    """Where each word begins and ends. Punctuation inside a word is part of it, at its edges it is not."""
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
    """Where the last of the words ends that both begin with, case and the punctuation between them included."""
    same = len(commonprefix([one, other]))
    ends = {end for _, end in words(one)}
    return max((end for _, end in words(other) if end <= same and end in ends), default=0)


def _joined(stable: str, hypothesis: str) -> str:
    """The hypothesis behind what is stable: where it says something else, only its later words count."""
    if hypothesis.startswith(stable):
        return hypothesis
    settled, said = words(stable), words(hypothesis)
    if len(said) <= len(settled):
        return stable
    rest = hypothesis[said[len(settled) - 1][1] :]
    if _glued(stable, rest):
        return f"{stable} {rest}"
    return stable + rest


def _glued(left: str, right: str) -> bool:
    """Whether two words would become one."""
    return not (_is_apart(left[-1]) or _is_apart(right[0]))


def _is_apart(character: str) -> bool:
    return character.isspace() or _is_punctuation(character) or re.match(f"[{_UNSPACED}]", character) is not None


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
