"""Durations of each stage: percentiles over the last utterances. Pure."""

import math
from collections.abc import Iterable, Sequence

from app.monitoring.utterances import Utterance
from app.monitoring.view import StageFigures, UtteranceStage


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the smallest value that ``percent`` of the ordered values do not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def stage_figures(utterances: Iterable[Utterance]) -> tuple[StageFigures, ...]:
    """Return figures for every stage with data, in chronological order."""
    taken: dict[UtteranceStage, list[float]] = {stage: [] for stage in UtteranceStage}
    for one in utterances:
        for stage, seconds in _durations(one):
            taken[stage].append(seconds)
    return tuple(
        StageFigures(stage, len(values), percentile(ordered, 50), percentile(ordered, 95))
        for stage, values in taken.items()
        if (ordered := sorted(values))
    )


def _durations(one: Utterance) -> Iterable[tuple[UtteranceStage, float]]:
    """Yield the known durations.

    For other clients' utterances, sending and insertion are unknown.
    """
    if one.own and one.queued is not None and one.complete is not None:
        yield UtteranceStage.SENT, max(0.0, one.queued - one.complete)
    yield UtteranceStage.QUEUED, one.timing.queue / 1000
    yield UtteranceStage.DECODED, one.timing.decode / 1000
    yield UtteranceStage.DELIVERED, one.timing.deliver / 1000
    if one.inserted is not None and one.recognised is not None:
        yield UtteranceStage.INSERTED, one.inserted - one.recognised
    text_at = one.recognised if one.inserted is None else one.inserted
    if text_at is not None and one.complete is not None:
        yield UtteranceStage.WHOLE, max(0.0, text_at - one.complete)
