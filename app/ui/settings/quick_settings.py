"""Panel of the most used settings: microphone, key, worker and language; and the button that quits."""

from collections.abc import Callable
from typing import Final

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.core.sentences import LANGUAGES
from app.dictation.actions import PauseHotkeys, Verb
from app.dictation.gestures import TalkMode
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.actions import Action
from app.settings.actions import MICROPHONE, ChangeSetting
from app.sharing.view import LendingView
from app.ui.computers.wording import lent_text
from app.ui.settings.choices import DICTATE, DICTATE_KEY, LANGUAGE, MODE, Choices, microphone_entries
from app.ui.settings.key_field import KeyField
from app.ui.strings.texts import SYSTEM, Texts
from app.ui.strings.wording import worker_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import DropDown, LevelBar, Switch, label


class SettingsPanel(QFrame):
    """Panel that shows settings and requests changes; a change is shown when it comes back as ``Choices``."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._choices, self._worker, self._lending = Choices(), WorkerView(), LendingView()
        self.setProperty("role", "card")
        self.heading = label(size=SCALE.heading, bold=True)
        self.microphone, self.meter = DropDown(theme), LevelBar(theme)
        self.key = KeyField(theme, texts, self._key_chosen, lambda: self._refuse("hotkey.unusable"))
        self.key.listens.connect(lambda on: ask(PauseHotkeys(on)))
        self.mode, self.language, self.worker = DropDown(theme), DropDown(theme), Switch(theme)
        self.refusal = label(size=SCALE.caption, role="warning")
        self.refusal.setWordWrap(True)
        self.refusal.hide()
        self.worker_state = label(size=SCALE.caption, role="muted")
        self.worker_state.setWordWrap(True)
        self.lent_state = label(size=SCALE.caption, role="muted")
        self.lent_state.setWordWrap(True)
        self.lent_state.hide()
        self.quit = QPushButton()
        self._names = {name: label(size=SCALE.caption, role="muted") for name in _NAMED}
        self._lay_out()
        self.microphone.activated.connect(self._microphone_chosen)
        self.mode.activated.connect(lambda _: ask(ChangeSetting(MODE, self.mode.currentData())))
        self.language.activated.connect(lambda _: ask(ChangeSetting(LANGUAGE, self.language.currentData())))
        self.worker.clicked.connect(self._worker_switched)
        self.quit.clicked.connect(lambda: ask(Verb.QUIT))
        self.refresh()

    def show_choices(self, choices: Choices) -> None:
        """Show the settings in effect."""
        if choices != self._choices:
            self._choices = choices
            self.refusal.hide()
            self.refresh()

    def show_worker(self, worker: WorkerView) -> None:
        """Show the worker's state; the switch follows the worker, not the click."""
        self._worker = worker
        said = worker_text(self._texts, worker)
        self.worker.setChecked(worker.state not in {LocalWorkerState.OFF, LocalWorkerState.FAILED})
        self.worker_state.setText(said)
        self.worker_state.setProperty("role", "warning" if worker.state is LocalWorkerState.FAILED else "muted")
        self.worker_state.style().polish(self.worker_state)
        self.worker.setAccessibleName(self._texts("worker.name"))
        self.worker.setAccessibleDescription(said)

    def show_lending(self, view: LendingView) -> None:
        """Show the other gateways that this computer works for.

        The user switches them in the settings and in the tray.
        """
        self._lending = view
        said = "\n".join(lent_text(self._texts, lent) for lent in view.lent if lent.on)
        self.lent_state.setText(said)
        self.lent_state.setVisible(bool(said))

    def refresh(self) -> None:
        """Update all texts to the current language."""
        texts, choices = self._texts, self._choices
        self.heading.setText(texts("window.settings"))
        for name, shown in self._names.items():
            shown.setText(texts(f"{name}.name"))
        self.microphone.show_entries(microphone_entries(texts, choices), choices.microphone)
        modes = [(mode.value, texts(f"mode.{mode.value}")) for mode in TalkMode]
        self.mode.show_entries(modes, choices.mode.value)
        languages = [(tag, texts(f"language.{tag}")) for tag in (SYSTEM, *LANGUAGES)]
        self.language.show_entries(languages, choices.language)
        for name, control in (("microphone", self.microphone), ("mode", self.mode), ("language", self.language)):
            control.setAccessibleName(texts(f"{name}.name"))
        self.meter.setAccessibleName(texts("microphone.level"))
        self.key.show_binding(choices.keys.get(DICTATE, ""))
        self.quit.setText(texts("action.quit"))
        self.show_worker(self._worker)
        self.show_lending(self._lending)

    def _lay_out(self) -> None:
        page = QVBoxLayout(self)
        page.setContentsMargins(SPACING.wide, SPACING.large, SPACING.wide, SPACING.wide)
        page.setSpacing(SPACING.large)
        page.addWidget(self.heading)
        page.addLayout(_group(self._names["microphone"], self.microphone, self.meter))
        page.addLayout(_group(self._names["hotkey"], self.key, self.refusal))
        page.addLayout(_group(self._names["mode"], self.mode))
        page.addLayout(_group(self._names["language"], self.language))
        worker = QHBoxLayout()
        worker.setSpacing(SPACING.medium)
        worker.addLayout(_group(self._names["worker"], self.worker_state, self.lent_state), 1)
        worker.addWidget(self.worker)
        page.addLayout(worker)
        page.addStretch(1)
        page.addWidget(self.quit)

    def _microphone_chosen(self) -> None:
        self._ask(ChangeSetting(MICROPHONE, self.microphone.currentData()))

    def _key_chosen(self, binding: str) -> None:
        self.refusal.hide()
        self._ask(ChangeSetting(DICTATE_KEY, binding))

    def _refuse(self, key: str) -> None:
        self.refusal.setText(self._texts(key))
        self.refusal.show()

    def _worker_switched(self, on: bool) -> None:
        self.show_worker(self._worker)
        self._ask(SwitchWorker(on))


_NAMED: Final = ("microphone", "hotkey", "mode", "language", "worker")


def _group(name: QLabel, *controls: QWidget) -> QVBoxLayout:
    """Return a layout with a name above its controls."""
    column = QVBoxLayout()
    column.setSpacing(SPACING.hair + 2)
    column.addWidget(name)
    for control in controls:
        column.addWidget(control)
    return column
