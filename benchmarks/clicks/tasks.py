"""The twenty tasks in a user's words, and checks of their results that do not depend on the design of windows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from PySide6.QtGui import QGuiApplication

from app.core.format import Format
from app.dictation.actions import HeldAction, SettleHeld, Verb
from app.files.view import AddFiles
from app.history.view import DeleteTakes, EditTake, ExportTakes, PlayTake, RecogniseAgain
from app.models.view import FetchModel
from benchmarks.clicks.example_app import ExampleApp
from benchmarks.clicks.example_user import (
    CODE,
    HELD,
    LARGE_MODEL,
    LAST,
    OTHER_COMPUTER,
    OTHER_MICROPHONE,
    UTTERANCE,
    YESTERDAY,
)

KEY: Final = "f9"
ADDED: Final = " Call me then."
WORD: Final = "pounamu"
HEARD, WRITTEN = "git hub", "GitHub"
FILE: Final = "meeting.wav"


@dataclass(frozen=True)
class Task:
    """Task: its name in ``benchmarks.clicks.steps``, its description, and the check that it is done."""

    name: str
    says: str
    done: Callable[[ExampleApp], bool]


def _edited(app: ExampleApp) -> bool:
    edits = [action for action in app.asked if isinstance(action, EditTake) and ADDED in action.text]
    return [(edit.session, edit.text.replace(ADDED, "")) for edit in edits] == [(LAST.session, LAST.text)]


def _recognised(app: ExampleApp) -> bool:
    again = [action for action in app.asked if isinstance(action, RecogniseAgain)]
    return [(action.session, action.options.model) for action in again] == [(YESTERDAY.session, LARGE_MODEL)]


def _exported(app: ExampleApp) -> bool:
    exports = [action for action in app.asked if isinstance(action, ExportTakes)]
    return [(action.sessions, action.form) for action in exports] == [((YESTERDAY.session,), Format.SRT)]


def _english(app: ExampleApp) -> bool:
    recognition = app.settings.recognition
    return recognition.language == "en" or recognition.languages == ("en",)


def _transcribed(app: ExampleApp) -> bool:
    added = [action for action in app.asked if isinstance(action, AddFiles)]
    return [path.endswith(FILE) for action in added for path in action.paths] == [True]


TASKS: Final = (
    Task("key", "Dictate with F9 from now on", lambda app: app.settings.hotkeys.dictate == KEY),
    Task(
        "microphone",
        "Use the USB microphone",
        lambda app: app.settings.audio.microphone == OTHER_MICROPHONE[0],
    ),
    Task("find", "Read all of what I dictated yesterday", lambda app: app.shows(YESTERDAY.text)),
    Task(
        "copy",
        "Copy my last text",
        lambda app: QGuiApplication.clipboard().text() == LAST.text,
    ),
    Task(
        "paste",
        "Paste the text that waits",
        lambda app: SettleHeld(str(HELD.session), HeldAction.PASTE) in app.asked or Verb.PASTE_HELD in app.asked,
    ),
    Task("edit", "Add a sentence to my last text and save it", _edited),
    Task("again", "Recognise yesterday's recording again with the large model", _recognised),
    Task("export", "Save yesterday's recording as subtitles (SRT)", _exported),
    Task("delete", "Delete yesterday's recording", lambda app: DeleteTakes((YESTERDAY.session,)) in app.asked),
    Task(
        "play",
        "Listen to yesterday's recording",
        lambda app: any(
            isinstance(action, PlayTake) and action.session == YESTERDAY.session for action in app.asked
        ),
    ),
    Task("file", "Transcribe an audio file", _transcribed),
    Task("word", "Teach it a name that it does not know", lambda app: WORD in app.settings.recognition.hotwords),
    Task(
        "replacement",
        "Always write GitHub for “git hub”",
        lambda app: (
            (HEARD, WRITTEN) in {(rule.hears, rule.writes) for rule in app.settings.recognition.replacements}
        ),
    ),
    Task("english", "I speak only English", _english),
    Task(
        "model",
        "Download the large model and use it",
        lambda app: FetchModel(LARGE_MODEL, use=True) in app.asked,
    ),
    Task("share", "Let my laptop use this computer: show me the code for it", lambda app: app.shows(CODE)),
    Task(
        "use",
        "Recognise on the computer in the attic, which shows a code",
        lambda app: app.settings.gateway.chosen == OTHER_COMPUTER.name,
    ),
    Task("chinese", "Show the app in Chinese", lambda app: app.settings.general.language == "zh"),
    Task("sounds", "No more sounds", lambda app: not app.settings.general.sounds),
    Task(
        "monitor",
        "Where is my last sentence?",
        lambda app: app.names(datetime.fromtimestamp(UTTERANCE.at_s).strftime("%H:%M:%S")),
    ),
)
"""The tasks. If one changes, its earlier count is no longer comparable."""
