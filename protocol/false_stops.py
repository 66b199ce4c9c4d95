"""False full stops within one text, taken back where the words show that the sentence goes on. Pure.

An engine that hears a long pause often writes a full stop, whatever the words. How long a pause within a text was
is not known here, so that only the words count. Other marks stay, but for a Chinese question mark after "tell me".
"""

import re
from typing import Final

from protocol.sentences import goes_on_within, is_abbreviated, is_unfinished, lowered_within, shortened

_ENDS: Final = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])\s*|(?<=[\u2e80-\uffef][?!])(?=[\u2e80-\uffef])")
"""Whisper writes Chinese question marks in half width, mostly without a space."""
_FALSE: Final = tuple(".。…")

_ASKS_FOR: Final = re.compile("(?:告诉我|请问|问一下)[?？]$")


def without_false_stops(text: str) -> str:
    """Return a text without full stops after which its sentence goes on.

    Sentences with an unfinished end are joined first. Then the rest is compared from the last sentence backwards,
    so that each sentence is whole when it is compared with the one before.
    """
    ended: list[str] = []
    for sentence in _sentences(text.strip()):
        if ended and ended[-1].endswith(_FALSE) and is_unfinished(ended[-1], sentence):
            ended[-1] = _joined(ended[-1], sentence)
        else:
            ended.append(sentence)
    whole = ""
    for sentence in reversed(ended):
        whole = _before(sentence, whole) if whole else sentence
    return whole


def _sentences(text: str) -> list[str]:
    """Return the sentences of a text. The full stop of "Mr. Wilson" or "p.m." is never a false one."""
    found: list[str] = []
    for piece in filter(None, _ENDS.split(text)):
        if found and is_abbreviated(found[-1]):
            found[-1] += f" {piece}"
        else:
            found.append(piece)
    return found


def _before(sentence: str, rest: str) -> str:
    if _ASKS_FOR.search(sentence):
        return f"{sentence[:-1]}，{rest}"
    following = _sentences(rest)[0]
    if not sentence.endswith(_FALSE) or not goes_on_within(sentence, following):
        chinese = sentence[-1] in "。？！" or (_wide(sentence[-2:-1]) and _wide(rest[0]))
        return f"{sentence}{'' if chinese else ' '}{rest}"
    return _joined(sentence, rest)


def _joined(left: str, right: str) -> str:
    words = shortened(left, right)
    space = "" if words[-1:] in "，" or (_wide(words[-1]) and _wide(right[0])) else " "
    return words + space + lowered_within(right, words)


def _wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef"
