"""Lines that bind the hotkeys where the desktop gives programs none: to copy, to write, and whether they work."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.core.states import State
from app.desktop.actions import DesktopAction, WriteKeyLines
from app.desktop.view import DesktopView, KeyLines, LinesState
from app.dictation.hotkey_test import KeysSeen
from app.dictation.messages import DICTATE
from app.hotkeys.compositor_lines import Compositor
from app.ui.help.line_list import ReadOnlyText
from app.ui.settings.hotkey_test import KEYS
from app.ui.settings.wording import in_all_languages, title
from app.ui.strings.texts import Texts
from app.ui.strings.wording import key_text, note_text
from app.ui.theme.theme import Theme
from app.ui.widgets.basic import Card, Shape, action_button, refresh_with
from app.ui.widgets.flow_layout import FlowRow
from app.ui.widgets.labels import caption, label, remark, say, set_role, set_visible, tell, worded
from app.ui.widgets.layouts import CARD, aligned, horizontal, stretched, vertical

NAMES: Final = {
    Compositor.SWAY: "sway",
    Compositor.HYPRLAND: "Hyprland",
    Compositor.NIRI: "niri",
    Compositor.LABWC: "labwc",
    Compositor.RIVER: "river",
}
_LINES, _CHANGE = 6, 12


class KeyLinesPanel(Card):
    """Panel with the lines for the user's compositor; hidden where the desktop gives programs hotkeys.

    Writing first shows the change; a second click makes it.
    """

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[DesktopAction], None]) -> None:
        super().__init__("settings.key-lines")
        self._texts, self._ask = texts, ask
        self._lines: KeyLines | None = None
        self._bindings: Mapping[str, str] = {}
        self._works, self._reviewing = False, False
        self.heading = worded(texts, label(bold=True), "settings.key-lines.name")
        self.says, self.missing, self.where = (remark() for _ in range(3))
        self.lines = worded(texts, ReadOnlyText(theme, _LINES), accessibleName="settings.key-lines.name")
        self.change = worded(texts, ReadOnlyText(theme, _CHANGE), accessibleName="settings.key-lines.change")
        self.problem, self.told = remark("warning"), remark("")
        self.shape = Shape(theme, State.ARMING)
        self.copy = action_button(self._copy)
        self.write = action_button(self._write)
        self.back = action_button(lambda: self._review(on=False))
        self.remove = action_button(lambda: self._ask(WriteKeyLines(False)), "quiet")
        self._buttons = FlowRow((self.write, self.copy, self.back, self.remove))
        test = horizontal(aligned(self.shape, Qt.AlignmentFlag.AlignTop), stretched(self.told))
        vertical(
            self.heading,
            self.says,
            self.missing,
            self.where,
            self.lines,
            self.change,
            self.problem,
            self._buttons,
            test,
            within=self,
            margins=CARD,
        )
        refresh_with(self.refresh, texts, theme)

    def words(self) -> Iterable[str]:
        """Return the words by which the settings search finds this panel; none while it is hidden."""
        return in_all_languages("settings.key-lines.name") if self._lines else []

    def show_desktop(self, view: DesktopView) -> None:
        """Show the lines for this desktop."""
        if view.lines != self._lines:
            self._lines, self._reviewing = view.lines, False
        self.refresh()

    def show_bindings(self, bindings: Mapping[str, str]) -> None:
        """Show the keys by action."""
        self._bindings = bindings
        self.refresh()

    def show_keys(self, seen: KeysSeen) -> None:
        """Show whether a line has reported the dictation key."""
        works = DICTATE in seen.commanded
        if works != self._works:
            self._works = works
            self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        shown = self._lines
        self.setVisible(shown is not None)
        if shown is None:
            return
        self._show_words(shown)
        self.lines.show_text("\n".join(shown.lines))
        self.change.show_text(shown.change)
        self._show_test(shown)
        self._show_buttons(shown)
        self.lines.setVisible(bool(shown.lines) and not self._reviewing)
        self.change.setVisible(self._reviewing)
        self.setAccessibleName(". ".join([self.heading.text(), self.says.text(), self.told.text()]))

    def _show_words(self, shown: KeyLines) -> None:
        texts = self._texts
        self.says.setText(self._says(shown.compositor))
        role = "warning" if DICTATE in shown.missing else "muted"
        tell(self.missing, "\n".join(self._missing(shown)), role)
        say(self.where, self._where(shown))
        say(self.problem, note_text(texts, shown.problem))

    def _says(self, compositor: Compositor | None) -> str:
        if compositor is None:
            return self._texts("settings.key-lines.commands")
        keys = ["settings.key-lines.says"]
        if not compositor.tells_releases:
            keys.append("settings.key-lines.toggles")
        return " ".join(self._texts(key, desktop=NAMES[compositor]) for key in keys)

    def _missing(self, shown: KeyLines) -> list[str]:
        found = []
        for action, why in shown.missing.items():
            key, name = key_text(self._texts, self._bindings.get(action, "")), title(self._texts, KEYS[action])
            found.append(self._texts(f"settings.key-lines.missing.{why}", name=name, key=key))
        return found

    def _where(self, shown: KeyLines) -> str:
        if not shown.lines or shown.compositor is None:
            return ""
        if self._reviewing:
            return self._texts("settings.key-lines.review", file=shown.place)
        if shown.state is LinesState.WRITTEN:
            return self._texts(f"settings.key-lines.written.{shown.compositor}")
        if shown.state is LinesState.COPIED:
            return self._texts("settings.key-lines.copied", file=shown.place)
        if shown.state is LinesState.OUTDATED:
            return self._texts("settings.key-lines.outdated")
        return self._texts(f"settings.key-lines.where.{shown.compositor}")

    def _show_test(self, shown: KeyLines) -> None:
        said = self._texts("settings.key-lines.works" if self._works else "settings.key-lines.try")
        self.told.setText(said)
        self.shape.show_state(State.DONE if self._works else State.ARMING, said)
        bound = shown.compositor is None or bool(self._bindings.get(DICTATE))
        can_be_tried = bound and DICTATE not in shown.missing
        set_visible(self._works or can_be_tried, self.told, self.shape)

    def _show_buttons(self, shown: KeyLines) -> None:
        texts = self._texts
        writes = bool(shown.lines) and shown.state in {LinesState.TO_WRITE, LinesState.OUTDATED}
        named = (
            (self.copy, "action.copy", bool(shown.lines) and not self._reviewing),
            (self.write, "settings.key-lines.confirm" if self._reviewing else "settings.key-lines.write", writes),
            (self.back, "settings.key-lines.back", self._reviewing),
            (self.remove, "settings.key-lines.remove", shown.state in {LinesState.WRITTEN, LinesState.OUTDATED}),
        )
        for button, key, visible in named:
            caption(button, texts(key), f"{self.heading.text()}: {texts(key)}")
            button.setVisible(visible)
        set_role(self.write, "primary" if self._reviewing else "")
        self._buttons.arrange()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.lines.toPlainText() + "\n")

    def _write(self) -> None:
        if self._reviewing:
            self._ask(WriteKeyLines(True))
        self._review(on=not self._reviewing)

    def _review(self, *, on: bool) -> None:
        self._reviewing = on
        self.refresh()
        self.write.setFocus()
