"""Overlay pill: complete, uncut and without overlaps at any font size."""

from dataclasses import replace
from itertools import combinations

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from app.core.errors import Note
from app.core.live_text import TextSpan
from app.core.states import State
from app.dictation.view import View
from app.ui.dictation.pill import BARS, Drawing, Levels, Pill, remarks
from app.ui.strings.texts import Texts, no_text_reason
from app.ui.theme.colours import COLOURS, Scheme
from app.ui.theme.theme import STILL, Theme
from app.ui.widgets.basic import loudness
from tests.app.ui.languages import in_each_language
from tests.app.ui.showing import enlarge
from tests.helpers.contrast import contrast

SPANS = TextSpan("one two three 四五六 " * 30, True), TextSpan("seven 八九", False)
FULL = View(
    seconds=3723.0,
    spans=SPANS,
    unsent_s=61.0,
    destination="desktop-gpu.local",
    waiting=12,
    held=1,
    note=Note("partly-typed"),
)


def view(state: State) -> View:
    return replace(FULL, state=state, level_dbfs=-20.0)


def boxes(drawing: Drawing) -> list[QRectF]:
    """Return the rectangles in which the pill paints."""
    texts = [QRectF(place, place + QPointF(lines.widest, lines.height)) for lines, place in drawing.texts]
    meter = [drawing.meter] if drawing.meter else []
    return [drawing.icon, *meter, *(piece.place for piece in drawing.pieces), *texts]


@pytest.fixture
def pill(theme: Theme, texts: Texts) -> Pill:
    made = Pill(theme, texts)
    made.paste_key = "Ctrl+Alt+V"
    return made


@in_each_language
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [10_000.0, 360.0])
@pytest.mark.parametrize("state", list(State))
def test_pill_parts_are_uncut_and_do_not_overlap(pill: Pill, state: State, width: float, scale: float) -> None:
    enlarge(scale)
    pill.most_width = width * scale
    drawing = pill.drawing(view(state))
    body = QRectF(QPointF(0, 0), drawing.size)
    for box in boxes(drawing):
        assert body.adjusted(8, 8, -8, -8).contains(box), (box, body)
    for one, other in combinations(boxes(drawing), 2):
        assert not one.adjusted(0.5, 0.5, -0.5, -0.5).intersects(other), (one, other)
    for piece in drawing.pieces:
        assert piece.place.width() >= QFontMetricsF(piece.font).horizontalAdvance(piece.text)


def said(pill: Pill, shown: View) -> str:
    """Return all texts that the pill shows."""
    drawing = pill.drawing(shown)
    return "\n".join([piece.text for piece in drawing.pieces] + [lines.shown for lines, _ in drawing.texts])


def test_pill_shows_word_of_every_state_but_of_speaking(pill: Pill, texts: Texts) -> None:
    for state in set(State) - {State.ARMING, State.LISTENING}:
        assert texts(state.key) in said(pill, View(state, held=int(state is State.HELD)))


def test_live_text_shows_newest_three_lines(pill: Pill) -> None:
    (lines, _), *_ = pill.drawing(view(State.LISTENING)).texts
    assert lines.lines == 3
    assert lines.shown.endswith("seven 八九")


def test_pill_is_lower_without_text(pill: Pill) -> None:
    assert pill.drawing(View(State.ARMING)).size.height() < pill.drawing(view(State.LISTENING)).size.height() / 1.5


@pytest.mark.parametrize("state", [state for state in State if state not in {State.FAILED, State.DAMAGED}])
def test_pill_is_one_row_while_all_is_well(pill: Pill, state: State) -> None:
    drawing = pill.drawing(View(state, 12.0))
    assert 40 <= drawing.size.height() <= 48 and drawing.size.width() < 300
    assert len(drawing.pieces) <= 2 and not drawing.texts


def test_pill_shows_words_only_until_they_are_inserted(pill: Pill) -> None:
    shown = {state for state in State if "seven" in said(pill, replace(view(state), note=None))}
    recording = {State.ARMING, State.LISTENING}
    assert shown == recording | {State.SENDING, State.WAITING, State.INSERTING}


def test_time_keeps_its_place_from_speaking_to_done(pill: Pill) -> None:
    states = State.ARMING, State.LISTENING, State.SENDING, State.WAITING, State.INSERTING, State.DONE
    places = [pill.drawing(View(state, 7.0)).pieces[-1].place.left() for state in states]
    assert max(places) - min(places) < 1


@in_each_language
def test_pill_with_words_has_the_same_width_for_any_words(pill: Pill) -> None:
    one, many = (replace(view(State.LISTENING), spans=spans, note=None) for spans in (SPANS[1:], SPANS))
    assert pill.drawing(one).size.width() == pill.drawing(many).size.width() <= pill.most.width()
    assert pill.drawing(replace(many, unsent_s=0, waiting=0, held=0)).size.height() <= pill.most.height()


def test_remarks_name_only_what_is_out_of_the_ordinary(texts: Texts) -> None:
    assert remarks(texts, View(State.LISTENING), "") == []
    assert remarks(texts, View(State.LISTENING, unsent_s=0.9), "") == []
    assert remarks(texts, View(State.HELD, held=1), "") == [], "the row says so"
    assert remarks(texts, View(State.WAITING), "Esc") == [], "the key works only while recording"
    assert remarks(texts, View(State.ARMING), "Esc") == [(texts("overlay.cancel", key="Esc"), "muted")]
    found = [text for text, _ in remarks(texts, view(State.LISTENING), "")]
    assert found == [
        texts("overlay.unsent", seconds=61),
        texts("place.to", destination="desktop-gpu.local"),
        texts("overlay.waiting", count=12),
        texts("overlay.held", count=1),
    ]
    assert remarks(texts, View(earlier=2), "") == [(texts("overlay.earlier", count=2), "warning")]
    note = Note("held-earlier", {"count": "2"})
    assert remarks(texts, View(earlier=2, note=note), "") == [], "the note says so, and what to do"


@in_each_language
def test_long_destination_is_elided(pill: Pill) -> None:
    drawing = pill.drawing(View(State.LISTENING, destination="computer." * 40))
    assert drawing.pieces[-1].place.right() < drawing.size.width() <= pill.most.width()


@pytest.mark.parametrize("state", [State.FAILED, State.DAMAGED])
def test_failure_always_says_what_to_do(pill: Pill, texts: Texts, state: State) -> None:
    assert no_text_reason(texts, state) in said(pill, View(state))
    reason = Note("recording-kept", {"reason": "because"})
    assert "because" in said(pill, View(state, note=reason))


@pytest.mark.parametrize("scheme", list(Scheme))
def test_outline_has_contrast_to_surface(scheme: Scheme) -> None:
    colours = COLOURS[scheme]
    assert contrast(colours.edge, colours.surface) >= 3.0


@pytest.mark.parametrize("edge", [1.0, 2.0])
def test_outline_is_as_thick_as_asked(pill: Pill, theme: Theme, edge: float) -> None:
    pill.edge = edge
    image = painted(pill, View(State.LISTENING), Levels())
    column = [image.pixelColor(60, y) for y in range(6)]
    assert column.count(theme.colour("edge")) == edge


def test_meter_is_shown_only_while_arming_or_listening(pill: Pill) -> None:
    shown = {state for state in State if pill.drawing(view(state)).meter is not None}
    assert shown == {State.ARMING, State.LISTENING}


def test_held_text_names_the_paste_key(pill: Pill) -> None:
    assert any("Ctrl+Alt+V" in piece.text for piece in pill.drawing(view(State.HELD)).pieces)


def painted(pill: Pill, shown: View, levels: Levels) -> QImage:
    drawing = pill.drawing(shown)
    image = QImage(drawing.size.toSize(), QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    pill.paint_body(painter, QRectF(QPointF(0, 0), drawing.size))
    pill.paint_parts(painter, shown, levels, drawing)
    painter.end()
    return image


def accent_columns(pill: Pill, levels: Levels) -> list[int]:
    """Return the height of the meter per pixel column, from left to right."""
    shown = View(State.LISTENING)
    meter = pill.drawing(shown).meter
    assert meter is not None
    image = painted(pill, shown, levels)
    white = QColor("white")
    columns = range(int(meter.left()), int(meter.right()))
    rows = range(int(meter.top()), int(meter.bottom()))
    return [sum(image.pixelColor(x, y) != white for y in rows) for x in columns]


def test_waveform_height_follows_level(pill: Pill) -> None:
    quiet, loud = Levels(), Levels()
    quiet.extend([-60.0] * BARS)
    loud.extend([-60.0] * (BARS - 1) + [-6.0])
    assert max(accent_columns(pill, quiet)) <= 4
    heights = accent_columns(pill, loud)
    assert max(heights[-4:]) > 10
    assert max(heights[:-6]) <= 4


def test_levels_keep_only_two_seconds() -> None:
    levels = Levels()
    levels.extend(float(number) for number in range(1000))
    assert len(levels) == BARS


def test_meter_is_a_bar_with_reduced_motion(theme: Theme, texts: Texts) -> None:
    still = Pill(Theme(theme.scheme, STILL), texts)
    levels = Levels()
    levels.extend([-60.0, -6.0])
    assert max(accent_columns(still, levels)) <= 7  # a low track from end to end
    assert min(accent_columns(still, levels)[4:-4]) >= 5


@pytest.mark.parametrize(("level", "seen"), [(-90.0, 0.0), (-60.0, 0.0), (-33.0, 0.5), (-6.0, 1.0), (0.0, 1.0)])
def test_loudness_maps_level_to_length(level: float, seen: float) -> None:
    assert loudness(level) == pytest.approx(seen)
