"""Fourth step: choose where speech is recognised, on this computer or on a gateway."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.gateways.actions import GatewayAction
from app.gateways.selection import CHOSEN, URL
from app.gateways.view import GatewaysView
from app.local_services.worker_view import LocalWorkerState, SwitchWorker, WorkerView
from app.messages.actions import Action
from app.models.actions import LookAtModels, ModelAction
from app.models.view import ModelState, ModelsView, ModelUse
from app.onboarding.actions import TryGateway
from app.onboarding.steps import Step
from app.onboarding.view import GatewayTrial
from app.settings import checks
from app.settings.actions import ChangeSetting
from app.settings.sections import Settings
from app.ui.files.file_widgets import FileProgressBar
from app.ui.models.model_card import ModelCard
from app.ui.onboarding.pairing_form import PairingPart
from app.ui.onboarding.step_page import StepPage, tell, wrapping
from app.ui.onboarding.widgets import Option
from app.ui.strings.texts import Texts
from app.ui.strings.wording import note_text, worker_text
from app.ui.theme.theme import SCALE, SPACING, Theme
from app.ui.widgets.basic import label, reveal
from app.ui.widgets.file_dialogs import Dialogs, SystemDialogs
from client.clear import in_the_clear

_TYPED_MS: Final = 600
_LONGEST: Final = 500


def address(typed: str) -> str:
    """Return the complete address for a typed text, or an empty string if it is invalid."""
    whole = _whole(typed)
    return "" if checks.url(whole) else whole.rstrip("/")


def _whole(typed: str) -> str:
    """Add a missing scheme: ``http://`` for this computer, which needs no TLS, else ``https://``."""
    text = typed.strip()
    if "://" in text or not text:
        return text
    plain = f"http://{text}"
    return f"https://{text}" if in_the_clear(plain) else plain


def _no_address(texts: Texts, whole: str) -> str:
    """Return the message for an invalid address; empty for no text."""
    if not whole:
        return ""
    clear = whole.lower().startswith("http:") and in_the_clear(whole)
    return texts("onboarding.in-clear" if clear else "onboarding.no-address")


def _elsewhere(settings: Settings) -> tuple[str, ...]:
    """Return the address and the id of the gateway set in the settings, each only if set."""
    return tuple(filter(None, (settings.gateway.url, settings.gateway.chosen)))


def _address_in_use(settings: Settings) -> str:
    """Return the address in effect: empty for this computer, and for a paired gateway, which takes precedence."""
    return "" if settings.gateway.chosen else settings.gateway.url


class PlaceStep(StepPage):
    """Step with the choice between this computer and a gateway, which can be chosen only after it has answered."""

    step = Step.PLACE

    def __init__(
        self,
        theme: Theme,
        texts: Texts,
        ask: Callable[[Action], None],
        ask_models: Callable[[ModelAction | GatewayAction], None],
        dialogs: Dialogs | None = None,
    ) -> None:
        super().__init__(theme, texts)
        self._ask, self._ask_models = ask, ask_models
        self._dialogs = dialogs or SystemDialogs()
        self._models, self.cards = ModelsView(), dict[str, ModelCard]()
        self._room = QVBoxLayout()
        self._settings, self._worker, self._trial = Settings(), WorkerView(), GatewayTrial()
        self.here, self.elsewhere = Option(theme), Option(theme)
        self.worker, self.progress, self.switch_on = (
            label(size=SCALE.caption),
            FileProgressBar(theme),
            QPushButton(),
        )
        self.url, self.use = QLineEdit(), QPushButton()
        self.url.setMaxLength(_LONGEST)
        self.url.setPlaceholderText("https://desktop-gpu:8765")
        self.answer = label(size=SCALE.caption)
        self.key, self.only = label(size=SCALE.caption, role="muted"), label(size=SCALE.caption, role="muted")
        wrapping([self.worker, self.answer, self.key, self.only])
        self.pairing = PairingPart(theme, texts, ask, ask_models)
        self._typed = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._typed.timeout.connect(self._try)
        self._lay_out()
        self.here.clicked.connect(self._choose_here)
        self.elsewhere.clicked.connect(self._choose_elsewhere)
        self.switch_on.clicked.connect(lambda: ask(SwitchWorker(True)))
        self.url.textChanged.connect(self._changed)
        self.url.returnPressed.connect(self._use)
        self.use.clicked.connect(self._use)
        self.here.setChecked(True)
        self.refresh()

    @property
    def first(self) -> QWidget:
        """Option that is chosen."""
        return self.elsewhere if self.elsewhere.isChecked() else self.here

    def begin(self) -> None:
        """Test the typed address and watch the models."""
        self._try()
        self._ask_models(LookAtModels(True))

    def end(self) -> None:
        """Stop the connection test, the search for gateways and the watch on models."""
        self._typed.stop()
        self._ask(TryGateway(""))
        self.pairing.look(False)
        self._ask_models(LookAtModels(False))

    def show_settings(self, settings: Settings) -> None:
        """Show the settings in effect."""
        before, self._settings = self._settings, settings
        if _elsewhere(settings) != _elsewhere(before):
            (self.elsewhere if _elsewhere(settings) else self.here).setChecked(True)
            if settings.gateway.url and not self.url.hasFocus():
                self.url.setText(settings.gateway.url)
        self.refresh()

    def show_worker(self, worker: WorkerView) -> None:
        """Show the state of this computer's worker."""
        self._worker = worker
        if self.seen and not self._models.models:  # the app could not answer earlier
            self._ask_models(LookAtModels(True))
        self._tell()

    def show_models(self, models: ModelsView) -> None:
        """Show cards for needed models that are not installed: the user can pause, resume or import them."""
        self._models = models
        self._show_cards()
        self._tell()

    def show_gateways(self, view: GatewaysView) -> None:
        """Show the paired gateways and those found on the network."""
        self.pairing.show_gateways(view)

    def show_trial(self, trial: GatewayTrial) -> None:
        """Show the result of a connection test; results for an earlier address are ignored."""
        if trial.url == address(self.url.text()):
            self._trial = trial
            self._tell()

    def refresh(self) -> None:
        """Update all texts to the current language."""
        super().refresh()
        texts = self._texts
        self.here.show_option(texts("onboarding.here"), texts("onboarding.here-says"))
        self.elsewhere.show_option(texts("onboarding.gateway"), texts("onboarding.gateway-says"))
        self.url.setAccessibleName(texts("onboarding.address"))
        self.use.setText(texts("onboarding.use"))
        self.switch_on.setText(texts("onboarding.switch-on"))
        self.key.setText(texts("onboarding.gateway-key"))
        self.only.setText(texts("onboarding.one-place"))
        self.pairing.refresh()
        self._show_cards(again=True)
        self._tell()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACING.small)
        row.addWidget(self.url, 1)
        row.addWidget(self.use)
        self._room.setSpacing(SPACING.small)
        for option in (self.here, self.elsewhere):
            self.column.addWidget(option)
        self.column.addWidget(self.switch_on)  # buttons come first, so that new lines do not move them
        for widget in (self.worker, self.progress):
            self.column.addWidget(widget)
        self.column.addLayout(self._room)
        self.column.addLayout(row)
        self.column.addWidget(self.pairing)
        for widget in (self.answer, self.key, self.only):
            self.column.addWidget(widget)

    def _show_cards(self, *, again: bool = False) -> None:
        for model in self._models.models:
            card = self.cards.get(model.name)
            lacking = model.state is not ModelState.INSTALLED and (
                model.chosen or model.use is not ModelUse.NOBODY
            )
            if card is None and lacking:
                card = self.cards[model.name] = ModelCard(
                    self._theme, self._texts, self._ask_models, lambda name: None, self._dialogs
                )
                self._room.addWidget(card)
            if card is not None:
                card.show_model(model, self._models, again=again)
                card.setVisible(lacking and self.here.isChecked())

    def _tell(self) -> None:
        here, worker, texts = self.here.isChecked(), self._worker, self._texts
        said = texts("worker.stated", state=worker_text(texts, worker))
        tell(self.worker, said if here else "", "warning" if worker.state is LocalWorkerState.FAILED else "muted")
        downloading = here and worker.state is LocalWorkerState.DOWNLOADING
        carded = any(not card.isHidden() for card in self.cards.values())
        self.progress.setVisible(downloading and not carded)
        self.progress.show_percent(worker.percent or 0, said, moving=True)
        starts = here and worker.can_be_switched_on and not _elsewhere(self._settings)
        reveal(self.switch_on, starts, self.here)
        for widget in (self.pairing, self.url, self.use, self.key):
            widget.setVisible(not here)
        usable = self._trial.reached and self._trial.url != _address_in_use(self._settings)
        if not usable and self.use.hasFocus():
            self.elsewhere.setFocus()
        self.use.setEnabled(usable)
        tell(self.answer, "" if here else self._answer(), self._role())

    def _role(self) -> str:
        if self._trial.note is not None:
            return "warning"
        return "" if self._trial.reached else "muted"

    def _answer(self) -> str:
        texts, trial = self._texts, self._trial
        if not address(self.url.text()):
            return _no_address(texts, _whole(self.url.text()))
        if trial.note is not None:
            return note_text(texts, trial.note)
        if not trial.reached:
            return texts("onboarding.asking", address=address(self.url.text()))
        took = max(1, round(trial.latency_ms))
        if trial.workers:
            said = texts("onboarding.reached", ms=took, workers=", ".join(trial.workers))
        else:
            said = texts("onboarding.reached-nobody", ms=took)
        used = texts("onboarding.used") if trial.url == _address_in_use(self._settings) else ""
        return f"{said} {used}".rstrip()

    def _changed(self) -> None:
        self._trial = GatewayTrial()
        self._typed.start()
        self._tell()

    def _try(self) -> None:
        self._show_cards()
        self.pairing.look(self.seen and self.elsewhere.isChecked())
        wanted = "" if self.here.isChecked() else address(self.url.text())
        self._trial = GatewayTrial()
        self._ask(TryGateway(wanted))
        self._tell()

    def _use(self) -> None:
        if self._trial.reached and self._trial.url == address(self.url.text()):
            self._ask(ChangeSetting(URL, self._trial.url))
            if self._settings.gateway.chosen:
                self._ask(ChangeSetting(CHOSEN, ""))

    def _choose_here(self) -> None:
        if self._settings.gateway.url:
            self._ask(ChangeSetting(URL, ""))
        if self._settings.gateway.chosen:
            self._ask(ChangeSetting(CHOSEN, ""))
        if not self._settings.worker.on:
            self._ask(SwitchWorker(True))
        self._try()

    def _choose_elsewhere(self) -> None:
        self._try()
        self.url.setFocus()
