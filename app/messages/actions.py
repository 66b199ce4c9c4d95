"""Define the union of the actions that windows can request of the running app."""

from app.desktop.actions import DesktopAction
from app.diagnostics.report.actions import HelpAction
from app.dictation.actions import DictationAction
from app.files.actions import FileAction
from app.gateways.actions import GatewayAction
from app.history.actions import HistoryAction
from app.insertion.pick_messages import PickProgram
from app.local_services.worker_view import SwitchWorker
from app.models.actions import ModelAction
from app.monitoring.view import LookAtMonitor
from app.onboarding.view import TryMicrophone
from app.replacements.view import TryReplacements
from app.settings.actions import ChangeSetting
from app.sharing.actions import LendingAction, SharingAction
from app.updates.actions import CheckForUpdates

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
