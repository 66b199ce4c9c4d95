"""Parser of the models' output: SenseVoice's tags become fields, Paraformer's pieces become words. Pure."""

import re
from collections.abc import Iterable
from typing import Final

from protocol.engine import Transcript
from protocol.texts import join_texts

SENSEVOICE_LANGUAGES: Final = ("zh", "en", "yue", "ja", "ko")
PARAFORMER_LANGUAGES: Final = ("zh", "en")

_TAG: Final = re.compile(r"<\|([^|<>]*)\|>")
_EMOTIONS: Final = frozenset({"happy", "sad", "angry", "neutral", "fearful", "disgusted", "surprised"})
_NO_EVENTS: Final = frozenset({"withitn", "woitn", "emo_unknown", "event_unk"})
_CONTINUES: Final = "@@"


def read_rich(answer: str) -> Transcript:
    """Parse the tags of ``<|en|><|NEUTRAL|><|Speech|><|woitn|>seven``; ``nospeech`` means an empty text."""
    tags = [str(tag).lower() for tag in _TAG.findall(answer)]
    if "nospeech" in tags:
        return Transcript("")
    language = next((tag for tag in tags if tag in SENSEVOICE_LANGUAGES), "")
    emotion = next((tag for tag in tags if tag in _EMOTIONS), "")
    event = next((tag for tag in tags if tag not in _NO_EVENTS | {language, emotion}), "")
    text = _TAG.sub("", answer).strip()
    return Transcript(text, language if text else "", emotion=emotion, event=event)


def read_plain(answer: str) -> Transcript:
    """Parse Paraformer's answer, which has a space between any two characters."""
    return Transcript(join_texts(answer.split()))


def join_words(pieces: Iterable[str]) -> str:
    """Return Paraformer's pieces with spaces between words: ``hel@@`` continues in the next piece."""
    return " ".join(pieces).replace(f"{_CONTINUES} ", "").removesuffix(_CONTINUES)
