"""Arrange a take's text for display while it is recorded: final text, then partials. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.core.live_text import LiveText, TextSpan
from app.core.states import SHAPES, State
from app.core.transcript import TranscriptSegment
from app.dictation.insertion_queue import gap
from protocol.session import Partial
from protocol.texts import join_texts

MOST: Final = 400
"""Limit on displayed characters: more than users read while speaking."""


class RunningText:
    """The text of one take in spoken order, with a one-character mark for each failed segment."""

    def __init__(self) -> None:
        self._live = LiveText()
        self._final = ""

    def partial(self, partial: Partial) -> None:
        """Record a partial result of a segment."""
        self._live.partial(partial)

    def ended(self, segment: TranscriptSegment) -> None:
        """Record a segment's text or error."""
        if segment.error:
            segment = replace(segment, text=SHAPES[State.FAILED], error="")
        for line in self._live.ended(segment):
            self._final = join_texts((self._final, line.text))[-MOST:]

    @property
    def spans(self) -> tuple[TextSpan, ...]:
        """The end of the text, ready for display: at most ``MOST`` characters."""
        if not self._final:
            return _end(self._live.spans)
        final = (TextSpan(self._final, True),)
        if not (live := self._live.spans):
            return final
        first = replace(live[0], text=gap(self._final, live[0].text) + live[0].text.lstrip())
        return _end((*final, first, *live[1:]))


def _end(spans: Sequence[TextSpan]) -> tuple[TextSpan, ...]:
    left, kept = MOST, list[TextSpan]()
    for span in reversed(spans):
        if left > 0:
            kept.append(replace(span, text=span.text[-left:]))
            left -= len(span.text)
    return tuple(reversed(kept))
