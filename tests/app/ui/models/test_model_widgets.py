"""Icons for the states of models, bars, badges, and the radio button."""

from pytestqt.qtbot import QtBot

from app.models.view import ModelState
from app.ui.models.model_widgets import SHAPES, Badge, Bar, FigureRows
from app.ui.theme import icons
from app.ui.theme.theme import Theme


def test_every_model_state_has_icon_and_theme_colour(theme: Theme) -> None:
    assert set(SHAPES) == set(ModelState)
    for name, colour in SHAPES.values():
        assert icons.svg(name) and theme.colour(colour).isValid()


def test_rows_of_figures_have_a_bar_only_with_a_figure(theme: Theme, qtbot: QtBot) -> None:
    rows = FigureRows(theme)
    qtbot.addWidget(rows)
    rows.show_bars([("Speed", Bar("fast", 0.5)), ("Accuracy", Bar("not stated")), ("", Bar("good", 0.9))])
    rows.show()
    assert [words.text() for _, _, words in rows.rows] == ["fast", "not stated", "good"]
    assert [gauge.isVisible() for _, gauge, _ in rows.rows] == [True, False, True]
    gauge = rows.rows[0][1]
    before = gauge.grab().toImage()
    gauge.show_share(1.0)
    assert gauge.grab().toImage() != before
    rows.show_bars([("Speed", Bar("fast", 0.5))])
    assert [words.isVisible() for _, _, words in rows.rows] == [True, False, False]


def test_badge_paints_icon_beside_its_text(theme: Theme, qtbot: QtBot) -> None:
    badge, plain = Badge(theme, "star"), Badge(theme, "done")
    for one in (badge, plain):
        qtbot.addWidget(one)
        one.setText("Recommended for you")
    assert (
        badge.sizeHint().width()
        > badge.fontMetrics().horizontalAdvance(badge.text()) + badge.fontMetrics().ascent()
    )
    assert badge.grab().toImage() != plain.grab().toImage()
