"""The shortest way to do each task in the present windows. Rewrite this file when the windows change."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app.history.index import IndexRow
from app.ui.home.take_delegate import RowButton
from app.ui.settings.pick_controls import PickSeveralControl
from app.ui.shell.front import DICTIONARY, FILES, SETTINGS
from app.ui.shell.pages import Pages
from app.ui.shell.popover import Popover
from app.ui.strings.texts import Texts, model_name
from app.ui.widgets.controls import OptionButton
from benchmarks.clicks.example_user import CODE, LARGE_MODEL, LAST, OTHER_MICROPHONE, ROWS, YESTERDAY
from benchmarks.clicks.mouse import Mouse
from benchmarks.clicks.tasks import ADDED, HEARD, WORD, WRITTEN

Steps = Callable[[Pages, Mouse], None]


def _section(pages: Pages, mouse: Mouse, name: str) -> None:
    mouse.click(pages.shell.entries[SETTINGS])
    mouse.click(pages.settings.tabs.tabs[name])


def _select(pages: Pages, mouse: Mouse, row: IndexRow) -> None:
    mouse.click_row(pages.home.list, pages.home.model.row_of(ROWS.index(row)))


def _on_row(pages: Pages, mouse: Mouse, row: IndexRow, button: RowButton) -> None:
    """Click on a button of a row."""
    view = pages.home.list
    place = mouse.place_of(view, pages.home.model.row_of(ROWS.index(row)))
    mouse.click_part(view.viewport(), pages.home.delegate.buttons(place, row)[button])


def _in_menu(pages: Pages, mouse: Mouse, title: str) -> None:
    """Click on an entry in the menu of yesterday's recording."""
    menu = mouse.opens_menu(pages.home.list, pages.home.model.row_of(ROWS.index(YESTERDAY)))
    mouse.click_entry(menu, _entry(menu, title))


def _entry(menu: QMenu, title: str) -> QAction:
    return next(entry for entry in menu.actions() if entry.text() == title)


def _status(pages: Pages, mouse: Mouse) -> Popover:
    mouse.click(pages.status.line)
    assert pages.status.popover is not None
    return pages.status.popover


def _key(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.home.head.hero.caps)
    assert pages.status.popover is not None
    mouse.presses(pages.status.popover.key, Qt.Key.Key_F9)


def _edit(pages: Pages, mouse: Mouse) -> None:
    panel = pages.home.panel
    _select(pages, mouse, LAST)
    mouse.types(ADDED)
    mouse.waits(lambda: not panel.text.document().isModified(), "the text is saved")


def _again(pages: Pages, mouse: Mouse) -> None:
    panel = pages.home.panel
    _select(pages, mouse, YESTERDAY)
    mouse.click(panel.again)
    title = model_name(Texts("en"), LARGE_MODEL)
    mouse.click_entry(panel.again.menu(), _entry(panel.again.menu(), title))


def _delete(pages: Pages, mouse: Mouse) -> None:
    _in_menu(pages, mouse, "Delete")
    mouse.click(pages.home.bar.delete)


def _file(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[FILES])
    mouse.click(pages.files.zone.open)


def _word(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[DICTIONARY])
    mouse.types(f"{WORD}\n")


def _replacement(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[DICTIONARY])
    mouse.types(f"{HEARD} = {WRITTEN}\n")


def _english(pages: Pages, mouse: Mouse) -> None:
    _section(pages, mouse, "language")
    control = pages.settings.rows["recognition.languages"].control
    assert isinstance(control, PickSeveralControl)
    mouse.click(control.chips[0])  # the language of the system; English stays


def _model(pages: Pages, mouse: Mouse) -> None:
    _section(pages, mouse, "models")
    mouse.click(pages.models.cards[LARGE_MODEL].main)


def _share(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.sidebar.more)
    mouse.click_entry(pages.shell.sidebar.menu, pages.shell.share)


def _use(pages: Pages, mouse: Mouse) -> None:
    _section(pages, mouse, "computers")
    found = next(row for key, row in pages.computers.rows.items() if key.startswith("found"))
    mouse.click(found.button)
    mouse.types(f"{CODE}\n")


def _chinese(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[SETTINGS])
    field = pages.settings.rows["general.language"].control.target
    mouse.click(next(one for one in field.findChildren(OptionButton) if one.text() == "简体中文"))


def _sounds(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[SETTINGS])
    mouse.click(pages.settings.rows["general.sounds"].control.target)


def _monitor(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.sidebar.more)
    mouse.click_entry(pages.shell.sidebar.menu, pages.shell.monitor)


STEPS: Final[Mapping[str, Steps]] = {
    "key": _key,
    "microphone": lambda pages, mouse: mouse.choose(_status(pages, mouse).microphone, OTHER_MICROPHONE[1]),
    "find": lambda pages, mouse: _select(pages, mouse, YESTERDAY),
    "copy": lambda pages, mouse: _on_row(pages, mouse, LAST, RowButton.COPY),
    "paste": lambda pages, mouse: mouse.click(pages.home.head.paste.paste),
    "edit": _edit,
    "again": _again,
    "export": lambda pages, mouse: _in_menu(pages, mouse, "Save as subtitles…"),
    "delete": _delete,
    "play": lambda pages, mouse: _on_row(pages, mouse, YESTERDAY, RowButton.PLAY),
    "file": _file,
    "word": _word,
    "replacement": _replacement,
    "english": _english,
    "model": _model,
    "share": _share,
    "use": _use,
    "chinese": _chinese,
    "sounds": _sounds,
    "monitor": _monitor,
}
"""The steps by the name of their task."""
