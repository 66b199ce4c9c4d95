"""Tests of how the progress of downloads is shown; ``test_models_command`` tests the commands."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress

from app.cli.model_actions import InstallationDisplay
from speech.models.progress import Advanced, Fetching, WaitingForLock


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_is_bar_on_terminal_and_few_lines_otherwise(terminal: bool) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=terminal, width=100, highlight=False)
    with Progress(console=console, disable=not terminal) as progress:
        display = InstallationDisplay(progress)
        display.show(WaitingForLock("tiny"))
        display.show(Fetching("big", "hub", 40_000_000))
        for done in range(0, 40_000_001, 1_000_000):
            display.show(Advanced("big", done, 40_000_000))
    text = shown.getvalue()
    assert "another process is changing tiny" in text
    assert "big (40.0 MB) from hub" in text
    assert text.count("of 40.0 MB") == (0 if terminal else 4)
    assert ("100%" in text) is terminal
