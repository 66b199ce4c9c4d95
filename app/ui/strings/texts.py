"""Look up texts by key, in a language that the fonts can draw, and word states, notes, languages, times and keys.

A language that would appear as boxes is not chosen automatically.
"""

import time
import unicodedata
from collections.abc import Collection, Iterable
from datetime import date, datetime
from functools import cache, reduce
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator, Signal
from PySide6.QtGui import QFontDatabase, QFontMetrics, QGuiApplication

from app.core.errors import Note
from app.core.sentences import LANGUAGES, TextLookup, bare_text, entries, filled_text, note_key
from app.core.states import State
from app.dictation.view import View
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.ui.theme.theme import font

_OTHER_NAMES: Final = {"Cjk": "SimplifiedChinese", "Hangul": "Korean", "Modifier": "Latin"}


def can_draw(text: str) -> bool:
    """Return whether the fonts have a glyph for every letter; fonts installed later are ignored."""
    metrics = QFontMetrics(font())
    return all(metrics.inFontUcs4(ord(letter)) for letter in text if not letter.isspace())


@cache
def language_is_drawn(tag: str, texts: str) -> bool:
    """Return whether the fonts can draw the windows in this language.

    ``texts``: a language whose texts contain its name; all do, but loading another language takes long.
    """
    if QGuiApplication.instance() is None:
        return True
    return can_draw(str(entries(texts)[f"language.{tag}"]))


def script_is_drawn(text: str) -> bool:
    """Return whether a font supports the script of this text.

    Unlike ``can_draw``, this loads no font, so it is fast enough for the names of a hundred languages.
    """
    script = unicodedata.name(text[0]).split()[0].capitalize()
    return _OTHER_NAMES.get(script, script) in _drawn_scripts()


@cache
def _drawn_scripts() -> frozenset[str]:
    return frozenset(system.name for system in QFontDatabase.writingSystems())


SYSTEM: Final = "system"
_OF_PROGRAMS: Final = frozenset({"reason", "problem"})  # values that may be messages for a terminal
_NAMES: Final = {f"language.{tag}": tag for tag in LANGUAGES}


class Texts(QObject):
    """Lookup of texts, as in ``texts("state.idle")``. ``changed``: emitted after a change of the language."""

    changed = Signal()

    def __init__(self, language: str = SYSTEM) -> None:
        super().__init__()
        self.chosen, self._found = language, ""

    def __call__(self, key: str, /, **values: str | int) -> str:
        """Return the text of a key with its values. Raises ``KeyError`` for an unknown key.

        A language whose own name cannot be drawn gets its English name. Commands have no quotes, unlike in a
        terminal.
        """
        if key in _NAMES and not language_is_drawn(_NAMES[key], self.language):
            key = f"language.latin.{_NAMES[key]}"
        bare = {name: bare_text(str(values[name])) for name in _OF_PROGRAMS & values.keys()}
        return filled_text(self.language, key, values | bare, quotes="")

    def has(self, key: str) -> bool:
        """Return whether a text with this key exists."""
        return key in entries(self.language)

    @property
    def language(self) -> str:
        """Language in effect, always one of ``LANGUAGES``."""
        self._found = self._found or self._language()
        return self._found

    def _language(self) -> str:
        if self.chosen in LANGUAGES:
            return self.chosen
        wanted = QLocale.system().uiLanguages() if self.chosen == SYSTEM else [self.chosen]
        found = language_for(wanted)
        return found if language_is_drawn(found, found) else LANGUAGES[0]

    def choose(self, language: str) -> None:
        """Choose a language tag or ``system``, with effect at once."""
        if language != self.chosen:
            self.chosen, self._found = language, ""
            self.changed.emit()


def language_for(tags: list[str]) -> str:
    """Return the first supported language of these BCP 47 tags; every Chinese one gets simplified texts."""
    primary = (tag.replace("_", "-").split("-")[0].lower() for tag in tags)
    return next((tag for tag in primary if tag in LANGUAGES), LANGUAGES[0])


_SIDES: Final = ("left", "right")
_BINDING: Final = "binding"
_TEXTLESS: Final = {
    State.DONE: "take.no-text",
    State.HELD: "take.no-text",
    State.CANCELLED: "take.no-text",
    State.FAILED: "take.failed",
    State.DAMAGED: "take.damaged",
}


def joined(*parts: str) -> str:
    """Return the parts that are not empty, in one line."""
    return " · ".join(filter(None, parts))


def names_text(texts: TextLookup, names: Iterable[str]) -> str:
    """Return the names joined by the language's separator; empty if there are none."""
    found = list(names)
    return reduce(lambda first, second: texts("list.next", first=first, second=second), found) if found else ""


def state_text(texts: Texts, state: State) -> str:
    """Return the word of a state."""
    return texts(state.key)


def ended_text(texts: Texts, state: State, *, partly: bool = False) -> str:
    """Return the word of a recording's state.

    ``partly``: some text was inserted before the recording was cancelled.
    """
    return joined(state_text(texts, state), texts("take.partly") if partly else "")


def no_text_reason(texts: Texts, state: State) -> str:
    """Return the text shown for a recording without text, by its state."""
    return texts(_TEXTLESS[state]) if state in _TEXTLESS else state_text(texts, state)


def note_text(texts: Texts, note: Note | None, paste_key: str = "") -> str:
    """Return the text of a note; empty without a note or if this version does not know it.

    ``paste_key``: name of the key that pastes, for notes that can mention it.
    """
    if note is None:
        return ""
    key, values = note_key(note), _note_values(texts, note)
    if paste_key and texts.has(f"{key}-key"):
        return texts(f"{key}-key", key=paste_key, **values)
    return texts(key, **values) if texts.has(key) else ""


def text_or(texts: TextLookup, key: str, otherwise: str = "") -> str:
    """Return the text of a key; ``otherwise`` if there is none."""
    return texts(key) if texts.has(key) else otherwise


def model_name(texts: TextLookup, name: str) -> str:
    """Return the display name of a model; an unknown model keeps its name."""
    return text_or(texts, f"models.names.{name}", name)


def worker_device_text(texts: Texts, worker: WorkerView) -> str:
    """Return the device and the model of a worker."""
    return joined(device_name(texts, worker.device), model_name(texts, worker.model))


def device_name(texts: TextLookup, device: str) -> str:
    """Return the display name of a device; a graphics card keeps its own name."""
    return texts("monitor.cpu") if device == "cpu" else device


def worker_text(texts: Texts, worker: WorkerView) -> str:
    """Return a worker's state with download percentage, device, model, jobs or failure reason."""
    if worker.state is LocalWorkerState.DOWNLOADING and worker.percent is not None:
        state = texts("worker.downloading-percent", percent=worker.percent)
    else:
        state = texts(f"worker.{worker.state.value}")
    detail = note_text(texts, worker.reason) if worker.reason else worker_device_text(texts, worker)
    if worker.jobs and not worker.reason:
        detail = joined(detail, texts("worker.jobs", count=worker.jobs))
    return texts("worker.detailed", state=state, detail=detail) if detail else state


def to_paste_text(texts: Texts, view: View, paste_key: str) -> str:
    """Return remarks on the held texts of the newest recording and of earlier ones."""
    held = "overlay.held-key" if paste_key else "overlay.held"
    return joined(
        texts(held, count=view.held, key=paste_key) if view.held else "",
        texts("overlay.earlier", count=view.earlier) if view.earlier else "",
    )


def has_length(view: View) -> bool:
    """Return whether the take has a length; it has none while only earlier recordings wait to be pasted."""
    return view.state is not State.HELD or bool(view.seconds)


def clock(seconds: float) -> str:
    """Return a duration as ``0:07``, ``12:30`` or ``1:02:03``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def moment_text(at_s: float, today: date) -> str:
    """Return a time of day as ``12:30``; the date instead if it was not today."""
    at = datetime.fromtimestamp(at_s)
    return f"{at:%H:%M}" if at.date() == today else at.date().isoformat()


def short_number(value: float) -> str:
    """Return a number, with one decimal place if it is below ten."""
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def key_caps(texts: Texts, binding: str) -> tuple[str, ...]:
    """Return the labels of the keys in a binding such as ``ctrl+alt+d``."""
    return tuple(_cap(texts, word) for word in binding.split("+") if word)


def key_text(texts: Texts, binding: str) -> str:
    """Return a binding as ``Ctrl+Alt+D``; empty for none."""
    return "+".join(key_caps(texts, binding))


def today() -> date:
    """Return the current local date."""
    return datetime.fromtimestamp(time.time()).date()


def _cap(texts: Texts, word: str) -> str:
    side, _, key = word.strip().lower().replace(" ", "_").partition("_")
    if side in _SIDES and key:
        return texts(f"key.{side}", key=_cap(texts, key))
    return word.replace("_", " ").title()


def _note_values(texts: Texts, note: Note) -> dict[str, str | int]:
    """Return the values of a note, with key bindings and the inner note as texts."""
    values: dict[str, str | int] = {
        name: key_text(texts, value) if name == _BINDING else value for name, value in note.values.items()
    }
    return values | {"reason": note_text(texts, note.reason)} if note.reason else values


def left_text(texts: Texts, left_s: float) -> str:
    """Return the remaining time, rounded to minutes."""
    hours, minutes = divmod(round(left_s / 60), 60)
    if hours:
        return texts("files.left-hours", hours=hours, minutes=minutes)
    return texts("files.left-minutes", minutes=minutes) if minutes else texts("files.left-soon")


class QtWords(QObject):
    """Translator of Qt's own texts that follows the language of ``texts``; the application owns it."""

    def __init__(self, application: QCoreApplication, texts: Texts) -> None:
        super().__init__(application)
        self._application, self._texts, self._translator = application, texts, QTranslator(self)
        texts.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        self._application.removeTranslator(self._translator)
        if self._translator.load(QLocale(self._texts.language), "qtbase", "_", folder):
            self._application.installTranslator(self._translator)


_FEW: Final = 5
_NAMED: Final = 2
_WIDESPREAD: Final = ("zh", "en")


def language_name(texts: TextLookup, code: str) -> str:
    """Return the name of a language; an unknown code is returned unchanged."""
    return text_or(texts, f"spoken.{code}", code)


def languages_by_name(texts: TextLookup, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of code and name, sorted by name."""
    return sorted(((code, language_name(texts, code)) for code in codes), key=lambda one: one[1].casefold())


def languages_text(texts: TextLookup, codes: Collection[str], first: Iterable[str] = ()) -> str:
    """Return all names of a few languages, or two names and the number of the others.

    ``first``: languages to put first if they are among ``codes``, such as the user's own.
    """
    ordered = list(dict.fromkeys((*(code for code in (*first, *_WIDESPREAD) if code in codes), *codes)))
    if len(ordered) <= _FEW:
        return list_text(texts, [language_name(texts, code) for code in ordered])
    names = names_text(texts, (language_name(texts, code) for code in ordered[:_NAMED]))
    return texts("list.more", first=names, more=len(ordered) - _NAMED)


def list_text(texts: TextLookup, names: list[str]) -> str:
    """Return names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return texts("list.last", first=names_text(texts, names[:-1]), second=names[-1])
