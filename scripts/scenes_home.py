"""Scenes of the home page, the status popover, the overlay and the tray, for ``scripts.screenshots``."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from PySide6.QtGui import QImage

from app.core.difference import difference, words_that_differ
from app.core.errors import Note
from app.core.live_text import TextSpan
from app.core.states import State
from app.core.word_times import TimedRange
from app.dictation.view import TakeView, View
from app.history.index import IndexRow, days_of
from app.history.view import (
    Comparison,
    HistoryList,
    HistoryMessage,
    HistoryModels,
    HistoryRows,
    PlaybackView,
    PlayState,
    Rerun,
    RerunState,
    RerunView,
    TakeDetails,
)
from app.journal.take import TakeState
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.messages.kinds import Takes
from app.ui.dictation.pill import Levels
from app.ui.home.page import SELECT
from app.ui.home.selection_bar import AgainButton, ExportButton
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from scripts.drawing import Draw, Look, dressed, grabbed, row
from scripts.example_window import CHOICES, DAY, Fill, Window, scene, whole

_SAID: Final = {
    "en": (
        "The gallery opens at nine, so please send the revised drawings to the studio before noon and remind "
        "everyone that the ",
        "greenstone samples arrive",
    ),
    "zh": ("展厅九点开门，请在中午之前把修改后的图纸发给工作室，并且提醒大家，", "玉石样品周四会到"),
}
_GONE: Final = {"en": "desktop-gpu does not respond", "zh": "desktop-gpu 没有响应"}
_TEXTS: Final = {
    "en": (
        "",
        "The greenstone samples arrive on Thursday. Please keep the workshop free until noon, so that the "
        "carvers can look at them in daylight before anything is cut.",
        "Thanks for the walk-through yesterday. I have moved the second review to Thursday morning.",
        "Could you check whether the new build fixes the reconnect on the train?",
        "",
        "Put the greenstone pendant with the long grain beside the window, and the others where they were.",
        "",
        "Notes on the harbour: the tide turns at four, the ferry leaves a little later.",
    ),
    "zh": (
        "",
        "玉石样品周四会到，请把工作室空到中午，让雕刻师在动手切割之前先在日光下看一看。",
        "谢谢昨天的讲解，第二次评审已经改到周四上午。",
        "请帮忙确认新版本是否修好了火车上的重新连接。",
        "",
        "把长纹的玉石吊坠放在窗边，其他的放回原处。",
        "",
        "关于港口的笔记：四点转潮，渡船稍后出发。",
    ),
}
_HOURS_AGO: Final = (0.0, 0.5, 0.8, 1.4, 17.0, 18.5, 20.0, 170.0)
_STATES: Final = (
    TakeState.LIVE,
    TakeState.DONE,
    TakeState.HELD,
    TakeState.CANCELLED,
    TakeState.INTERRUPTED,
    TakeState.DONE,
    TakeState.DAMAGED,
    TakeState.DONE,
)
_PROGRAMS: Final = ("thunderbird", "thunderbird", "slack", "firefox", "code", "org.gnome.TextEditor", "code", "")
CANCELLED, EDITED = 3, 5
_QUERY: Final = {"en": "greenstone", "zh": "玉石"}
_OTHER: Final = {
    "en": "The green stone samples arrive on Thursday. Please keep the workshop free until noon so that the "
    "carvers can look at them in daylight before anything else is cut.",
    "zh": "玉石样品周四会到，请把工作是空到中午，让雕刻师在动手之前先在日光下看一看。",
}
_MARKED: Final = {"en": "workshop", "zh": "工作室"}
_AT_MS: Final = 9_400
_MODELS: Final = ("sensevoice-small-int8", "whisper-small", "whisper-large-v3-turbo")
DOWNLOADING: Final = WorkerView(LocalWorkerState.DOWNLOADING, percent=40)


# -- contents ----------------------------------------------------------------------------------------------


def spans(language: str) -> tuple[TextSpan, ...]:
    """Return a sentence that is being recognised."""
    stable, unstable = _SAID[language]
    return TextSpan(stable, stable=True), TextSpan(unstable, stable=False)


def views(language: str) -> dict[State, View]:
    """Return a view in each state, with all the details that it may have."""
    plain, text = View(seconds=12.4, destination="desktop-gpu", device="USB Audio"), spans(language)
    final = (TextSpan("".join(_SAID[language]), stable=True),)
    shown = {
        State.IDLE: replace(plain, note=Note("nothing-understood")),
        State.ARMING: replace(plain, seconds=0.0, destination=""),
        State.LISTENING: replace(plain, level_dbfs=-18.0, spans=text, unsent_s=3.2, waiting=2),
        State.SENDING: replace(plain, spans=text, unsent_s=7.8),
        State.WAITING: replace(plain, spans=text, note=Note("insert-ready"), waiting=1),
        State.INSERTING: replace(plain, spans=final),
        State.DONE: replace(plain, spans=final),
        State.HELD: replace(plain, spans=final, held=1, note=Note("focus-moved")),
        State.CANCELLED: replace(plain, spans=final, note=Note("cancelled")),
        State.FAILED: replace(plain, note=Note("recording-kept", {"reason": _GONE[language]}), unsent_s=12.4),
        State.DAMAGED: plain,
    }
    return {state: replace(view, state=state) for state, view in shown.items()}


def here(view: View) -> View:
    """Return the view of a take that this computer recognises without delay."""
    return replace(view, destination="", unsent_s=0.0, waiting=0)


def rows(language: str) -> list[IndexRow]:
    """Return takes of an example user, one of each kind, newest first."""
    now = datetime.combine(DAY, time(9, 58))
    made = []
    for number, (text, state) in enumerate(zip(_TEXTS[language], _STATES, strict=True)):
        started = (now - timedelta(hours=_HOURS_AGO[number])).timestamp()
        made.append(
            IndexRow(
                UUID(int=number + 1),
                started,
                7.4 + 5.3 * len(text) / 40,
                1,
                state,
                text,
                language,
                {"en": "whisper-small", "zh": "sensevoice-small-int8"}[language] if text else "",
                number == EDITED,
                int(started) << 31,
                number == CANCELLED,
                number == CANCELLED,
                _PROGRAMS[number] if state is not TakeState.INTERRUPTED else "",
            )
        )
    return made


def takes(language: str) -> tuple[TakeView, ...]:
    """Return the latest takes with text to paste."""
    held, other = rows(language)[2], rows(language)[5]
    return (
        TakeView(str(held.session), held.started_s, held.seconds, TakeState.HELD, held.text, 1),
        TakeView(str(other.session), other.started_s, other.seconds, TakeState.HELD, other.text, 1),
    )


def list_rows(window: Window, shown: Sequence[IndexRow], **values: object) -> None:
    """Show these takes as the result of the newest search."""
    keys = [row.key for row in shown]
    made = HistoryList(window.search.serial, window.search.query, keys, days=days_of(keys))
    window.show(replace(made, **values))  # type: ignore[arg-type]  # passed by name
    window.show(HistoryRows(made.serial, 0, tuple(shown)))


def details(row: IndexRow, language: str, *, runs: int) -> TakeDetails:
    """Return all details of the take after this many further recognitions."""
    first = row.text.index(_MARKED[language])
    spoken = (
        TimedRange(0, _AT_MS - 400, 0, first),
        TimedRange(_AT_MS, _AT_MS + 400, first, first + len(_MARKED[language])),
    )
    pieces = difference(row.text, _OTHER[language])
    known = tuple(Rerun(row.started_s + 60 * run, _MODELS[2 - run], run % 2 == 0, run) for run in range(runs))
    compared = Comparison(runs - 1, _OTHER[language], pieces, words_that_differ(pieces)) if runs else None
    return TakeDetails(row.session, row.text, round(row.seconds * 1000), spoken, known, compared)


def levels(count: int) -> Levels:
    """Return levels of a microphone as in speech."""
    made = Levels(count)
    made.extend(-56 + 46 * abs(math.sin(place / 3.1) * math.sin(place / 1.3 + 0.4)) for place in range(count))
    return made


# -- scenes ------------------------------------------------------------------------------------------------


def idle(window: Window) -> None:
    """Show recordings of each kind."""
    list_rows(window, rows(window.language))


def first_use(window: Window) -> None:
    """Show the page without any recording, while the model is downloaded."""
    list_rows(window, ())
    window.show(DOWNLOADING)


def speak(window: Window, state: State, **values: object) -> None:
    """Show the newest take in this state."""
    view = replace(here(views(window.language)[state]), **values)  # type: ignore[arg-type]  # passed by name
    window.pages.home.head.hero.wave.levels.extend(levels(200))
    window.show(view)


def speaks(state: State, **values: object) -> Fill:
    """Return a function that shows the newest take in this state, without words by ``spans=()``."""

    def fill(window: Window) -> None:
        list_rows(window, rows(window.language)[1:3])
        speak(window, state, **values)

    return fill


def far(window: Window) -> None:
    """Show a take that another computer recognises, late."""
    list_rows(window, rows(window.language)[1:3])
    window.show(views(window.language)[State.SENDING])


def to_paste(window: Window) -> None:
    """Show two recordings to paste, of which the newest was just recognised."""
    list_rows(window, rows(window.language)[1:4])
    window.show(Takes(takes(window.language)), here(views(window.language)[State.HELD]))


def no_key(window: Window) -> None:
    """Show a desktop on which no program receives global keys."""
    window.pages.home.head.show_choices(replace(CHOICES, heard=False))
    window.pages.home.head.hero.show_problem(window.pages.shell._texts("note.hotkeys-wayland"))
    list_rows(window, rows(window.language)[1:3])


def no_worker(window: Window) -> None:
    """Show a computer that cannot recognise, and a history that is being read."""
    window.show(WorkerView(LocalWorkerState.FAILED, reason=Note("model-unavailable", {"model": "whisper-base"})))
    list_rows(window, rows(window.language)[1:3], done=840, total=2_000)


def searched(window: Window) -> None:
    """Show a search with hits."""
    query = _QUERY[window.language]
    window.pages.home.head.search.setText(query)
    list_rows(window, [row for row in rows(window.language) if query in row.text])


def nothing_found(window: Window) -> None:
    """Show a search without any hits."""
    window.pages.home.head.search.setText("xyz")
    list_rows(window, ())


def selected(window: Window) -> None:
    """Show several selected takes, and the outcome of an export."""
    list_rows(window, rows(window.language)[1:4])
    home = window.pages.home
    for place in (0, 2):
        home.list.selectionModel().select(home.model.index(home.model.row_of(place)), SELECT)
    window.show(HistoryMessage(Note("history.note.exported", {"count": "1", "place": "/home/ana/texts"})))


def deleting(window: Window) -> None:
    """Show the question before several takes are deleted."""
    selected(window)
    window.pages.home.bar.delete.click()
    window.front = window.pages.home.bar.delete


def opened(window: Window) -> IndexRow:
    """Open a take, and return it."""
    shown = rows(window.language)[1:3]
    list_rows(window, shown)
    home = window.pages.home
    home.open_row(home.model.row_of(0))
    window.show(details(shown[0], window.language, runs=0))
    return shown[0]


def playing(window: Window) -> None:
    """Show an open take that is heard."""
    row = opened(window)
    window.show(PlaybackView(row.session, PlayState.PLAYING, _AT_MS, round(row.seconds * 1000)))


def edited(window: Window) -> None:
    """Show an open take with typed text, whose recording cannot be heard."""
    row = opened(window)
    window.pages.home.panel.text.insertPlainText(">> ")
    window.show(PlaybackView(row.session, PlayState.STOPPED, note=Note("speaker-refused")))


def damaged(window: Window) -> None:
    """Show an open take that can be recovered."""
    list_rows(window, rows(window.language)[4:7])
    window.pages.home.open_row(window.pages.home.model.row_of(0))


def again(*, stand: RerunView | None = None, runs: int = 0) -> Fill:
    """Return a function that shows how a take is recognised again, or its result."""

    def fill(window: Window) -> None:
        row = opened(window)
        if runs:
            window.show(details(row, window.language, runs=runs))
            window.pages.home.panel.again.results_wanted.emit()
        if stand is not None:
            window.show(replace(stand, session=row.session))

    return fill


def menus(look: Look) -> QImage:
    """Draw the menus of an open take: models to recognise it again, and formats to export."""

    def drawn(theme: Theme, texts: Texts) -> QImage:
        again, unknown, export = AgainButton(texts), AgainButton(texts), ExportButton(texts, lambda form: None)
        again.show_models(HistoryModels(_MODELS))
        again.show_take(_MODELS[1], ran=True)
        unknown.show_models(HistoryModels(note=Note("gateway-unreachable")))
        menus = again.menu(), again.whole, unknown.menu(), export.menu()
        shown = row([grabbed(menu) for menu in menus], theme.colour("sunken"))
        for button in (again, unknown, export):
            button.deleteLater()
        return shown

    return dressed(look, drawn)


_ANY: Final = UUID(int=0)
_FAILED: Final = RerunView(_ANY, RerunState.FAILED, note=Note("gateway-unreachable"))
HOME: Final[tuple[Draw, ...]] = (
    scene(idle, whole),
    scene(first_use, whole),
    scene(speaks(State.LISTENING, spans=())),
    scene(speaks(State.LISTENING)),
    scene(speaks(State.WAITING)),
    scene(far),
    scene(speaks(State.DONE)),
    scene(to_paste),
    scene(speaks(State.FAILED)),
    scene(no_key),
    scene(no_worker),
    scene(searched),
    scene(nothing_found),
    scene(selected),
    scene(deleting),
)
TAKE: Final[tuple[Draw, ...]] = (
    scene(playing),
    scene(edited),
    scene(damaged),
    scene(again(stand=RerunView(_ANY, RerunState.RUNNING, 2, 5))),
    scene(again(stand=_FAILED)),
    scene(again(runs=1)),
    scene(again(runs=2)),
    menus,
)
