"""The actions that windows can request of the running app, and the queue in which they wait for it."""

from collections import deque
from collections.abc import Callable
from typing import Final

from app.desktop.view import DesktopAction
from app.diagnostics.report.actions import HelpAction
from app.dictation.actions import DictationAction
from app.files.actions import FileAction
from app.gateways.actions import GatewayAction
from app.history.actions import HistoryAction
from app.insertion.program_picker import PickProgram
from app.local_services.worker_view import SwitchWorker
from app.models.actions import ModelAction
from app.monitoring.view import LookAtMonitor
from app.onboarding.view import TryMicrophone
from app.replacements.view import TryReplacements
from app.settings.actions import ChangeSetting
from app.sharing.actions import LendingAction, SharingAction
from app.updates.view import CheckForUpdates

Action = (
    DictationAction
    | SwitchWorker
    | ChangeSetting
    | TryMicrophone
    | FileAction
    | HistoryAction
    | ModelAction
    | HelpAction
    | SharingAction
    | LendingAction
    | GatewayAction
    | LookAtMonitor
    | TryReplacements
    | PickProgram
    | DesktopAction
    | CheckForUpdates
)


MOST: Final = 64


class ActionQueue:
    """Queue in which actions wait until somebody performs them; then they are passed on at once.

    Of too many, the newest are kept.
    """

    def __init__(self) -> None:
        self._early: deque[Action] = deque(maxlen=MOST)
        self.hold()

    def ask(self, action: Action) -> None:
        """Pass an action on, or keep it."""
        self._pass_on(action)

    def hold(self) -> None:
        """Keep actions from now on."""
        self._pass_on: Callable[[Action], None] = self._early.append

    def begin(self, pass_on: Callable[[Action], None]) -> None:
        """Pass on the actions that wait, then every other one."""
        self._pass_on = pass_on
        while self._early:
            pass_on(self._early.popleft())
