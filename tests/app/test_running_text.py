"""What is read while somebody speaks."""

from app.live_text import Span
from app.running_text import MOST, RunningText
from app.transcript import Segment
from protocol.session import Partial


def said(number: int, text: str = "", error: str = "") -> Segment:
    return Segment(number, 0, 900, text=text, error=error)


def read(text: RunningText) -> list[Span]:
    return list(text.spans)


def test_final_text_stays_and_what_may_change_follows_it() -> None:
    text = RunningText()
    assert read(text) == []
    text.partial(Partial(0, 1, "one tw", 3))
    assert read(text) == [Span("one", True), Span(" tw", False)]
    text.ended(said(0, "one two"))
    assert read(text) == [Span("one two", True)]
    text.partial(Partial(1, 1, " three", 0))
    assert read(text) == [Span("one two", True), Span(" three", False)]


def test_what_failed_is_a_mark_in_its_place() -> None:
    text = RunningText()
    text.ended(said(0, "one"))
    text.ended(said(1, error="it died"))
    text.ended(said(2, ""))
    text.ended(said(3, "two"))
    assert read(text) == [Span("one ✗ two", True)]


def test_out_of_order_and_without_spaces_between_han() -> None:
    text = RunningText()
    text.ended(said(0, "你好"))
    text.ended(said(2, "再见"))
    assert "".join(span.text for span in text.spans) == "你好 … 再见"
    text.ended(said(1, "朋友"))
    assert read(text) == [Span("你好朋友再见", True)]


def test_only_the_end_is_kept() -> None:
    text = RunningText()
    for number in range(200):
        text.ended(said(number, f"word{number}"))
    (span,) = text.spans
    assert len(span.text) == MOST
    assert span.text.endswith("word198 word199")
