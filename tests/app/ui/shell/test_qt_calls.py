import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication

from app.ui.shell.qt_calls import QtCalls
from tests.app.ui.runtime import Runtime


def test_call_runs_in_the_thread_of_qt(runtime: Runtime, qapp: QApplication) -> None:
    assert runtime.do(QtCalls().ask(QThread.currentThread)) is qapp.thread()


def test_error_of_a_call_reaches_the_caller(runtime: Runtime) -> None:
    with pytest.raises(ZeroDivisionError):
        runtime.do(QtCalls().ask(lambda: 1 / 0))
