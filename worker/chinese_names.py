"""Chinese names and terms of the speaker, written where the model wrote other characters of the same sound. Pure.

Few engines use hotwords, and hardly any knows a name that was not in its training. Names of two characters stay as
the engine writes them: many sound like everyday words (李想, 理想).
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from msgspec.structs import replace

from protocol.engine import DecodeOutcome, Transcript
from protocol.recognition import Options, Word

_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff"
_NAME: Final = re.compile(f"[{_HAN}]{{3,}}")
_RETROFLEX: Final = re.compile("(?<=^[zcs])h")

Readings = tuple[str, ...]
"""Of one character, the most common first."""


def apply_chinese_names(outcome: DecodeOutcome, options: Options) -> DecodeOutcome:
    """Return the outcome with the Chinese hotwords of ``options`` in place of what sounds the same."""
    if not isinstance(outcome, Transcript) or not _NAME.search(outcome.text):
        return outcome
    names = _names(options.hotwords)
    text = names.applied(outcome.text)
    return replace(outcome, text=text, words=tuple(_renamed(outcome, text))) if text != outcome.text else outcome


class Names:
    """Chinese names by their sounds. Where several fit, the longest counts; of equally long ones the first."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_reading: dict[str, list[tuple[str, list[Readings]]]] = {}
        for name in names:
            sounds = list(map(_readings, name))
            for reading in sounds[0]:
                self._by_reading.setdefault(reading, []).append((name, sounds))

    def applied(self, text: str) -> str:
        """Return a text of the same length with names in place of what sounds the same, from left to right.

        A name that stands there already is kept, although another one may sound the same.
        """
        if not self._by_reading:
            return text
        sounds = list(map(_readings, text))
        at = 0
        while at < len(text):
            name = self._at(text, at, sounds)
            text = text[:at] + name + text[at + len(name) :]
            at += len(name) or 1
        return text

    def _at(self, text: str, at: int, sounds: Sequence[Readings]) -> str:
        """Return the name that stands or sounds at this position, or nothing."""
        fitting = (
            name
            for reading in sounds[at]
            for name, heard in self._by_reading.get(reading, ())
            if _fits(sounds[at : at + len(name)], heard)
        )
        return max(fitting, key=lambda name: (text.startswith(name, at), len(name)), default="")


def _fits(sounds: Sequence[Readings], heard: Sequence[Readings]) -> bool:
    return len(sounds) == len(heard) and all(map(_sound_alike, sounds, heard))


def _sound_alike(one: Readings, other: Readings) -> bool:
    """Return True if a reading is common to both characters, and the most common one of either."""
    return bool(one and other) and (one[0] in other or other[0] in one)


def _renamed(outcome: Transcript, text: str) -> Iterator[Word]:
    """Yield the words with what the new text has in their places. Both texts have the same length."""
    at = 0
    for word in outcome.words:
        if (place := outcome.text.find(word.text, at)) < 0:
            yield word
            continue
        at = place + len(word.text)
        yield replace(word, text=text[place:at])


@lru_cache(maxsize=16)
def _names(hotwords: tuple[str, ...]) -> Names:
    return Names(filter(_NAME.fullmatch, hotwords))


@lru_cache(maxsize=16_384)
def _readings(character: str) -> Readings:
    """Return the readings without tones. What speakers and models mix up is equal: z and zh, n and ng."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # 12 instead of 58 MB; all readings are compared
    try:
        from pypinyin import Style, pinyin  # late: most speakers have no Chinese names
    except ImportError:  # sources newer than their environment: a text without its names is better than none
        return ()
    found = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
    return tuple(_RETROFLEX.sub("", reading).removesuffix("g") for reading in found[0]) if found else ()
