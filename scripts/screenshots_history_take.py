"""Draw a take of the history while playing, rerunning and comparing, for ``scripts.screenshots``."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget

from app.core.notes import Note
from app.history.difference import difference, words_that_differ
from app.history.index import IndexRow
from app.history.view import (
    Comparison,
    HistoryModels,
    Playing,
    PlayState,
    Rerun,
    Rerunning,
    RerunState,
    TakeDetails,
)
from app.history.word_times import TimedRange
from app.ui.home.take_panel import TakePanel
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from app.ui.widgets.file_dialogs import SystemDialogs
from scripts.screenshots import Look, column, dressed, grabbed, ground
from scripts.screenshots_history import rows

_OTHER: Final = {
    "en": "The green stone samples arrive on Thursday. Please keep the workshop free until noon so that the "
    "carvers can look at them in daylight before anything else is cut.",
    "zh": "玉石样品周四会到，请把工作是空到中午，让雕刻师在动手之前先在日光下看一看。",
}
_MARKED: Final = {"en": "workshop", "zh": "工作室"}
_AT_MS: Final = 9_400
_MODELS: Final = ("sensevoice-small", "whisper-small", "whisper-turbo")

Act = Callable[[TakePanel, IndexRow], None]


def details(row: IndexRow, language: str, *, runs: int) -> TakeDetails:
    """Return all details of the take after this many further recognitions."""
    first = row.text.index(_MARKED[language])
    spoken = (
        TimedRange(0, _AT_MS - 400, 0, first),
        TimedRange(_AT_MS, _AT_MS + 400, first, first + len(_MARKED[language])),
    )
    pieces = difference(row.text, _OTHER[language])
    began = datetime(2026, 3, 3, 10, 2).timestamp()
    known = tuple(Rerun(began + 60 * run, _MODELS[2 - run], run % 2 == 0, run) for run in range(runs))
    compared = Comparison(runs - 1, _OTHER[language], pieces, words_that_differ(pieces)) if runs else None
    return TakeDetails(row.session, row.text, round(row.seconds * 1000), spoken, known, compared)


def page(look: Look, act: Act, height: float = 0.58) -> QImage:
    """Draw the panel with one take chosen, ``height`` windows high."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        made, panel = QWidget(), TakePanel(theme, texts, lambda action: None, SystemDialogs())
        made.setObjectName("page")
        made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(made)
        column.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        column.addWidget(panel)
        made.resize(usual_size().width() // 2, round(usual_size().height() * height))
        made.show()
        row = rows(look.language)[0]
        panel.show_take(row)
        act(panel, row)
        for _ in range(2):  # a new layout may trigger another
            QGuiApplication.processEvents()
        made.setFocus()  # so that no control shows a focus mark
        return grabbed(made)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw playing, failed playback and rerunning; then choosing a model, a failure, and comparisons."""

    def plays(made: TakePanel, row: IndexRow) -> None:
        made.show_details(details(row, look.language, runs=0))
        made.show_playing(Playing(row.session, PlayState.PLAYING, _AT_MS, round(row.seconds * 1000)))

    def silent(made: TakePanel, row: IndexRow) -> None:
        made.show_details(details(row, look.language, runs=0))
        made.show_playing(Playing(row.session, PlayState.STOPPED, note=Note("speaker-refused")))

    def chooses(made: TakePanel, row: IndexRow) -> None:
        made.show_details(details(row, look.language, runs=0))
        made.again.click()
        made.show_models(HistoryModels(_MODELS))

    def works(made: TakePanel, row: IndexRow) -> None:
        made.show_details(details(row, look.language, runs=0))
        made.again.click()
        made.show_rerun(Rerunning(row.session, RerunState.RUNNING, 2, 5))

    def fails(made: TakePanel, row: IndexRow) -> None:
        chooses(made, row)
        made.show_rerun(Rerunning(row.session, RerunState.FAILED, note=Note("gateway-unreachable")))

    def compares(made: TakePanel, row: IndexRow) -> None:
        made.show_details(details(row, look.language, runs=1))
        made.again.click()

    def several(made: TakePanel, row: IndexRow) -> None:
        made.show_details(details(row, look.language, runs=2))
        made.again.click()

    low, high = (plays, silent, works), (chooses, fails, compares, several)
    made = [*(page(look, act) for act in low), *(page(look, act, 0.74) for act in high)]
    return column(made, ground(look))
