"""Start of Qt, with a remedy where no window can be opened: there Qt ends the process, and names a wrong cause."""

import os
import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from app.system.no_windows import refusal_of, tell

_FAILED = 1


def start() -> QApplication:
    """Return the application. Without a screen that answers, tell the user why, and end the process."""
    qInstallMessageHandler(_pass_on)
    try:
        return QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(None)


def _pass_on(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Write a message of Qt to the terminal, but for the last one before Qt would abort the process."""
    if kind is QtMsgType.QtFatalMsg:
        tell(refusal_of(os.environ))
        os._exit(_FAILED)  # Qt would abort, and the system would report a crash
    if not (context.category or "").startswith("qt.qpa"):  # what it says there of the screen misleads
        sys.stderr.write(f"{text}\n")
