"""Recommendation of one model for a person and a computer, with the reason. Pure.

A model must know all languages of the person, fit into the memory, and finish a sentence of four seconds within
one second. Of those, the most accurate one is recommended; if none is fast enough, the fastest. If there is no
such
model and Whisper cannot run, another model that can run is recommended.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from statistics import median
from typing import Final, NamedTuple

from speech.models.catalogue import Model

MOST_ACCURATE_FIRST: Final = (
    "parakeet-tdt-0.6b-v3-int8",
    "sensevoice-small-int8",
    "whisper-large-v3-turbo",
    "whisper-small",
    "whisper-base",
)
"""Candidates, by the published errors in the languages that several of them know."""
WITHOUT_HUB: Final = "whisper-base"
"""Model that the package index has too, and that every computer can run."""
FOR_CHINESE: Final = "sensevoice-small-int8"
CHINESE: Final = frozenset({"zh", "yue"})
KEEPS_UP: Final = 4.0
"""Speed from which a person hardly waits."""

_ON_GPU: Final = frozenset({"whisper-base", "whisper-small", "whisper-large-v3-turbo"})
_GPU_GAIN: Final = 10.0  # rounded down from users' figures of Whisper on common cards
_SPARE_BYTES: Final = 300_000_000
_SHARE: Final = 0.5  # of the memory, at most


class Computer(NamedTuple):
    """Computer that recognises. ``speeds``: measured ones, by model, in seconds of audio per second."""

    memory_bytes: int
    has_gpu: bool = False
    speeds: Mapping[str, float] = {}


class LocalSpeed(NamedTuple):
    """Speed of a model on one computer. Until it was ``measured``, it is an estimate."""

    value: float
    measured: bool


class ChoiceReason(StrEnum):
    """Reason of a recommendation or of a default."""

    ACCURATE = "accurate"
    FASTEST = "fastest"
    FITS = "fits"
    CHINESE = "chinese"
    NO_HUB = "no-hub"
    NO_CHINESE = "no-chinese"
    INSTALLED = "installed"
    NO_WHISPER = "no-whisper"


class Recommendation(NamedTuple):
    """Recommended model. ``speed``: on this computer, if it is known at all."""

    model: str
    reason: ChoiceReason
    speed: LocalSpeed | None = None


def local_speed(model: Model, models: Iterable[Model], computer: Computer) -> LocalSpeed | None:
    """Return the speed of ``model``: measured, or the catalogue's, scaled by the measured speeds of others."""
    if model.name in computer.speeds:
        return LocalSpeed(computer.speeds[model.name], True)
    if model.speed is None:
        return None
    on_gpu = computer.has_gpu and model.name in _ON_GPU
    ratios = [
        computer.speeds[other.name] / other.speed.value
        for other in models
        if other.speed and other.name in computer.speeds and (computer.has_gpu and other.name in _ON_GPU) == on_gpu
    ]
    scale = median(ratios) if ratios else _GPU_GAIN if on_gpu else 1.0
    return LocalSpeed(model.speed.value * scale, False)


def recommend(
    models: Iterable[Model], languages: Iterable[str], computer: Computer, runs: Callable[[str], bool]
) -> Recommendation | None:
    """Return the best model for someone who speaks ``languages``; none: any language.

    ``runs``: whether the engine of a model is installed. ``None``: the catalogue has no model for all computers.
    """
    known = {model.name: model for model in models}
    if (fallback := known.get(WITHOUT_HUB)) is None:
        return None
    spoken = frozenset(languages) or frozenset(fallback.languages)
    suitable: list[tuple[str, LocalSpeed]] = []
    for model in (known[name] for name in MOST_ACCURATE_FIRST if name in known):
        speed = local_speed(model, known.values(), computer)
        if speed and runs(model.name) and spoken <= set(model.languages) and fits(model, computer):
            suitable.append((model.name, speed))
    if found := next((one for one in suitable if one[1].value >= KEEPS_UP), None):
        return Recommendation(found[0], ChoiceReason.ACCURATE, found[1])
    if suitable:
        name, speed = max(suitable, key=lambda one: one[1].value)
        return Recommendation(name, ChoiceReason.FASTEST, speed)
    if not runs(WITHOUT_HUB) and (other := without_whisper(known.values(), spoken, lambda name: False, runs)):
        return other._replace(speed=local_speed(known[other.model], known.values(), computer))
    return Recommendation(WITHOUT_HUB, ChoiceReason.FITS, local_speed(fallback, known.values(), computer))


def fits(model: Model, computer: Computer) -> bool:
    """Return whether the model leaves half of the memory to other programs; it takes twice its files' size."""
    return 2 * model.most_bytes + _SPARE_BYTES <= _SHARE * computer.memory_bytes


def without_whisper(
    models: Iterable[Model],
    languages: Iterable[str],
    installed: Callable[[str], bool],
    runs: Callable[[str], bool],
) -> Recommendation | None:
    """Return the default where Whisper cannot run: an installed one, else the smallest that knows ``languages``.

    ``runs``: whether the engine of a model is installed. ``None``: none can run.
    """
    spoken = set(languages)
    able = [model for model in models if model.name in MOST_ACCURATE_FIRST and runs(model.name)]
    if not able:
        return None
    first = min(able, key=lambda one: (not installed(one.name), not spoken <= set(one.languages), one.most_bytes))
    return Recommendation(first.name, ChoiceReason.INSTALLED if installed(first.name) else ChoiceReason.NO_WHISPER)


def default_model(
    languages: Iterable[str], installed: Callable[[str], bool], reachable: Callable[[], bool]
) -> Recommendation:
    """Return the model for someone who has chosen none. ``reachable`` is asked only if its answer matters.

    ``reachable``: whether a source of ``FOR_CHINESE`` answers.
    """
    chinese = bool(CHINESE.intersection(languages))
    if chinese and installed(FOR_CHINESE):
        return Recommendation(FOR_CHINESE, ChoiceReason.CHINESE)
    if installed(WITHOUT_HUB):
        return Recommendation(WITHOUT_HUB, ChoiceReason.INSTALLED)
    if not chinese:
        return Recommendation(WITHOUT_HUB, ChoiceReason.NO_CHINESE)
    if reachable():
        return Recommendation(FOR_CHINESE, ChoiceReason.CHINESE)
    return Recommendation(WITHOUT_HUB, ChoiceReason.NO_HUB)
