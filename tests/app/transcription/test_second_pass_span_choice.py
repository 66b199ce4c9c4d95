"""Choice between a span and its pieces: each piece is passed on once, or covered by one span."""

from dataclasses import dataclass, field
from math import inf

from hypothesis import given
from hypothesis import strategies as st

from app.core.transcript import TranscriptSegment
from app.transcription.second_pass import Resolution, SpanChoice
from app.transcription.span_planner import Span

MARGIN_S, LONGEST_S = 0.5, 10.0
WHOLE = "I went home because it rained."
BOTH = Span((0, 1), 2, 0, 900, 500)
SILENT = TranscriptSegment(2, 0, 0)


def said(number: int, text: str) -> TranscriptSegment:
    return TranscriptSegment(number, 10 * number, 10 * number + 9, text)


def failed(number: int) -> TranscriptSegment:
    return TranscriptSegment(number, 0, 0, error="too slow (busy)")


def spoken(choice: SpanChoice, *results: TranscriptSegment, now: float = 0.0) -> None:
    for result in results:
        assert choice.result(result, now) == ()


def test_span_replaces_its_pieces_when_its_text_comes() -> None:
    choice = SpanChoice()
    spoken(choice, said(0, "I went home."), said(1, "Because it rained."))
    assert choice.add_span(BOTH, 1.0) == () and choice.resolve(1.0) == []
    spoken(choice, said(2, WHOLE), now=1.4)
    (resolution,) = choice.resolve(1.4)
    first = TranscriptSegment(0, 20, 29, WHOLE)
    assert resolution == Resolution(2, True, (first, said(1, ""), SILENT), ())
    assert choice.due == inf


def test_pieces_without_results_are_cancelled_when_the_span_has_its_text() -> None:
    choice = SpanChoice()
    choice.add_span(BOTH, 1.0)
    spoken(choice, said(2, WHOLE), said(0, "I went home."), now=1.4)
    (resolution,) = choice.resolve(1.4)
    assert resolution.accepted and resolution.cancel == (1,)
    assert choice.result(said(1, "Because it rained."), 1.5) == ()


def test_pieces_are_used_when_the_span_is_late() -> None:
    choice = SpanChoice()
    spoken(choice, said(0, "I went home."))
    choice.add_span(BOTH, 1.0)
    spoken(choice, said(1, "Because it rained."), now=2.0)
    assert choice.due == 2.0 + 0.5 + MARGIN_S
    assert choice.resolve(choice.due - 0.01) == []
    (resolution,) = choice.resolve(choice.due)
    texts = (said(0, "I went home."), said(1, "Because it rained."), SILENT)
    assert resolution == Resolution(2, False, texts, (2,))
    assert choice.result(said(2, WHOLE), 9.0) == () == choice.rest()


def test_span_is_late_by_the_time_at_which_all_its_pieces_were_known() -> None:
    choice = SpanChoice()
    spoken(choice, said(0, "I went home."), said(1, "Because it rained."))
    choice.add_span(BOTH, 1.0)
    choice.add_span(Span((3, 4), 5, 0, 900, 500), 1.2)
    spoken(choice, said(3, "It was cold."), now=1.4)
    assert choice.due == 1.0 + 0.5 + MARGIN_S
    choice.resolve(choice.due)
    spoken(choice, said(4, "It rained."), now=11.0)
    assert choice.due == 1.2 + LONGEST_S


def test_span_waits_a_limited_time_for_slow_pieces() -> None:
    choice = SpanChoice()
    spoken(choice, said(0, "I went home."))
    choice.add_span(BOTH, 1.0)
    assert choice.due == 1.0 + LONGEST_S
    (resolution,) = choice.resolve(choice.due)
    assert resolution.texts == (said(0, "I went home."), SILENT)
    assert choice.result(said(1, "late"), 20.0) == (said(1, "late"),)


def test_pieces_are_used_when_the_span_is_refused_or_implausible() -> None:
    for result in (failed(2), said(2, ""), said(2, "I went.")):
        choice = SpanChoice(("en",))
        choice.add_span(BOTH, 1.0)
        spoken(choice, said(0, "I went home."), said(1, "Because it rained."), result)
        (resolution,) = choice.resolve(1.0)
        assert not resolution.accepted and resolution.cancel == ()


def test_failed_piece_is_covered_by_the_text_of_its_span() -> None:
    choice = SpanChoice()
    choice.add_span(BOTH, 1.0)
    spoken(choice, said(0, "I went home."), failed(1), said(2, WHOLE))
    (resolution,) = choice.resolve(1.0)
    assert resolution.accepted and not any(text.error for text in resolution.texts)


def test_piece_in_no_span_is_passed_on() -> None:
    choice = SpanChoice()
    spoken(choice, said(0, "before"))
    assert choice.add_span(Span((0, 1)), 1.0) == (said(0, "before"),)
    assert choice.result(said(1, "after"), 2.0) == (said(1, "after"),)
    assert choice.result(said(1, "after"), 2.0) == ()
    assert choice.resolve(inf) == []


def test_texts_of_a_recording_that_broke_off_are_passed_on() -> None:
    choice = SpanChoice()
    spoken(choice, said(0, "one"), said(1, "two"))
    assert choice.rest() == (said(0, "one"), said(1, "two"))


@st.composite
def spans(draw: st.DrawFn) -> list[Span]:
    """Draw the spans of a recording, with numbers in between."""
    drawn: list[Span] = []
    number = 0
    for _ in range(draw(st.integers(1, 4))):
        pieces = tuple(range(number, number + draw(st.integers(1, 3))))
        number = pieces[-1] + 1
        if len(pieces) > 1 and draw(st.booleans()):
            drawn.append(Span(pieces, number, within_ms=500))
            number += 1
        else:
            drawn.append(Span(pieces))
    return drawn


@dataclass
class Run:
    """A recording whose results arrive in some order. Results may be lost; cancelled ones are not sent."""

    spans: list[Span]
    lost: set[int]
    choice: SpanChoice = field(default_factory=SpanChoice)
    told: list[TranscriptSegment] = field(default_factory=list)
    accepted: dict[int, bool] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)
    results: dict[int, TranscriptSegment] = field(default_factory=dict)
    now: float = 0.0

    def close(self, place: int) -> None:
        self.told.extend(self.choice.add_span(self.spans[place], self.now))
        self.resolve(self.now)

    def result(self, result: TranscriptSegment) -> None:
        if result.index not in self.cancelled | self.lost:
            self.results[result.index] = result
            self.told.extend(self.choice.result(result, self.now))
        self.resolve(self.now)

    def resolve(self, now: float) -> None:
        for resolution in self.choice.resolve(now):
            self.accepted[resolution.span] = resolution.accepted
            self.told.extend(resolution.texts)
            assert not (self.cancelled | self.results.keys()) & set(resolution.cancel)
            self.cancelled.update(resolution.cancel)

    def finish(self) -> None:
        self.resolve(inf)
        self.told.extend(self.choice.rest())


@given(spans(), st.data())
def test_every_text_is_passed_on_once_in_whatever_order_results_come(
    recorded: list[Span], data: st.DataObject
) -> None:
    numbers = [n for span in recorded for n in (*span.pieces, span.segment) if n is not None]
    run = Run(recorded, data.draw(st.sets(st.sampled_from(numbers))))
    results = {n: data.draw(st.sampled_from((said(n, f"text {n}."), said(n, ""), failed(n)))) for n in numbers}
    closings = [("close", place) for place in range(len(recorded))]
    waits = [("wait", place) for place in range(4)]
    for what, number in data.draw(st.permutations([*closings, *(("result", n) for n in numbers), *waits])):
        match what:
            case "close":
                run.close(number)
            case "result":
                run.result(results[number])
            case _:
                run.now += data.draw(st.sampled_from([0.1, 2.0, 20.0]))
                run.resolve(run.now)
    run.finish()
    by_number = {text.index: text for text in run.told}
    assert len(by_number) == len(run.told), "each number is passed on at most once"
    for span in recorded:
        assert_one_variant(run, span, by_number)


def assert_one_variant(run: Run, span: Span, told: dict[int, TranscriptSegment]) -> None:
    if span.segment is None:
        assert all(told.get(piece) == run.results.get(piece) for piece in span.pieces)
        return
    assert told[span.segment] == TranscriptSegment(span.segment, 0, 0), "a span has no text under its own number"
    if run.accepted[span.segment]:
        first, *others = (told[piece].text for piece in span.pieces)
        assert first == run.results[span.segment].text != "" and not any(others)
    else:
        assert all(told.get(piece) == run.results.get(piece) for piece in span.pieces)
