"""Draw the timeline in each of its states, for ``scripts.screenshots``."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Final
from uuid import UUID

from PySide6.QtGui import QGuiApplication, QImage

from app.core.notes import Note
from app.history.index import IndexRow, days_of
from app.history.view import HistoryList, HistoryMessage, HistoryNote, HistoryRows
from app.journal.take import TakeState
from app.ui.home.page import SELECT, HomePage
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from scripts.screenshots import CHOICES, Look, column, dressed, grabbed, ground

_SAID: Final = {
    "en": (
        "The greenstone samples arrive on Thursday. Please keep the workshop free until noon, so that the "
        "carvers can look at them in daylight before anything is cut.",
        "Thanks for the walk-through yesterday.",
        "",
        "Put the greenstone pendant with the long grain beside the window, and the others where they were. The "
        "light in the evening is what people come for, so let us not hide it behind the new case again.",
        "Could you check whether the new build fixes the reconnect on the train?",
        "Notes on the harbour: the tide turns at four, the ferry leaves a little later.",
    ),
    "zh": (
        "玉石样品周四会到，请把工作室空到中午，让雕刻师在动手切割之前先在日光下看一看。",
        "谢谢昨天的讲解。",
        "",
        "把长纹的玉石吊坠放在窗边，其他的放回原处。大家傍晚来就是为了看光线，所以这次别再让新展柜挡住它了。",
        "请帮忙确认新版本是否修好了火车上的重新连接。",
        "关于港口的笔记：四点转潮，渡船稍后出发。",
    ),
}
_QUERY: Final = {"en": "greenstone", "zh": "玉石"}
_STATES: Final = (
    TakeState.DONE,
    TakeState.HELD,
    TakeState.INTERRUPTED,
    TakeState.DONE,
    TakeState.DONE,
    TakeState.DONE,
)


def rows(language: str) -> list[IndexRow]:
    """Return takes of an example user, one cut off and one edited."""
    morning = datetime.combine(datetime(2026, 3, 3), time(9, 41)).timestamp()
    model = {"en": "whisper-small", "zh": "sensevoice-small"}[language]
    return [
        IndexRow(
            UUID(int=number + 1),
            morning - 2_760 * number,
            7.4 + 5.3 * len(text) / 40,
            1,
            state,
            text,
            language,
            model if text else "",
            number == 3,
            (int(morning - 2_760 * number) << 31) + number,
            program="firefox" if text else "",
        )
        for number, (text, state) in enumerate(zip(_SAID[language], _STATES, strict=True))
    ]


def found(query: str, shown: Sequence[IndexRow]) -> HistoryList:
    """Return the list of these takes, as if ``query`` had found them."""
    keys = [row.key for row in shown]
    return HistoryList(2 if query else 1, query, keys, days=days_of(keys))


def page(
    look: Look,
    listed: HistoryList,
    height: float,
    shown: Sequence[IndexRow],
    chosen: Sequence[int] = (),
    note: Note | None = None,
) -> QImage:
    """Draw the page, ``height`` windows high; one chosen take is open."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        made = HomePage(theme, texts, lambda action: None)
        made.resize(usual_size().width(), round(usual_size().height() * height))
        made.head.search.setText(listed.query)
        made.show()
        made.show_choices(CHOICES)
        made.show_list(listed)
        made.grab()  # makes the list request its rows
        QGuiApplication.processEvents()
        made.show_rows(HistoryRows(listed.serial, 0, tuple(shown)))
        for number in chosen if len(chosen) > 1 else ():
            made.list.selectionModel().select(made.model.index(made.model.row_of(number)), SELECT)
        if len(chosen) == 1:
            made.open_row(made.model.row_of(chosen[0]))
        if note:
            made.show_told(HistoryMessage(note))
        made.setFocus()  # so that no control shows a focus mark
        return grabbed(made)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw an open take, a search, the first reading, a selection, no hits, and an empty history."""
    every, query = rows(look.language), _QUERY[look.language]
    hits = [row for row in every if query in row.text]
    exported = Note(HistoryNote.EXPORTED, {"count": "1", "place": "/home/ana/texts"})
    made = [
        page(look, found("", every), 0.92, every, (0,)),
        page(look, found(query, hits), 0.62, hits, (1,)),
        page(look, replace(found("", every), done=840, total=2_000), 0.62, every, (2,)),
        page(look, found("", every), 0.56, every, (0, 1, 3), exported),
        page(look, found("xyz", ()), 0.3, ()),
        page(look, found("", ()), 0.3, ()),
    ]
    return column(made, ground(look))
