"""Test the whole app on Wayland desktops that offer programs nothing: every text is held, and the app says why."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from app.diagnostics.checks import desktop
from app.diagnostics.checks.finding import Severity
from app.hotkeys.compositor_lines import Compositor
from app.journal.take import TakeState
from tests.app.speech import SPEECH
from tests.helpers.desktop import TextField
from tests.helpers.restricted_desktop import running_restricted
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_app import WaylandApp, running_wayland_app
from tests.helpers.wayland_desktop import WaylandDesktop, running_weston

pytestmark = [pytest.mark.serial("wayland"), pytest.mark.timeout(300)]

SPOKEN = SPEECH / "en-03.flac"
WINDOW = "kikipounamu"


@pytest.fixture
def app(models: Path) -> Iterator[WaylandApp]:
    with running_wayland_app(models, running_restricted, Compositor.SWAY, "--engine", "checksum") as app:
        yield app


def advised(screen: WaylandDesktop) -> set[str]:
    """Return what `kikipounamu doctor` advises on for this desktop."""
    findings = asyncio.run(desktop.desktop("linux", screen.environment))
    return {finding.key for finding in findings if finding.severity is not Severity.OK}


def test_text_is_held_and_app_says_why(app: WaylandApp) -> None:
    """The user copies the text in the window, as the doctor says."""
    field = TextField(app.desktop)
    app.set(hotkeys__mode="hold")
    with app.talking():
        app.play(SPOKEN)
    (take,) = app.wait_for_takes(1)
    view = app.view()
    assert (take.state, view["held"], view["note"]["key"]) == (TakeState.HELD, 1, "target-unknown")
    assert {"insertion-no-clipboard", "focus-no-focus", "hotkeys-command"} <= advised(app.desktop)
    app.desktop.tap("ctrl+alt+v")
    app.desktop.tap("z")
    wait_until_sync(lambda: field.text == "z", f"only the user's own key arrives, not {field.text!r}")
    assert app.view()["held"] == 1
    app.desktop.focus(WINDOW)
    app.desktop.tap("shift")  # compositors take a copy only from a program that has just got a key or a click
    app.command("copy-held")
    wait_until_sync(lambda: app.desktop.copied().decode() == take.transcript.text, "the text is copied")
    wait_until_sync(lambda: app.view()["held"] == 0, "no text waits any more")
    assert field.text == "z"


@pytest.mark.proof(minutes=1)
def test_text_is_held_on_weston(models: Path) -> None:
    """weston takes no keys from tests either, so commands start and stop the recording."""

    def running(folder: Path, *_: str, **variables: str) -> AbstractContextManager[WaylandDesktop]:
        return running_weston(folder, **variables)

    with running_wayland_app(models, running, Compositor.SWAY, "--engine", "checksum") as app:
        app.request("start")
        app.wait_for("listening")
        app.play(SPOKEN)
        app.request("stop")
        (take,) = app.wait_for_takes(1)
        view = app.view()
        assert (take.state, view["held"], view["note"]["key"]) == (TakeState.HELD, 1, "target-unknown")
        assert {"insertion-no-clipboard", "focus-no-focus", "hotkeys-command"} <= advised(app.desktop)
