"""The shortest way to do each task in the windows as they are. Rewrite this file when the windows change."""

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import Qt

from app.history.index import IndexRow
from app.ui.shell.pages import DICTIONARY, FILES, HISTORY, SETTINGS, Pages
from benchmarks.clicks.example_user import CODE, HELD, LARGE_MODEL, LAST, OTHER_MICROPHONE, ROWS, YESTERDAY
from benchmarks.clicks.mouse import Mouse
from benchmarks.clicks.tasks import ADDED, HEARD, WORD, WRITTEN

Steps = Callable[[Pages, Mouse], None]


def _section(pages: Pages, mouse: Mouse, name: str) -> None:
    mouse.click(pages.shell.entries[SETTINGS])
    mouse.click(pages.settings.tabs.tabs[name])


def _select(pages: Pages, mouse: Mouse, row: IndexRow) -> None:
    mouse.click(pages.shell.entries[HISTORY])
    mouse.click_row(pages.history.list, ROWS.index(row))


def _key(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.window.settings.key)
    mouse.presses(pages.window.settings.key, Qt.Key.Key_F9)


def _microphone(pages: Pages, mouse: Mouse) -> None:
    mouse.choose(pages.window.settings.microphone, OTHER_MICROPHONE[1])


def _find(pages: Pages, mouse: Mouse) -> None:
    _select(pages, mouse, YESTERDAY)


def _copy(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.window.takes.rows[ROWS.index(LAST)].copy)


def _paste(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.window.takes.rows[ROWS.index(HELD)].paste)


def _edit(pages: Pages, mouse: Mouse) -> None:
    panel = pages.history.panel
    _select(pages, mouse, LAST)
    mouse.click(panel.text)
    mouse.types(ADDED)
    mouse.click(panel.save)


def _again(pages: Pages, mouse: Mouse) -> None:
    panel = pages.history.panel
    _select(pages, mouse, YESTERDAY)
    mouse.click(panel.again)
    mouse.choose(panel.recognise.model, LARGE_MODEL)
    mouse.click(panel.recognise.begin)


def _export(pages: Pages, mouse: Mouse) -> None:
    panel = pages.history.panel
    _select(pages, mouse, YESTERDAY)
    mouse.choose(panel.form, panel.form.itemText(1))
    mouse.click(panel.export)


def _delete(pages: Pages, mouse: Mouse) -> None:
    _select(pages, mouse, YESTERDAY)
    mouse.click(pages.history.panel.delete)
    mouse.click(pages.history.panel.delete)


def _play(pages: Pages, mouse: Mouse) -> None:
    _select(pages, mouse, YESTERDAY)
    mouse.click(pages.history.panel.play.button)


def _file(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[FILES])
    mouse.click(pages.files.zone.open)


def _word(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[DICTIONARY])
    mouse.types(f"{WORD}\n")


def _replacement(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[DICTIONARY])
    mouse.click(pages.words.replacements.add)
    mouse.types(f"{HEARD}\n")
    mouse.types(f"{WRITTEN}\n")


def _english(pages: Pages, mouse: Mouse) -> None:
    _section(pages, mouse, "language")
    mouse.click(pages.settings.rows["recognition.language"].control.target)
    mouse.types("en\n")


def _model(pages: Pages, mouse: Mouse) -> None:
    _section(pages, mouse, "models")
    mouse.click(pages.models.cards[LARGE_MODEL].main)


def _share(pages: Pages, mouse: Mouse) -> None:
    _section(pages, mouse, "computers")
    mouse.click(pages.sharing.switch)
    mouse.click(pages.sharing.add)
    mouse.click(pages.sharing.dialog.show_code)


def _use(pages: Pages, mouse: Mouse) -> None:
    _section(pages, mouse, "computers")
    mouse.click(pages.gateways.found.rows[0].pair)
    mouse.types(f"{CODE}\n")
    mouse.click(pages.gateways.form.use)


def _chinese(pages: Pages, mouse: Mouse) -> None:
    mouse.choose(pages.window.settings.language, "简体中文")


def _sounds(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.entries[SETTINGS])
    mouse.click(pages.settings.rows["general.sounds"].control.target)


def _monitor(pages: Pages, mouse: Mouse) -> None:
    mouse.click(pages.shell.sidebar.more)
    mouse.click_entry(pages.shell.sidebar.menu, pages.shell.monitor)


STEPS: Final[Mapping[str, Steps]] = {
    "key": _key,
    "microphone": _microphone,
    "find": _find,
    "copy": _copy,
    "paste": _paste,
    "edit": _edit,
    "again": _again,
    "export": _export,
    "delete": _delete,
    "play": _play,
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
