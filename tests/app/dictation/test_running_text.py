"""Tests of the text that is shown while the user speaks."""

from app.core.live_text import TextSpan
from app.core.transcript import TranscriptSegment
from app.dictation.running_text import MOST, RunningText
from protocol.session import Partial


def said(number: int, text: str = "", error: str = "") -> TranscriptSegment:
    return TranscriptSegment(number, 0, 900, text=text, error=error)


def read(text: RunningText) -> list[TextSpan]:
    return list(text.spans)


def test_partial_follows_final_text() -> None:
    text = RunningText()
    assert read(text) == []
    text.partial(Partial(0, 1, "one tw", 3))
    assert read(text) == [TextSpan("one", True), TextSpan(" tw", False)]
    text.ended(said(0, "one two"))
    assert read(text) == [TextSpan("one two", True)]
    text.partial(Partial(1, 1, " three", 0))
    assert read(text) == [TextSpan("one two", True), TextSpan(" three", False)]


def test_failed_segment_shows_as_mark_in_its_place() -> None:
    text = RunningText()
    text.ended(said(0, "one"))
    text.ended(said(1, error="it died"))
    text.ended(said(2, ""))
    text.ended(said(3, "two"))
    assert read(text) == [TextSpan("one ✗ two", True)]


def test_chinese_texts_are_ordered_and_joined_without_spaces() -> None:
    text = RunningText()
    text.ended(said(0, "你好"))
    text.ended(said(2, "再见"))
    assert "".join(span.text for span in text.spans) == "你好 … 再见"
    text.ended(said(1, "朋友"))
    assert read(text) == [TextSpan("你好朋友再见", True)]


def test_running_text_keeps_only_the_end() -> None:
    text = RunningText()
    for number in range(200):
        text.ended(said(number, f"word{number}"))
    (span,) = text.spans
    assert len(span.text) == MOST
    assert span.text.endswith("word198 word199")


def test_running_text_is_limited_while_many_texts_wait() -> None:
    """A view is sent to every window twenty times a second, so it must stay small."""
    text = RunningText()
    text.ended(said(0, "before"))
    text.partial(Partial(1, 1, "this one never ends", 4))
    for number in range(2, 300):
        text.partial(Partial(number, number, f"word{number}", 0))
        assert text.spans[-1] == TextSpan(f" word{number}", False)
        text.ended(said(number, f"word{number}"))
        assert sum(len(span.text) for span in text.spans) <= MOST
    assert text.spans[-1].text.endswith("word299")
    text.ended(said(1, "it has ended"))
    assert read(text) == [TextSpan(("it has ended " + " ".join(f"word{n}" for n in range(2, 300)))[-MOST:], True)]
