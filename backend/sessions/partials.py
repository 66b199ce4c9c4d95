"""Pace of hypothesis requests of a session, and the partials that its client gets. Pure: time is a value.

Partials are best effort and yield to all other work. One request runs at a time, for at most half of the time.
A decode cannot be interrupted: a request that runs when the speaker stops delays the final. The slower the
answers, the rarer the requests; this bounds the mean delay of a final. The first words of a segment do not wait
for slow answers about a longer segment before it.
"""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from backend.core.limits import PARTIAL_S
from backend.sessions.local_agreement import LocalAgreement
from protocol.audio import SAMPLE_RATE
from protocol.job import Hypothesis
from protocol.session import Partial


@dataclass(frozen=True)
class PartialPace:
    """Limits of requests. ``first_s``: audio before the first request of a segment; ``new_s``: before later ones.

    ``more_s``: instead of ``new_s`` after a request with less than ``little_s`` of audio that yielded no text.
    ``share``: largest fraction of time in which a request may be pending. ``delay_s``: largest mean delay that
    requests may cause to finals; intervals of up to ``rest_s`` between them ensure it. ``slow_s``: no request is
    made if its decode is expected to take longer. ``declined_s``: pause after a refusal, and ``first_declined_s``
    while a segment has no text yet.
    """

    first_s: float = 0.9
    new_s: float = 0.6
    more_s: float = 0.3
    little_s: float = 2.0
    share: float = 0.5
    delay_s: float = 0.15
    lost_s: float = 3.0
    rest_s: float = 5.0
    slow_s: float = 1.5
    declined_s: float = 1.0
    first_declined_s: float = 0.3


PACE: Final = PartialPace()


class _Asked(NamedTuple):
    segment: int
    samples: int
    at: float


@dataclass
class _Heard:
    attempt: int
    samples: int = 0
    agreement: LocalAgreement = field(default_factory=LocalAgreement)


class Partials:
    """Partials of one session and one connection.

    Revisions grow over all segments and restart with the connection.
    """

    def __init__(self, pace: PartialPace) -> None:
        self._pace = pace
        self._first = round(pace.first_s * SAMPLE_RATE)
        self._new = round(pace.new_s * SAMPLE_RATE)
        self._more = round(min(pace.more_s, pace.new_s) * SAMPLE_RATE)
        self._little = round(pace.little_s * SAMPLE_RATE)
        self._most = round(PARTIAL_S * SAMPLE_RATE)
        self._not_before = 0.0
        self._rests_until = 0.0  # for the segment that was answered only
        self._round_trip = 0.0
        self._waits_for: _Asked | None = None
        self._covered = (-1, 0)
        self._needs_more = False
        self._heard: dict[int, _Heard] = {}
        self._revision = 0

    def due(self, segment: int, held: int, now: float) -> bool:
        """Return whether to request a hypothesis of this segment. ``held``: samples received so far.

        Called for each frame.
        """
        if now < self._not_before:
            return False
        if self._waits_for is not None:  # the request is lost
            self._settle(self._not_before - self._waits_for.at)
            if now < self._not_before:
                return False
        of, samples = self._covered
        if segment == of and now < self._rests_until:
            return False
        known = segment == of and held >= samples
        new = self._more if self._needs_more else self._new
        return held >= (samples + new if known else self._first) and held <= self._most

    def requested(self, segment: int, held: int, now: float) -> None:
        """Note that a request was sent."""
        self._waits_for, self._covered = _Asked(segment, held, now), (segment, held)
        self._needs_more = held < self._little  # unless the answer has a text
        self._not_before = now + max(self._pace.lost_s, 3 * self._round_trip)

    def declined(self, segment: int, samples: int, now: float) -> None:
        """Note that this request will get no answer."""
        if self._is_for(segment, samples):
            self._waits_for = None
            first = segment not in self._heard
            self._not_before = now + (self._pace.first_declined_s if first else self._pace.declined_s)
            if first and self._covered == (segment, samples):
                self._covered = (-1, 0)

    def paused(self, segment: int, samples: int) -> None:
        """Make no request until new audio comes: the segment may end at ``samples``, and its final comes first."""
        of, covered = self._covered
        self._needs_more = False
        self._covered = (segment, max(covered, samples) if segment == of else samples)

    def answered(self, answer: Hypothesis, now: float) -> None:
        """Note that an answer arrived, used or not."""
        if self._waits_for is None or not self._is_for(answer.segment, answer.samples):
            return
        at, took = self._waits_for.at, now - self._waits_for.at
        self._needs_more = self._needs_more and not answer.text
        self._round_trip = took
        self._settle(took)
        rare_s = took**2 / (2 * self._pace.delay_s)  # an end during a request waits for half of it on average
        self._rests_until = at + min(rare_s, self._pace.rest_s)

    def partial_of(self, answer: Hypothesis, live: Container[int]) -> Partial | None:
        """Return the next partial for the client if the text changed; ``live`` are the segments in progress.

        Words stay if an engine hears none in a longer piece: the next piece often has them again.
        """
        index = answer.segment
        heard = self._heard.get(index)
        if heard is None or heard.attempt != answer.attempt:
            self._heard = {n: known for n, known in self._heard.items() if n in live}
            heard = self._heard[index] = _Heard(answer.attempt)
        if answer.samples <= heard.samples or not answer.text:
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
        """End the pending request, and wait until its share of the time allows the next."""
        if self._waits_for is not None:
            self._not_before = self._waits_for.at + took / self._pace.share
            self._waits_for = None
