"""Cards of the settings page: first steps, problems of the file, links, updates, the local port, the desktop."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel

from app.core.errors import Note
from app.core.sentences import LANGUAGES
from app.core.states import State
from app.desktop.abilities import Ability, DesktopAction, DesktopView, ReadDesktopAgain
from app.diagnostics.checks.finding import Severity, ability_finding, finding_text
from app.local_api.view import LocalApiView
from app.messages.kinds import Action
from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step
from app.settings.path import settings_place
from app.settings.sections import ChangeSetting, Settings
from app.ui.help.line_list import ReadOnlyText
from app.ui.home.timeline_model import day_text
from app.ui.strings.texts import Texts, list_text, note_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import Card, Shape, action_button, enable, refresh_with
from app.ui.widgets.dialogs import Dialogs
from app.ui.widgets.panels import FlowRow
from app.ui.widgets.parts import (
    CARD,
    at_left,
    grid,
    horizontal,
    label,
    remark,
    set_visible,
    show_text,
    stretched,
    vertical,
    worded,
)
from app.updates.view import CheckForUpdates, UpdatesView


class RestartCard(Card):
    """Card that opens the first steps that are not done, or all of them if none is open."""

    def __init__(self, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self.open: tuple[Step, ...] = ()
        self.name = worded(texts, label(bold=True), "onboarding.name")
        self.description = remark()
        self.button = action_button(self._again)
        vertical(self.name, self.description, at_left(self.button), within=self, margins=CARD)
        refresh_with(self.refresh, texts)

    def words(self) -> tuple[str, ...]:
        """Return the texts by which the search of the settings finds this card."""
        return self.name.text(), self.description.text(), self.button.text()

    def show_settings(self, settings: Settings) -> None:
        """Show which steps are open."""
        self.open = tuple(step for step in STEPS if step.value in settings.general.open_steps)
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        names = list_text(texts, [texts(f"onboarding.step.{step.value}") for step in self.open])
        self.description.setText(texts("onboarding.open", steps=names) if names else texts("onboarding.none-open"))
        self.button.setText(texts("onboarding.continue" if names else "onboarding.again"))

    def _again(self) -> None:
        self._ask(ChangeSetting(FIRST_STEP, (self.open or STEPS)[0].value))
        self._ask(ChangeSetting(WELCOMED, False))


class FileTrouble(Card):
    """Card at the top of the settings with a problem of the settings file; hidden without one."""

    def __init__(self, texts: Texts, dialogs: Dialogs) -> None:
        super().__init__("settings.trouble")
        self._texts = texts
        self._note: Note | None = None
        self.place = settings_place()
        self.description = label(role="warning", bold=True, wraps=True)
        self.where = remark(selectable=True)
        self.open = worded(texts, action_button(lambda: dialogs.show(str(self.place))), "settings.open-folder")
        vertical(self.description, self.where, at_left(self.open), within=self, margins=CARD)
        self.show_problem(None)

    def show_problem(self, note: Note | None) -> None:
        """Show a problem with the settings file; ``None`` hides the message."""
        self._note = note
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        text = note_text(self._texts, self._note)
        self.description.setText(text)
        self.where.setText(str(self.place))
        self.setAccessibleName(text)
        self.setVisible(bool(text))


class LinkCard(Card):
    """Card with a name, an explanation, and a button that calls ``go``.

    ``keys``: the keys of these three texts, and of further texts by which the search finds the card.
    """

    def __init__(self, texts: Texts, keys: tuple[str, str, str, *tuple[str, ...]], go: Callable[[], None]) -> None:
        super().__init__()
        self._texts, self._keys = texts, keys
        name, description, button, *_ = keys
        self.name, self.description = worded(texts, label(bold=True), name), worded(texts, remark(), description)
        self.button = worded(texts, action_button(go), button)
        words = vertical(self.name, self.description, gap=SPACING.hair)
        horizontal(stretched(words), self.button, within=self, margins=CARD, gap=SPACING.medium)
        refresh_with(self.refresh, texts)

    def words(self) -> tuple[str, ...]:
        """Return the texts by which the search of the settings finds this card."""
        return tuple(map(self._texts, self._keys))

    def refresh(self) -> None:
        """Update what screen readers read to the current language."""
        self.button.setAccessibleName(f"{self.name.text()}: {self.button.text()}")


_COMMAND_LINES = 2


class UpdatesPanel(Card):
    """Panel with the newest known version, the command that updates, and a button that checks now."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[CheckForUpdates], None]) -> None:
        super().__init__("settings.updates")
        self._texts, self._view = texts, UpdatesView()
        self.state = label(bold=True, wraps=True)
        self.news, self.how, self.place, self.checked = (remark() for _ in range(4))
        self.problem = remark("warning")
        self.command = worded(
            texts, ReadOnlyText(theme, _COMMAND_LINES), accessibleName="settings.updates.command"
        )
        self.check = action_button(lambda: ask(CheckForUpdates()))
        self.copy = action_button(lambda: QGuiApplication.clipboard().setText(self._view.command), "primary")
        self.page = action_button(self._open_page)
        self.buttons = FlowRow((self.copy, self.page, self.check))
        vertical(
            self.state,
            self.news,
            self.how,
            self.command,
            self.problem,
            self.place,
            self.checked,
            self.buttons,
            within=self,
            margins=CARD,
        )
        refresh_with(self.refresh, texts, theme)

    def show_updates(self, view: UpdatesView) -> None:
        """Show the newest known version, and how to update."""
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, view = self._texts, self._view
        new, newer = view.release, view.release is not None
        versions = {"version": view.installed, "new": new.version if new else ""}
        show_text(self.state, texts(f"settings.updates.{view.state}", **versions) if view.installed else "")
        show_text(self.news, self._news())
        how = "settings.updates.run-file" if view.needs_file else "settings.updates.run"
        show_text(self.how, texts(how if view.command else "settings.updates.get") if newer else "")
        self.command.show_text(view.command)
        show_text(self.place, "" if view.place_known else texts("settings.updates.no-place"))
        day = datetime.fromtimestamp(view.asked_s).date() if view.asked_s else None
        show_text(self.checked, texts("settings.updates.checked", day=day_text(texts, day)) if day else "")
        show_text(self.problem, note_text(texts, view.note))
        self.command.setVisible(newer and bool(view.command))
        self._show_buttons(newer)
        self.setAccessibleName(" ".join(filter(None, (self.state.text(), self.news.text(), self.problem.text()))))

    def _show_buttons(self, newer: bool) -> None:
        texts, view = self._texts, self._view
        named = (
            (self.copy, "settings.updates.copy", newer and bool(view.command)),
            (self.page, "settings.updates.page", view.release is not None and bool(view.release.page)),
            (self.check, "settings.updates.check", view.place_known),
        )
        for button, key, visible in named:
            show_text(button, texts(key) if visible else "")
        enable(self.check, not view.asking)
        self.buttons.arrange()
        self.buttons.setVisible(any(visible for _, _, visible in named))

    def _news(self) -> str:
        """Return the description of the newer version, in the language of the windows, otherwise in English."""
        description = self._view.release.says if self._view.release else {}
        return description.get(self._texts.language) or description.get(LANGUAGES[0], "")

    def _open_page(self) -> None:
        if self._view.release is not None:
            QDesktopServices.openUrl(QUrl(self._view.release.page))


class LocalApiPanel(Card):
    """Panel with the state of the local port; hidden while the port is switched off."""

    def __init__(self, theme: Theme, texts: Texts) -> None:
        super().__init__("settings.api")
        self._texts, self._view = texts, LocalApiView()
        self.state = label(bold=True, wraps=True)
        self.how = worded(texts, remark(), "settings.api.how")
        self.problem = remark("warning")
        self.copy = worded(
            texts, action_button(lambda: QGuiApplication.clipboard().setText(self._view.url)), "settings.api.copy"
        )
        self.buttons = FlowRow((self.copy,))
        vertical(self.state, self.how, self.problem, self.buttons, within=self, margins=CARD)
        refresh_with(self.refresh, texts, theme)

    def show_api(self, view: LocalApiView) -> None:
        """Show the state of the port."""
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, view = self._texts, self._view
        self.state.setText(texts("settings.api.open", url=view.url) if view.url else texts("settings.api.failed"))
        show_text(self.problem, note_text(texts, view.note))
        set_visible(bool(view.url), self.how, self.buttons)
        self.buttons.arrange()
        self.setVisible(bool(view.url or view.note))
        self.setAccessibleName(" ".join(filter(None, (self.state.text(), self.problem.text()))))


class AbilityRow(NamedTuple):
    """Row of the table of abilities."""

    shape: Shape
    title: QLabel
    found: QLabel
    do: QLabel


class DesktopPanel(Card):
    """Panel with a row for each ability of this desktop."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[DesktopAction], None]) -> None:
        super().__init__("settings.desktop")
        self._texts = texts
        self._view = DesktopView()
        self.heading, self.description = worded(texts, label(bold=True), "settings.desktop.name"), remark()
        self.rows = {
            ability: AbilityRow(
                Shape(theme, State.IDLE), label(), label(role="muted"), label(size=SCALE.caption, role="warning")
            )
            for ability in Ability
        }
        self.again = worded(texts, action_button(lambda: ask(ReadDesktopAgain())), "settings.desktop.again")
        table = grid(stretched=2, gaps=(SPACING.small, SPACING.small))
        top = Qt.AlignmentFlag.AlignTop
        for place, row in enumerate(self.rows.values()):
            table.addWidget(row.shape, 2 * place, 0, top)
            table.addWidget(row.title, 2 * place, 1, top)
            table.addWidget(row.found, 2 * place, 2)
            table.addWidget(row.do, 2 * place + 1, 2)
            for words in (row.found, row.do):
                words.setWordWrap(True)
        vertical(self.heading, self.description, table, at_left(self.again), within=self, margins=CARD)
        refresh_with(self.refresh, texts, theme)

    def show_desktop(self, view: DesktopView) -> None:
        """Show the support of each ability."""
        self._view = view
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts = self._texts
        known = bool(self._view.supports)
        self.description.setText(texts("settings.desktop.says" if known else "settings.desktop.none"))
        self.again.setAccessibleName(f"{self.heading.text()}: {self.again.text()}")
        supports = {one.ability: one for one in self._view.supports}
        sentences = [self.heading.text()]
        for ability, row in self.rows.items():
            support = supports.get(ability)
            for part in row:
                part.setVisible(support is not None)
            if support is None:
                continue
            finding = ability_finding(support, self._view.lines)
            wording, works = finding_text(texts, finding), finding.severity is Severity.OK
            word = texts("settings.desktop.works" if works else "settings.desktop.replaced")
            row.shape.show_state(State.DONE if works else State.HELD, word)
            for part, text in ((row.title, wording.title), (row.found, wording.found), (row.do, wording.do)):
                part.setText(text)
            row.do.setVisible(bool(wording.do))
            sentences.append(f"{wording.title}: {wording.found} {wording.do}".rstrip())
        self.setAccessibleName(" ".join(sentences))
