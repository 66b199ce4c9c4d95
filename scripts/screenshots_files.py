"""Draw the list of files in each of its states, for ``scripts.screenshots``."""

from dataclasses import replace
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QImage

from app.core.formats import Format
from app.core.notes import Note
from app.files.view import FileNote, FileState, FilesView, FileView
from app.ui.files.page import FilesPage
from app.ui.shell.shell import usual_size
from app.ui.strings.texts import Texts
from app.ui.theme.theme import Theme
from scripts.screenshots import Look, column, dressed, grabbed, ground, in_the_shell

_NAMES: Final = {
    "en": (
        "Board meeting, autumn.m4a",
        "Interview with the carver.mp4",
        "Lecture 7, tides and harbours.mp3",
        "Field notes.wav",
        "Old tape, side B.flac",
        "Draft reading.ogg",
    ),
    "zh": (
        "秋季董事会.m4a",
        "采访玉雕师.mp4",
        "第七讲：潮汐与港口.mp3",
        "田野笔记.wav",
        "旧磁带 B 面.flac",
        "试读.ogg",
    ),
}
_SAID: Final = {
    "en": (
        "Welcome, everybody. Before we begin, the minutes of the last meeting: are there any corrections to "
        "what was sent round on Monday? Then I take them as read.",
        "…and the stone tells you where it wants to be cut. My grandfather would hold it in the river for a "
        "whole morning before he drew",
        "Today is about the tide in a harbour with two mouths, and why the water there stands still",
    ),
    "zh": (
        "各位早上好。开始之前先看上次的会议纪要：周一发给大家的版本还有没有需要修改的地方？没有的话就算通过了。",
        "……石头会告诉你该从哪里下刀。我爷爷会先把它放在河水里泡上一整个上午，然后才",
        "今天讲的是有两个出口的港口里的潮汐，以及为什么那里的水会静止不动",
    ),
}


def files(language: str) -> FilesView:
    """Return a view with a file in each state."""
    names, said = _NAMES[language], _SAID[language]
    board, carver, lecture, notes, tape, draft = (f"/home/ana/{name}" for name in names)
    stem = names[0].removesuffix(".m4a")
    shown = (
        FileView(
            1,
            board,
            FileState.DONE,
            3127.0,
            3127.0,
            text=said[0],
            results=(f"/home/ana/{stem}.txt", f"/home/ana/{stem}.srt"),
        ),
        FileView(2, carver, FileState.WORKING, 2531.0, 7293.0, 754.0, said[1]),
        FileView(3, lecture, FileState.PAUSED, 1266.0, 5402.0, text=said[2]),
        FileView(4, notes, FileState.WAITING, duration_s=483.0),
        FileView(5, tape, FileState.FAILED, note=Note(FileNote.DAMAGED)),
        FileView(6, draft, FileState.CANCELLED, duration_s=96.0),
    )
    return FilesView(shown, (Format.TXT, Format.SRT))


def trouble(language: str) -> FilesView:
    """Return a view with a message, and a file whose gateway does not answer."""
    view = files(language)
    away = replace(view.files[1], note=Note(FileNote.GATEWAY_AWAY), left_s=None)
    looked_at = replace(view.files[3], state=FileState.ADDED, duration_s=None)
    gaps = replace(view.files[0], note=Note(FileNote.GAPS, {"count": "2"}), gaps=True)
    listed = Note(FileNote.LISTED, {"count": "2"})
    return FilesView((gaps, away, looked_at), view.forms, "/home/ana/texts", listed)


def page(look: Look, view: FilesView, height: float, *, over: bool = False) -> QImage:
    """Draw the page, ``height`` windows high; ``over``: files are being dragged over it."""

    def draw(theme: Theme, texts: Texts) -> QImage:
        made = FilesPage(theme, texts, lambda action: None)
        made.show_files(view)
        made.zone.show_over(over)
        area = in_the_shell(made, QSize(usual_size().width(), round(usual_size().height() * height)))
        made.setFocus()  # so that no control shows a focus mark
        return grabbed(area)

    return dressed(look, draw)


def states(look: Look) -> QImage:
    """Draw all states, one below the other."""
    nothing = FilesView((), (Format.TXT, Format.SRT))
    made = [
        page(look, nothing, 0.62),
        page(look, files(look.language), 1.5),
        page(look, trouble(look.language), 1.0, over=True),
    ]
    return column(made, ground(look))
