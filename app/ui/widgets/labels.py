"""Labels in the common type scale, and the safe display of foreign text."""

from html import escape
from typing import TypeVar

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QWidget

from app.ui.dictation.live_lines import MOST
from app.ui.strings.texts import Texts
from app.ui.theme.theme import SCALE, SCALE_PROPERTY, font
from runtime.terminal import LINES, printable

W = TypeVar("W", bound=QObject)

_ANY = "surrogatepass"  # file names may contain undecodable bytes
_LONGEST_TIP = 2_000


def label(
    text: str = "", *, size: float = SCALE.body, role: str = "", bold: bool = False, wraps: bool = False
) -> QLabel:
    """Return a label in the common type scale; ``wraps``: with as many lines as the text needs."""
    made = QLabel(text, textFormat=Qt.TextFormat.PlainText, wordWrap=wraps)
    made.setFont(font(size, QFont.Weight.DemiBold if bold else QFont.Weight.Normal))
    made.setProperty(SCALE_PROPERTY, size)
    if role:
        made.setProperty("role", role)
    return made


def remark(role: str = "muted", *, selectable: bool = False) -> QLabel:
    """Return a label for small text that wraps; ``selectable``: it can be marked and copied with the mouse."""
    made = label(size=SCALE.caption, role=role, wraps=True)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def worded(texts: Texts, owner: W, text: str = "", **others: str) -> W:
    """Return a widget or an action with these texts, which follow the language.

    Each is a key by the name of its property, as in ``worded(texts, label(), "app.name", toolTip="app.says")``.
    """
    _Wording(texts, owner, {"text": text, **others} if text else others)
    return owner


class _Wording(QObject):
    """Texts of its parent, by the names of properties."""

    def __init__(self, texts: Texts, owner: QObject, keys: dict[str, str]) -> None:
        super().__init__(owner)
        self._texts, self._keys = texts, keys
        texts.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        if (owner := self.parent()) is not None:
            for name, key in self._keys.items():
                owner.setProperty(name, self._texts(key))


def say(shown: QLabel | QAbstractButton, text: str) -> None:
    """Show a text on a label or a button; hide it if the text is empty."""
    shown.setText(text)
    shown.setVisible(bool(text))


def caption(shown: QLabel | QAbstractButton, text: str, name: str) -> None:
    """Show a text, with a name that tells more to screen readers."""
    shown.setText(text)
    shown.setAccessibleName(name)


def describe(shown: QWidget, name: str, about: str) -> None:
    """Set what screen readers say about a widget."""
    shown.setAccessibleName(name)
    shown.setAccessibleDescription(about)


def set_visible(visible: bool, *parts: QWidget) -> None:
    """Show or hide all these parts."""
    for part in parts:
        part.setVisible(visible)


def tell(shown: QLabel, text: str, role: str = "muted") -> None:
    """Show a text in a role; hide the label if the text is empty."""
    set_role(shown, role)
    say(shown, text)


def set_role(shown: QWidget, role: str) -> None:
    """Set the role of a widget, which decides its colours."""
    if shown.property("role") != role:
        shown.setProperty("role", role)
        shown.style().polish(shown)


class Elided(QLabel):
    """Label that shows the first lines of a text; the tool tip shows more."""

    def __init__(self, lines: int = 2) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText, wordWrap=True)
        self._lines = lines
        self.setFont(font())
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = ""

    def show_text(self, text: str) -> None:
        """Show a text; the accessible name holds all of it."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text again for the new width."""
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        shown = beginning(self._whole, self.font(), self.contentsRect().width(), self._lines)
        self.setText(shown)
        self.setToolTip("" if shown == self._whole else tip(self._whole[:_LONGEST_TIP]))


def beginning(text: str, look: QFont, width: float, most: int) -> str:
    """Return the start of ``text`` that fits into ``most`` lines, with an ellipsis if it is cut.

    Only the visible part is laid out, once, so half an hour of speech costs no more than a sentence.
    """
    start = text[:MOST].replace("\n", " ")
    units = start.encode("utf-16-le", _ANY)  # Qt counts in UTF-16 units
    layout = QTextLayout(start, look)
    layout.setTextOption(_by_word())
    layout.beginLayout()
    last = end = 0
    for _ in range(most):
        if not (line := layout.createLine()).isValid():
            break
        line.setLineWidth(width)
        last, end = line.textStart(), line.textStart() + line.textLength()
    layout.endLayout()
    if len(text) <= MOST and 2 * end == len(units):
        return start
    head, tail = (part.decode("utf-16-le", _ANY) for part in (units[: 2 * last], units[2 * last :]))
    shown = QFontMetricsF(look).elidedText(f"{tail}…", Qt.TextElideMode.ElideRight, width)
    return head + shown[:-1].rstrip() + "…"


def _by_word() -> QTextOption:
    """Return the option that breaks lines as ``QLabel`` does."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    return option


def tip(text: str) -> str:
    """Return a tooltip that shows ``text`` literally.

    Qt would render text that resembles HTML as markup.
    """
    shown = printable(text, LINES)
    if "<" not in shown:
        return shown
    return f"<qt>{escape(shown).replace(chr(10), '<br>')}</qt>"


def menu_name(text: str) -> str:
    """Return ``text`` as a menu entry, in which "&" would otherwise mark a shortcut."""
    return printable(text).replace("&", "&&")
