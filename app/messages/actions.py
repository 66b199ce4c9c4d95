"""Define the union of the actions that a user can request of the running app."""

from app.dictation.actions import DictationAction
from app.local_services.worker_view import SwitchWorker
from app.onboarding.actions import Trial
from app.settings.actions import ChangeSetting, ChooseMicrophone

Action = DictationAction | ChooseMicrophone | SwitchWorker | ChangeSetting | Trial
