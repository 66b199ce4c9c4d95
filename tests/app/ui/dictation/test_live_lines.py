"""The newest words are always visible within the available lines, and stable words are distinct."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter

from app.core.live_text import TextSpan
from app.ui.dictation.live_lines import MOST, LiveLines, newest, split_units
from app.ui.theme.theme import Theme, font

WIDTH = 300.0
LATIN = "the quick brown fox jumps over the lazy dog and on and on "
HAN = "展厅九点开门请在中午之前把修改后的图纸发给工作室"


def at_most(length: int) -> Callable[[str], bool]:
    return lambda text: len(text) <= length


@given(st.text(alphabet="ab 中文", max_size=80), st.integers(2, 40))
def test_newest_keeps_end_of_text(text: str, room: int) -> None:
    shown = newest(text, at_most(room))
    assert len(shown) <= room
    if shown != text:
        assert shown.startswith("…")
        assert text.endswith(shown[1:])


def test_newest_cuts_between_words() -> None:
    assert newest("several wonderful words", at_most(12)) == "…words"
    assert newest("several wonderful words", at_most(16)) == "…wonderful words"


def test_newest_cuts_anywhere_in_script_without_words() -> None:
    assert newest("一二三四五六", at_most(4)) == "…四五六"


def test_newest_examines_bounded_text() -> None:
    asked: list[str] = []

    def fits(text: str) -> bool:
        asked.append(text)
        return len(text) < 50

    newest("word " * 100_000, fits)
    assert len(asked) < 20
    assert max(map(len, asked)) <= MOST + 1


def test_line_break_of_a_text_begins_a_line(theme: Theme) -> None:
    """A replacement may write one; the words around it were drawn as one word."""
    assert LiveLines((TextSpan("Dear Anna", True), TextSpan("\nThank you.\n", True)), font(), WIDTH).lines == 2


@pytest.mark.parametrize("text", [LATIN * 8, HAN * 8, (LATIN + HAN) * 4, "x" * 400, "😀" * 100])
def test_live_lines_stay_within_line_limit(theme: Theme, text: str) -> None:
    lines = LiveLines((TextSpan(text, True),), font(), WIDTH)
    assert lines.lines == 3
    assert lines.widest <= WIDTH + 0.5
    assert text.rstrip().endswith(lines.shown[1:])


def test_short_live_text_is_shown_whole(theme: Theme) -> None:
    lines = LiveLines((TextSpan("kia ", True), TextSpan("ora", False)), font(), WIDTH)
    assert (lines.shown, lines.lines) == ("kia ora", 1)


def test_unstable_text_is_dotted_when_colours_are_equal(theme: Theme) -> None:
    def drawn(stable: bool) -> QImage:
        image = QImage(int(WIDTH), 40, QImage.Format.Format_RGB32)
        image.fill(QColor("black"))
        painter = QPainter(image)
        white = QColor("white")
        LiveLines((TextSpan("kia ora", stable),), font(), WIDTH).draw(painter, QPointF(0, 0), white, white)
        painter.end()
        return image

    assert drawn(True) != drawn(False)


def colours_of(spans: tuple[TextSpan, ...]) -> set[str]:
    """Return which kinds of text were drawn: pure red pixels are stable, pure blue ones unstable."""
    image = QImage(int(WIDTH), 60, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    LiveLines(spans, font(1.6), WIDTH).draw(painter, QPointF(0, 0), QColor("#ff0000"), QColor("#0000ff"))
    painter.end()
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    red = any(pixel.red() > 200 > 100 > pixel.blue() for pixel in pixels)
    blue = any(pixel.blue() > 200 > 100 > pixel.red() for pixel in pixels)
    return {name for name, there in (("stable", red), ("unstable", blue)) if there}


@pytest.mark.parametrize(
    ("spans", "seen"),
    [
        ((TextSpan("MMMM ", True), TextSpan("WWWW", False)), {"stable", "unstable"}),
        ((TextSpan("MMMM", True),), {"stable"}),
        ((TextSpan("MMMM", False),), {"unstable"}),
        ((TextSpan("MM ", False), TextSpan("WW", True)), {"stable", "unstable"}),
        ((TextSpan("😀 ", True), TextSpan("WWWW", False)), {"unstable"}),
        ((TextSpan(HAN * 9, True), TextSpan("图图图", False)), {"stable", "unstable"}),
    ],
)
def test_stable_and_unstable_text_have_their_colours(
    theme: Theme, spans: tuple[TextSpan, ...], seen: set[str]
) -> None:
    assert colours_of(spans) >= seen
    if "😀" not in spans[0].text and len(spans) == 1:
        assert colours_of(spans) == seen


@pytest.mark.parametrize(
    ("text", "place", "head"), [("a😀玉", 3, "a😀"), ("a\udc80b", 2, "a\udc80"), ("kia", 9, "kia")]
)
def test_text_is_split_at_utf16_units(text: str, place: int, head: str) -> None:
    assert split_units(text, place) == (head, text.removeprefix(head))
