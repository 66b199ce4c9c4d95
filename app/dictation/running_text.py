"""Arrange a take's text for display while it is recorded: final text, then partials. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.core.live_text import LiveText, TextSpan
from app.core.states import SHAPES, State
from app.core.transcript import TranscriptSegment
from protocol.session import Partial
from protocol.texts import TimedText, follow, meet

MOST: Final = 400
"""Limit on displayed characters: more than users read while speaking."""


class RunningText:
    """The text of one take in spoken order, with a one-character mark for each failed segment."""

    def __init__(self) -> None:
        self._live = LiveText()
        self._final = TimedText("")

    def partial(self, partial: Partial) -> None:
        """Record a partial result of a segment."""
        self._live.partial(partial)

    def ended(self, segment: TranscriptSegment) -> None:
        """Record a segment's text or error."""
        for line in self._live.ended(segment):
            text = SHAPES[State.FAILED] if line.failed else line.text
            start_ms, end_ms = line.times_ms or (None, None)
            whole = "".join(meet(self._final, TimedText(text, start_ms)))
            self._final = TimedText(whole[-MOST:], end_ms=end_ms)

    @property
    def spans(self) -> tuple[TextSpan, ...]:
        """The end of the text, ready for display: at most ``MOST`` characters."""
        if not self._final.text:
            return _end(self._live.spans)
        final = (TextSpan(self._final.text, True),)
        if not (live := self._live.spans):
            return final
        first = replace(live[0], text=follow(TimedText(self._final.text), TimedText(live[0].text)))
        return _end((*final, first, *live[1:]))


def _end(spans: Sequence[TextSpan]) -> tuple[TextSpan, ...]:
    left, kept = MOST, list[TextSpan]()
    for span in reversed(spans):
        if left > 0:
            kept.append(replace(span, text=span.text[-left:]))
            left -= len(span.text)
    return tuple(reversed(kept))
