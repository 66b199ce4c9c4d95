"""Tests that texts are written once, in spoken order, and that waiting texts are visible."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.live_text import LiveText, TextLine, TextSpan, mark
from app.core.transcript import TranscriptSegment
from protocol.session import Partial


def segment(number: int, text: str = "", error: str = "") -> TranscriptSegment:
    return TranscriptSegment(number, number * 1000, number * 1000 + 900, text=text, error=error)


def said(live: LiveText) -> str:
    return "".join(span.text for span in live.spans)


def test_final_text_replaces_partials() -> None:
    live = LiveText()
    live.partial(Partial(0, 1, "hello word", 6))
    assert live.spans == (TextSpan("hello ", True), TextSpan("word", False))
    live.partial(Partial(0, 3, "hello world and", 11))
    live.partial(Partial(0, 2, "too late", 3))
    assert live.spans == (TextSpan("hello world", True), TextSpan(" and", False))
    assert live.add_result(segment(0, "Hello, world!")) == [TextLine("Hello, world!")]
    live.partial(Partial(0, 9, "after the end"))
    assert said(live) == ""


def test_text_is_visible_while_it_waits_for_earlier_texts() -> None:
    live = LiveText()
    assert live.add_result(segment(1, "second")) == []
    live.partial(Partial(2, 0, "thi", 0))
    assert live.spans == (TextSpan("…", False), TextSpan(" second", True), TextSpan(" thi", False))
    live.partial(Partial(0, 0, "fir", 0))
    assert said(live) == "fir second thi"
    assert live.add_result(segment(0, "First.")) == [TextLine("First."), TextLine("second")]
    assert said(live) == "thi"


def test_failed_segment_becomes_mark_and_empty_segment_disappears() -> None:
    live = LiveText()
    assert live.add_result(segment(2, "last")) == []
    assert live.add_result(segment(1, error="it died")) == []
    assert live.add_result(segment(0)) == [TextLine(mark("it died"), failed=True), TextLine("last")]
    assert live.add_result(segment(0, "again")) == []


def test_partial_with_partly_stable_word_has_no_extra_space() -> None:
    live = LiveText()
    live.add_result(segment(1, "before"))
    live.partial(Partial(0, 1, "recog nise", 3))
    live.partial(Partial(2, 1, " and after", 5))
    assert said(live) == "recog nise before and after"


def test_chinese_texts_are_joined_without_spaces() -> None:
    live = LiveText()
    live.partial(Partial(0, 1, "我们今", 2))
    live.partial(Partial(1, 1, "天气很好", 4))
    assert said(live) == "我们今天气很好"


@given(st.data())
def test_live_text_writes_every_segment_once_for_any_order_of_results(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 7))
    live, written = LiveText(), []
    revisions = dict.fromkeys(range(count), 0)
    left = data.draw(st.permutations(range(count)))
    for number in left:
        for _ in range(data.draw(st.integers(0, 3))):
            other = data.draw(st.integers(0, count - 1))
            revisions[other] += 1
            text = data.draw(st.text("ab 好", max_size=6))
            live.partial(Partial(other, revisions[other], text, data.draw(st.integers(0, len(text)))))
        failed = data.draw(st.booleans())
        written += live.add_result(segment(number, "" if failed else f"<{number}>", "no" if failed else ""))
        assert live.add_result(segment(number, "twin")) == []
        shown = said(live)
        for other in range(count):
            assert shown.count(f"<{other}>") <= 1
            assert not (f"<{other}>" in shown and TextLine(f"<{other}>") in written)
        assert all(span.text for span in live.spans)
    assert len(written) == count
    assert [n for n, line in enumerate(written) if not line.failed and line.text != f"<{n}>"] == []
    assert live.spans == ()
