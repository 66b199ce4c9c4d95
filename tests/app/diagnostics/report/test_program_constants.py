"""Texts of our own code are found without running it."""

import subprocess
import sys

from app.diagnostics.report.program_constants import own_modules


def test_own_modules_have_texts_names_and_loggers() -> None:
    modules = own_modules()
    assert (
        "broker.died" in modules["runtime.event_names"].texts
        and "restart_in_s" in modules["app.core.child_process"].names
    )
    assert (
        modules["app.core.child_process"].loggers == {"app.child"}
        and modules["app.diagnostics.timeline.log_search"].loggers == frozenset()
    )
    assert {
        "worker.engines.funasr",
        "backend.broker.jobs",
        "protocol.audio",
        "app.ui.shell.tray",
    } <= modules.keys()


def test_own_modules_imports_no_module() -> None:
    code = """
import sys
from app.diagnostics.report.program_constants import own_modules
own_modules()
print("worker" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
