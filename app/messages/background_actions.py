"""Define the actions for the services that run alongside dictation. Pure."""

from dataclasses import dataclass

from app.diagnostics.report.actions import HelpAction
from app.files.actions import FileAction
from app.gateways.actions import GatewayAction
from app.history.actions import HistoryAction
from app.models.actions import ModelAction
from app.replacements.view import TryReplacements
from app.sharing.actions import LendingAction, SharingAction


@dataclass(frozen=True)
class LookAtMonitor:
    """Show or hide the monitor, which is updated only while it is visible."""

    on: bool


BesideAction = (
    FileAction
    | HistoryAction
    | ModelAction
    | HelpAction
    | SharingAction
    | LendingAction
    | GatewayAction
    | LookAtMonitor
    | TryReplacements
)
