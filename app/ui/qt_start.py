"""Start Qt, and name the remedy if no window can be opened: Qt itself names a wrong cause and aborts."""

import os
import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from app.system.no_windows import refusal_of, tell

_FAILED = 1


def start() -> QApplication:
    """Return the application. If no screen can be used, tell the user why, and end the process."""
    qInstallMessageHandler(_pass_on)
    try:
        return QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(None)


def _pass_on(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    """Write a message of Qt to the terminal; a fatal one ends the process with our own message instead."""
    if kind is QtMsgType.QtFatalMsg:
        tell(refusal_of(os.environ))
        os._exit(_FAILED)  # Qt would abort, and the system would report a crash
    if not (context.category or "").startswith("qt.qpa"):  # the messages of this category mislead
        sys.stderr.write(f"{text}\n")
