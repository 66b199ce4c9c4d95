"""Define the errors of the desktop program.

AppError                base
├── ModelsMissing       required models are not installed
├── ModelUnfit          this computer's worker cannot run this model
├── StackFailed         the gateway or the worker cannot be started here
│   ├── ProgramMissing  a program of ours is not installed
│   ├── ProgramEnds     the program ends, and restarting it is useless
│   ├── GatewayNotReady the gateway or a worker was not ready in time
│   └── StartedElsewhere another process has been starting a gateway for too long
├── UsageMistake        the command line asks for something impossible
├── OutputFailed        a result cannot be written
├── JournalError        a recording cannot be stored or read: its tree is in ``app.journal.errors``
├── MicrophoneError     a microphone does not work: ``app.capture.errors``
├── HotkeyError         hotkeys are unavailable: ``app.hotkeys.errors``
├── InsertionError      texts cannot be inserted: ``app.insertion.errors``
├── SheetError          replacement rules cannot be imported: ``app.replacements.errors``
├── GatewaysNotKept     the keys of paired gateways cannot be stored: ``app.gateways.store``
├── ControlError        the running app cannot be reached: ``app.control.client``
├── TakeHistoryError    the history cannot do what was asked: ``app.history.errors``
└── SettingsError       a setting is invalid: ``app.settings.errors``
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_REASON: Final = re.compile(r"""\breason=(["'])(.+)\1\s*$""", re.MULTILINE)
"""Last field of the log line that states why a program ends, as ``runtime.logs`` writes it for a terminal."""
DISK_IS_FULL: Final = ": the disk is full: make room in "
"""Replaces the output of a program that could not be stored; the folder follows."""


@dataclass(frozen=True)
class Note:
    """A message for the user: the key of a translated text, and the values to fill in.

    ``reason``: another note whose text fills {reason}.
    """

    key: str
    values: Mapping[str, str] = field(default_factory=dict)
    reason: "Note | None" = None


class AppError(Exception):
    """Base class of desktop errors.

    The message states the remedy, in English, for logs and the command line. ``note``: the same in a form that
    windows translate; without it they show the message. ``exit_status``: exit status of a command.
    """

    note: Note | None = None
    exit_status = 1


class ModelsMissing(AppError):
    """Required models are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        install = f"kikipounamu models get {' '.join(names)}"
        super().__init__(f"not installed: {', '.join(names)}. Run `{install}`, or add --get-models")
        self.note = Note("models-missing", {"names": " ".join(names)})


class ModelUnfit(AppError):
    """The worker of this computer cannot run this model.

    ``extra``: the extra of this program to install; empty if none helps.
    """

    def __init__(self, model: str, extra: str = "") -> None:
        from runtime.installing import extra_command  # slow to import; a key press waits

        advice = f"run `{extra_command(extra)}`, or choose" if extra else "choose"
        super().__init__(f"no installed engine runs the model {model}: {advice} another one")
        values = {"model": model}
        if extra:
            self.note = Note("model-needs-extra", {**values, "install": extra_command(extra)})
        else:
            self.note = Note("model-unfit", values)


class StackFailed(AppError):
    """The gateway or the worker cannot be started here."""

    note = Note("gateway-failed")


class ProgramMissing(StackFailed):
    """A program of ours is neither in ``place`` nor on the PATH."""

    def __init__(self, program: str, place: str) -> None:
        from runtime.installing import extra_command  # as above

        install = extra_command("gateway,worker,whisper")
        super().__init__(f"{program} is neither in {place} nor on the PATH: run `{install}`")
        self.note = Note("program-missing", {"program": program, "install": install})


class ProgramEnds(StackFailed):
    """A program ends, and restarting it is useless.

    ``words``: its last output.
    """

    def __init__(self, program: str, status: int, words: str) -> None:
        super().__init__(f"{program} cannot run on this computer (exit status {status}){words}")
        self.status = status
        said = _REASON.findall(words)
        reason = Note("plain", {"text": said[-1][1]}) if said else Note("see-log")
        if words.startswith(DISK_IS_FULL):  # the log is empty too
            reason = Note("make-room", {"folder": words.removeprefix(DISK_IS_FULL)})
        self.note = Note("program-ends", {"program": program, "status": str(status)}, reason)


class GatewayNotReady(StackFailed):
    """The gateway or a worker was not ready in time.

    ``complaint``: the beginning of the message, which names the missing part.
    """

    def __init__(self, complaint: str, seconds: float, words: str) -> None:
        super().__init__(f"{complaint} within {seconds:g} s{words}")
        self.note = Note("gateway-not-ready", {"seconds": f"{seconds:.0f}"})


class StartedElsewhere(StackFailed):
    """A different process has been starting a gateway for too long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"another process has been starting a gateway for {seconds:g} s: end it")
        self.note = Note("gateway-started-elsewhere", {"seconds": f"{seconds:.0f}"})


class UsageMistake(AppError):
    """The command line asks for something impossible."""

    exit_status = 2


class OutputFailed(AppError):
    """A result cannot be written."""
