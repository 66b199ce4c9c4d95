"""Segments of simulated speakers, in the order in which they end. Pure."""

import heapq
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec import Struct

from loadtest.speakers.noise import LONGEST_S, SHORTEST_S, Noise
from protocol.audio import SAMPLE_RATE

MEAN_AUDIO_S: Final = (SHORTEST_S + LONGEST_S) / 2
MEAN_PAUSE_S: Final = 1.197
"""Mean pause of ``Noise.turns``."""
TALK: Final = MEAN_AUDIO_S / (MEAN_AUDIO_S + MEAN_PAUSE_S)
"""Share of the time in which a speaker of ``streams`` speaks."""


class EndedSegment(NamedTuple):
    """Segment of ``audio_s`` seconds whose last sample is spoken at ``at_s``."""

    at_s: float
    session: int
    audio_s: float


class Speakers(Struct, frozen=True):
    """Speakers who arrive evenly within ``ramp_s`` and speak for ``seconds`` after that.

    ``talk``: share of the time in which each speaks. ``from_s``: start of the ramp.
    """

    count: int
    seconds: float
    ramp_s: float = 0.0
    seed: int = 1
    talk: float = TALK
    from_s: float = 0.0


def spoken(*groups: Speakers) -> Iterator[EndedSegment]:
    """Yield the segments of these groups together, as ``streams`` with the same numbers sends them."""
    sessions: list[Iterable[EndedSegment]] = []
    for group in groups:
        noise = Noise(group.seed)
        sessions += [_session(group, noise, number) for number in range(group.count)]
    return heapq.merge(*sessions)


def _session(speakers: Speakers, noise: Noise, number: int) -> Iterator[EndedSegment]:
    now = speakers.from_s + speakers.ramp_s * number / speakers.count
    stop_at = speakers.from_s + speakers.ramp_s + speakers.seconds
    longer = MEAN_AUDIO_S * (1 / speakers.talk - 1) / MEAN_PAUSE_S
    for pause_s, utterance in noise.turns(number):
        now += pause_s * longer
        if now >= stop_at:
            return
        audio_s = utterance.samples / SAMPLE_RATE
        now += audio_s
        yield EndedSegment(now, number, audio_s)
