"""Texts of our own code are found without running it."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

from app.diagnostics.report.redaction import own_modules


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


def test_docstrings_are_no_texts_of_our_own() -> None:
    """A foreign text that contains such a phrase would otherwise pass the redaction."""
    documented = "app.diagnostics.report.redaction", "app.core.child_process", "app.core.errors"
    for name in documented:
        tree = ast.parse(Path(importlib.import_module(name).__file__ or "").read_text())
        kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        strings = [ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, kinds)]
        assert len(strings) > 3 and not own_modules()[name].texts & set(strings)
    assert "kikipounamu" in own_modules()["app.cli.main"].texts


def test_own_modules_imports_no_module() -> None:
    code = """
import sys
from app.diagnostics.report.redaction import own_modules
own_modules()
print("worker" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
