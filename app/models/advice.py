"""Advice about models on this computer: the recommended one with its reason, and the speeds."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from app.models.engines import lacks
from app.models.local_speeds import this_computer
from speech.models.catalogue import Model
from speech.models.recommendation import LocalSpeed, Reason, Recommendation, local_speed, recommend

_FEW: Final = 5
_EXACT: Final = 9.95  # below, one decimal is shown


class Advice(NamedTuple):
    """Speeds on this computer, by model, and the model that is recommended to someone who speaks ``languages``."""

    speeds: Mapping[str, LocalSpeed] = {}
    recommended: Recommendation | None = None
    languages: tuple[str, ...] = ()


def advise(models: Sequence[Model], languages: Sequence[str]) -> Advice:
    """Return the advice for someone who speaks ``languages``. Blocks briefly."""
    computer = this_computer()
    found = {model.name: local_speed(model, models, computer) for model in models}
    speeds = {name: speed for name, speed in found.items() if speed is not None}
    return Advice(speeds, recommend(models, languages, computer, lambda name: not lacks(name)), tuple(languages))


def languages_text(codes: Sequence[str]) -> str:
    """Return a few codes, or the number of many."""
    return " ".join(codes) if len(codes) <= _FEW else f"{len(codes)} languages"


def figure(speed: LocalSpeed) -> str:
    """Return a speed with two digits."""
    return f"{speed.value:.0f}" if speed.value >= _EXACT else f"{speed.value:.1f}"


def speed_text(speed: LocalSpeed | None) -> str:
    """Return a speed as ``21x``; one that was not measured here as ``~21x``."""
    if speed is None:
        return ""
    return f"{'' if speed.measured else '~'}{figure(speed)}x"


def advice_line(advice: Recommendation, languages: Sequence[str]) -> str:
    """Return the recommendation and its reason in one line, for a terminal."""
    spoken = languages_text(languages) if languages else "any language"
    why = {
        Reason.ACCURATE: f"of those that know {spoken} and keep up with speech here, it makes the fewest errors",
        Reason.FASTEST: f"none that knows {spoken} keeps up with speech here, and this one is the fastest",
    }.get(advice.reason, f"no model that knows {spoken} fits into the memory of this computer")
    speed = f" ({speed_text(advice.speed)})" if advice.speed else ""
    return f"recommended: {advice.model}{speed}: {why}"
