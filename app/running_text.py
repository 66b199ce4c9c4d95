"""What a take has said so far, to be read while it goes on: what is final, then what may still change. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.live_text import LiveText, Span
from app.spoken_order import gap
from app.states import SHAPES, State
from app.transcript import Segment
from protocol.session import Partial
from protocol.texts import join_texts

MOST: Final = 400
"""Characters that are kept: more than anybody looks at while speaking."""


class RunningText:
    """The text of one take in spoken order; where a segment failed, there is a mark of one character."""

    def __init__(self) -> None:
        self._live = LiveText()
        self._final = ""

    def partial(self, partial: Partial) -> None:
        """A hypothesis."""
        self._live.partial(partial)

    def ended(self, segment: Segment) -> None:
        """A segment has a text or an error."""
        if segment.error:
            segment = replace(segment, text=SHAPES[State.FAILED], error="")
        for line in self._live.ended(segment):
            self._final = join_texts((self._final, line.text))[-MOST:]

    @property
    def spans(self) -> tuple[Span, ...]:
        """The end of it, as it is to be read: ``MOST`` characters, however long the take and what waits in it."""
        if not self._final:
            return _end(self._live.spans)
        final = (Span(self._final, True),)
        if not (live := self._live.spans):
            return final
        first = replace(live[0], text=gap(self._final, live[0].text) + live[0].text.lstrip())
        return _end((*final, first, *live[1:]))


def _end(spans: Sequence[Span]) -> tuple[Span, ...]:
    left, kept = MOST, list[Span]()
    for span in reversed(spans):
        if left > 0:
            kept.append(replace(span, text=span.text[-left:]))
            left -= len(span.text)
    return tuple(reversed(kept))
