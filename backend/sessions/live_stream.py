"""Position of a session's segment at the streaming worker that follows it. Pure: time comes in as a value.

A worker keeps the state of the segment, so each request carries only new samples, and one request runs at a time.
Every answer names the worker and its number of samples. When an answer does not come, or the worker has lost the
state, the segment goes to any worker again, from its first sample: the gateway holds it until it is complete.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from protocol.audio import SAMPLE_RATE
from protocol.job import LIVE_STALE_MS, Gap, Hypothesis, LiveAnswer

Attempt = tuple[int, int]
"""Number and attempt of a segment."""


@dataclass(frozen=True)
class LivePace:
    """Limits of requests. ``step_s``: new audio before a request; ``piece_s``: most audio of one.

    ``lost_s``: a later answer counts as lost. ``away_s``: pause after a request that no worker took.
    """

    step_s: float = 0.2
    piece_s: float = 4.0
    lost_s: float = LIVE_STALE_MS / 1000
    away_s: float = 5.0


LIVE_PACE: Final = LivePace()


class LivePiece(NamedTuple):
    """Samples of a segment that go to the worker ``inbox``; empty: to any worker."""

    begin: int
    end: int
    inbox: str


class _Asked(NamedTuple):
    piece: LivePiece
    at: float


class LiveStream:
    """The segment that is followed, and the worker that follows it."""

    def __init__(self, pace: LivePace = LIVE_PACE) -> None:
        self._pace = pace
        self._step = round(pace.step_s * SAMPLE_RATE)
        self._most = round(pace.piece_s * SAMPLE_RATE)
        self._of: Attempt = (-1, 0)
        self._sent = 0
        self._asked: _Asked | None = None
        self._round_trip = 0.0
        self._away_until = 0.0
        self.inbox = ""

    def is_away(self, now: float) -> bool:
        """Return whether requests pause, because no worker took the last one."""
        if self._asked is not None and now - self._asked.at >= max(self._pace.lost_s, 3 * self._round_trip):
            self._use_any_worker(now)
        return now < self._away_until

    def due(self, of: Attempt, held: int) -> bool:
        """Return whether to send the next piece of this segment. ``held``: samples received so far."""
        if of > self._of:  # the last request for the segment before needs no answer
            self._of, self._sent, self._asked = of, 0, None
        return of == self._of and self._asked is None and held - self._sent >= self._step

    def ask(self, held: int, now: float) -> LivePiece:
        """Return the next piece, which is sent now."""
        piece = LivePiece(self._sent, min(held, self._sent + self._most), self.inbox)
        self._asked = _Asked(piece, now)
        return piece

    def answered(self, answer: LiveAnswer, now: float) -> None:
        """Note an answer; only that to the last request counts."""
        if self._asked is None or (answer.segment, answer.attempt) != self._of:
            return
        piece, at = self._asked
        have = answer.samples if isinstance(answer, Hypothesis) else answer.have
        if piece.inbox not in ("", answer.inbox) or have > piece.end:
            return
        self._asked, self._round_trip = None, now - at
        lost = isinstance(answer, Gap) and not have
        self._sent, self.inbox = have, "" if lost else answer.inbox

    def declined(self, of: Attempt, end: int, now: float) -> None:
        """Record that no worker reads the request, or that the broker refused it."""
        if of == self._of and self._asked is not None and self._asked.piece.end == end:
            self._use_any_worker(now)

    def _use_any_worker(self, now: float) -> None:
        """Ask any worker for the whole segment; if that was tried, pause for a while."""
        if not self.inbox:
            self._away_until = now + self._pace.away_s
        self._asked, self._sent, self.inbox = None, 0, ""
