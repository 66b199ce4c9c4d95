"""Errors of the desktop program.

AppError                base
├── ModelsMissing       models that are needed are not installed
├── StackFailed         the gateway or the worker cannot be started here
├── UsageMistake        the command line asks for something impossible
├── OutputFailed        a result cannot be written
├── JournalError        what is kept of a recording: its tree is in ``app.capture.errors``
├── MicrophoneError     what a microphone cannot give: its tree is there too
├── HotkeyError         keys that cannot be had: ``app.hotkeys.errors``
├── InsertionError      texts that cannot be inserted: ``app.insertion.errors``
├── ControlError        the running app cannot be asked: ``app.control_client``
├── HistoryError        what the history cannot do: ``app.history.errors``
└── SettingsError       what a setting cannot be: ``app.settings``
"""

from collections.abc import Sequence


class AppError(Exception):
    """Base. The text says what to do about it."""


class ModelsMissing(AppError):
    """Models that are needed are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        install = f"kikipounamu models get {' '.join(names)}"
        super().__init__(f"not installed: {', '.join(names)}. Run `{install}`, or add --get-models")
        self.names = tuple(names)


class StackFailed(AppError):
    """The gateway or the worker cannot be started here."""


class UsageMistake(AppError):
    """The command line asks for something impossible."""


class OutputFailed(AppError):
    """A result cannot be written."""
