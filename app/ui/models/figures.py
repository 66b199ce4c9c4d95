"""Texts and bars for the speed and the accuracy of a model. Pure, apart from the texts."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from app.core.sentences import Say
from app.models.advice import figure
from app.models.view import ModelFacts, Purpose
from app.ui.strings.language_names import language_name
from speech.models.catalogue import ErrorRates
from speech.models.recommendation import LocalSpeed

_FASTEST: Final = 64.0  # times as fast as speech: a full bar
_LEAST: Final = 0.03  # of a bar, so that a slow model has one too
_MOST_LANGUAGES: Final = 3
_BY_CHARACTER: Final = frozenset({"zh", "yue", "ja", "ko", "th"})


class Bar(NamedTuple):
    """Figure in words and as a bar. ``share``: filled part of the bar, 0 to 1; ``None``: no figure."""

    text: str
    share: float | None = None


def speed_bar(say: Say, speed: LocalSpeed | None) -> Bar:
    """Return how fast a model is on this computer; the bar doubles its speed with each sixth of its length."""
    if speed is None:
        return Bar(say("models.fast.unknown"))
    known = "measured" if speed.measured else "estimated"
    key = f"models.fast.{known}" if speed.value > 1 else f"models.fast.{known}-slow"
    share = math.log2(max(1.0, speed.value)) / math.log2(_FASTEST)
    return Bar(say(key, value=figure(speed)), min(1.0, max(_LEAST, share)))


def accuracy_bars(say: Say, about: ModelFacts, languages: Sequence[str]) -> list[Bar]:
    """Return how many words or characters a model gets right in each language, with the source of the figure."""
    return [_accuracy(say, about, language) for language in languages[:_MOST_LANGUAGES]]


def compared_languages(say_language: str, spoken: Iterable[str]) -> tuple[str, ...]:
    """Return the languages to show accuracy for: the user's, or those of the windows and English."""
    return tuple(spoken) or tuple(dict.fromkeys((say_language, "en")))


def has_figures(about: ModelFacts) -> bool:
    """Return whether speed and accuracy tell anything about a model."""
    return about.purpose is Purpose.RECOGNISER and not about.later


def source_text(say: Say, stated: ErrorRates) -> str:
    """Return who states errors, on which recordings, and for which copy of the model."""
    source = say(f"models.stated.{stated.source.replace(' ', '-')}")
    said = say("models.accuracy.tested", test=stated.test, source=source) if stated.test else source
    return say("models.accuracy.original", source=said) if stated.original else said


def _accuracy(say: Say, about: ModelFacts, language: str) -> Bar:
    name = language_name(say, language)
    if about.languages and language not in about.languages:
        return Bar(say("models.accuracy.unknown", language=name))
    if (stated := about.errors_in(language)) is None:
        return Bar(say("models.accuracy.unstated", language=name))
    right = 100 - stated.rates[language]
    key = "models.accuracy.characters" if language in _BY_CHARACTER else "models.accuracy.words"
    said = say(key, language=name, right=round(right), source=source_text(say, stated))
    return Bar(said, right / 100)
