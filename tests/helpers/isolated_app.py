"""Keep one failed test of an app that many tests share from failing those after it.

@pytest.fixture(autouse=True)
def nothing_stays(app: DesktopApp) -> Iterator[None]:
    with isolated(app):
        yield
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from app.control.client import ControlError
from app.settings.file import parse_settings, with_setting
from tests.helpers.desktop_app import RunningApp
from tests.helpers.waiting import DEADLINE_S, wait_until_sync

_MODE = "hotkeys.mode"
_RECORDING = ("arming", "listening")
_REST_S = 20.0


@contextmanager
def isolated(app: RunningApp) -> Iterator[None]:
    """Undo a test's leftovers: keys, recordings, held texts, programs, and all settings except the mode.

    An app that stays busy is started again, without its unfinished takes.
    """
    count, settings = len(app.desktop.processes), app.settings_text()
    try:
        yield
    finally:
        if not _rests(app):
            _start_anew(app)
        _end_programs(app, count)
        now = parse_settings(
            app.settings_text()
        ).settings.hotkeys.mode  # each test sets it, and each change takes a second
        app.write_settings(with_setting(settings, _MODE, now))


def _rests(app: RunningApp) -> bool:
    """Return whether the app has nothing to do, once its recording is cancelled and its texts are dismissed."""

    def rests() -> bool:
        view = app.view()
        if view["held"]:
            app.request("dismiss-held")
        return not view["held"] and view["waiting"] == 0 and not app.unfinished()

    try:
        app.let_go()
        if app.view()["state"] in _RECORDING:
            app.request("cancel")
        wait_until_sync(rests, "the app has nothing to do", _REST_S)
    except (AssertionError, ControlError, OSError):
        return False
    return True


def _start_anew(app: RunningApp) -> None:
    if app.runs:
        app.kill()
    for take in app.unfinished():
        shutil.rmtree(take.folder)
    app.start()


def _end_programs(app: RunningApp, count: int) -> None:
    """End all programs but the app and the oldest ``count``."""
    for process in [one for one in app.desktop.processes[count:] if one is not app.process]:
        app.desktop.processes.remove(process)
        process.terminate()
        process.wait(DEADLINE_S)
