"""When a session asks for hypotheses, and what its client is told of the answers. Pure: time comes in as a value.

Best effort, and behind everything else: one request at a time, and no more than half of the time, so that a slow
fleet is asked less often; a fleet that is so slow that a request would delay a final is left alone for a while.
"""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from backend.agreement import Agreement
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.job import Hypothesis
from protocol.session import LIMITS, Partial

MOST_S: Final = 30.0
"""Longer segments get no further partials: each covers its segment from the beginning."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""Of all requests in one stream. The options came in one text message and are no longer than that may be."""
MOST_ENTRIES: Final = MOST_BYTES // (round(MOST_S * SAMPLE_RATE) * BYTES_PER_SAMPLE + LIMITS.json_bytes)


@dataclass(frozen=True)
class Pace:
    """``new_s`` of audio make a request worth it; an answer that took over ``slow_s`` is the last for a while.

    ``share`` is the part of the time in which an answer may be waited for.
    """

    new_s: float = 0.6
    share: float = 0.5
    lost_s: float = 3.0
    slow_s: float = 1.5
    rest_s: float = 30.0
    declined_s: float = 2.0
    speculation_s: float = 1.0


PACE: Final = Pace()


class _Asked(NamedTuple):
    segment: int
    samples: int
    at: float


@dataclass
class _Heard:
    attempt: int
    samples: int = 0
    agreement: Agreement = field(default_factory=Agreement)


class Partials:
    """Of one session and one connection: revisions begin anew with the next. They grow over all segments."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._new = round(pace.new_s * SAMPLE_RATE)
        self._most = round(MOST_S * SAMPLE_RATE)
        self._not_before = 0.0
        self._quiet_until = 0.0
        self._round_trip = 0.0
        self._waits_for: _Asked | None = None
        self._covered = (-1, 0)
        self._heard: dict[int, _Heard] = {}
        self._revision = 0

    def due(self, segment: int, held: int, now: float) -> bool:
        """Whether to ask about this segment, of which ``held`` samples are here. Called for each frame."""
        if now < self._not_before or now < self._quiet_until:
            return False
        if self._waits_for is not None:  # it is lost
            self._settle(self._not_before - self._waits_for.at)
            if now < self._not_before:
                return False
        of, samples = self._covered
        new = held - samples if segment == of and held >= samples else held
        return new >= self._new and held <= self._most

    def asked(self, segment: int, held: int, now: float) -> None:
        """The question is on its way."""
        self._waits_for, self._covered = _Asked(segment, held, now), (segment, held)
        self._not_before = now + max(self._pace.lost_s, 3 * self._round_trip)

    def declined(self, segment: int, samples: int, now: float) -> None:
        """Nobody will answer this question."""
        if self._is_for(segment, samples):
            self._waits_for = None
            self._not_before = now + self._pace.declined_s

    def speculated(self, now: float) -> None:
        """The segment is being decoded already, in case that it ends here."""
        self._quiet_until = now + max(self._pace.speculation_s, 2 * self._round_trip)

    def answered(self, answer: Hypothesis, now: float) -> None:
        """This answer came, whatever may be made of it."""
        if self._waits_for is None or not self._is_for(answer.segment, answer.samples):
            return
        self._round_trip = now - self._waits_for.at
        self._settle(self._round_trip)
        if self._round_trip > self._pace.slow_s:
            self._not_before = now + self._pace.rest_s

    def tell(self, answer: Hypothesis, live: Container[int]) -> Partial | None:
        """What the client is told of a segment that goes on; ``live`` are those that have not ended."""
        index = answer.segment
        heard = self._heard.get(index)
        if heard is None or heard.attempt != answer.attempt:
            self._heard = {n: known for n, known in self._heard.items() if n in live}
            heard = self._heard[index] = _Heard(answer.attempt)
        if answer.samples <= heard.samples:
            return None
        heard.samples = answer.samples
        before = (heard.agreement.text, heard.agreement.stable)
        heard.agreement.add(answer.text)
        after = (heard.agreement.text, heard.agreement.stable)
        if after == before:
            return None
        self._revision += 1
        return Partial(index, self._revision, *after)

    def _is_for(self, segment: int, samples: int) -> bool:
        return self._waits_for is not None and self._waits_for[:2] == (segment, samples)

    def _settle(self, took: float) -> None:
        """Nothing is waited for, and for its share of the time nothing will be."""
        if self._waits_for is not None:
            self._not_before = self._waits_for.at + took / self._pace.share
            self._waits_for = None
