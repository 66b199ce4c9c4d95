"""Second passes of one session: segments that contain the audio of earlier ones as one piece. Pure."""

from collections.abc import Iterable, Mapping

from backend.sessions.segments import Output, Promote, RefuseIfLate, Segment
from protocol.job import EndState
from protocol.spans import without_replaced

_WITHOUT_TEXT = frozenset({EndState.FAILED, EndState.CANCELLED})


class Spans:
    """Spans of one session. ``segments``: all segments of the session. ``any``: it has had a span."""

    def __init__(self, segments: Mapping[int, Segment]) -> None:
        self._segments = segments
        self._spans: dict[int, None] = {}  # an empty set takes 160 bytes more
        self.any = False
        self._span_of: dict[int, int] = {}

    def refuse(self, index: int) -> str | None:
        """Return why this span cannot be recognised, or ``None``.

        Each segment may have one span at a time, and a session no more spans than pieces, refused ones included.
        """
        self._spans[index] = None
        self.any = True
        for n in self._segments[index].details.replaces:
            piece = self._segments.get(n)
            if piece is None:
                return f"segment {n}, which it replaces, is not known here"
            if piece.details.replaces:
                return f"segment {n}, which it replaces, is a second pass itself"
            if self._span_of.get(n, index) != index and not self._is_over(self._span_of[n]):
                return f"segment {self._span_of[n]} replaces segment {n} already"
        if 2 * len(self._spans) > len(self._segments):
            return "the session has more second passes than pieces"
        return None

    def join(self, index: int) -> None:
        """Record a span and the segments that it replaces."""
        self._spans[index] = None
        self.any = True
        for n in self._segments[index].details.replaces:
            if n not in self._span_of or self._is_over(self._span_of[n]):
                self._span_of[n] = index

    def begin(self, index: int, live: Mapping[int, Segment], now: float) -> list[Output]:
        """Begin a span: speculations of its session give way, and a span with a deadline is refused if late.

        A span is at least as long as all segments that it replaces.
        """
        self.join(index)
        segment = self._segments[index]
        outputs: list[Output] = [Promote(n, one.attempt, 0) for n, one in live.items() if one.displace()]
        if (within_ms := segment.details.within_ms) is not None:
            segment.due = now + within_ms / 1000
            samples = sum(self._segments[n].samples or 0 for n in segment.details.replaces)
            outputs.append(RefuseIfLate(index, segment.attempt, samples, segment.due))
        return outputs

    def repeated_samples(self, index: int) -> int:
        """Return the samples of a recognised segment that are counted already.

        A span repeats its recognised pieces; a piece repeats a span that was recognised before it.
        """
        segment = self._segments[index]
        samples = segment.samples or 0
        if segment.details.replaces:
            pieces = (self._segments.get(n) for n in segment.details.replaces)
            counted = ((piece.samples or 0) - piece.repeated for piece in pieces if piece and _is_final(piece))
            return min(samples, sum(counted))
        span = self._segments.get(self._span_of.get(index, -1))
        return samples if span is not None and _is_final(span) else 0

    def without_replaced(self, segments: Iterable[int]) -> list[int]:
        """Return the segments whose texts make up the session, in order."""
        finals = (n for n in self._spans if _is_final(self._segments[n]))
        return without_replaced(segments, {n: self._segments[n].details.replaces for n in finals})

    def _is_over(self, span: int) -> bool:
        return self._segments[span].state in _WITHOUT_TEXT


def _is_final(segment: Segment) -> bool:
    return segment.state is EndState.FINAL
