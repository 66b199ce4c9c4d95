"""Foot of every first step: whether recognition is ready, its download, and what works meanwhile."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.actions import Action
from app.models.actions import FetchModel, PauseModel
from app.models.view import LocalModelView
from app.onboarding.readiness import Readiness, ReadinessStage, readiness
from app.ui.files.file_widgets import FileProgressBar
from app.ui.strings.texts import Texts, note_text
from app.ui.theme.theme import SPACING, Theme
from app.ui.widgets.basic import action_button, refresh_with
from app.ui.widgets.parts import aligned, horizontal, remark, say, stretched, tell, vertical

_DOWNLOADS: Final = frozenset({ReadinessStage.DOWNLOADING, ReadinessStage.PAUSED})
_STANDS: Final = frozenset({ReadinessStage.FAILED, ReadinessStage.OFF})
ACTS: Final = ("pause", "resume", "again", "switch-on")
"""Possible uses of the button."""


class ReadinessFoot(QWidget):
    """State of recognition on this computer, with one button that pauses, resumes or starts it."""

    def __init__(self, theme: Theme, texts: Texts, ask: Callable[[Action], None]) -> None:
        super().__init__()
        self._texts, self._ask = texts, ask
        self._worker: WorkerView | None = None
        self._models: Sequence[LocalModelView] = ()
        self._elsewhere = False
        self.now = Readiness()
        self.says = remark("")
        self.bar, self.button = FileProgressBar(theme), action_button(self._act, "quiet")
        row = horizontal(stretched(self.says), aligned(self.button, Qt.AlignmentFlag.AlignTop))
        vertical(row, self.bar, within=self, gap=SPACING.hair)
        refresh_with(self.refresh, texts, theme)

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker."""
        self._worker = worker
        self.refresh()

    def show_models(self, models: Sequence[LocalModelView]) -> None:
        """Show the progress of the models that the worker needs."""
        self._models = models
        self.refresh()

    def show_elsewhere(self, elsewhere: bool) -> None:
        """Show whether another computer is chosen."""
        self._elsewhere = elsewhere
        self.refresh()

    def refresh(self) -> None:
        """Update all texts to the current state and language."""
        texts = self._texts
        self.now = now = readiness(self._worker, self._models, elsewhere=self._elsewhere)
        tell(self.says, self._said(), "warning" if now.stage is ReadinessStage.FAILED else "")
        self.bar.setVisible(now.stage in _DOWNLOADS)
        self.bar.show_percent(now.percent, self.says.text(), moving=now.stage is ReadinessStage.DOWNLOADING)
        key = self._key()
        say(self.button, texts(f"onboarding.foot.{key}") if key else "")
        self.button.setAccessibleName(texts(f"onboarding.foot.{key}-name") if key else "")

    def _said(self) -> str:
        stage, reason = self.now.stage, self._worker.reason if self._worker else None
        said = self._texts(f"onboarding.foot.{stage.value}", percent=self.now.percent)
        if stage not in _STANDS:
            return said
        return "\n".join((note_text(self._texts, reason) or said, self._texts("onboarding.foot.kept")))

    def _key(self) -> str:
        """Return the key of the button's text; empty without a button."""
        if self.now.pausable:
            return "pause"
        if self.now.paused:
            return "resume"
        if self.now.stage in _STANDS and self._worker and self._worker.can_be_switched_on:
            return "again" if self._worker.state is LocalWorkerState.FAILED else "switch-on"
        return ""

    def _act(self) -> None:
        for name in self.now.pausable:
            self._ask(PauseModel(name))
        for name in self.now.paused:
            self._ask(FetchModel(name))
        if not self.now.pausable and not self.now.paused:
            self._ask(SwitchWorker(True))
