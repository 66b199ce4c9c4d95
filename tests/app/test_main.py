"""Tests of the whole app as a process, with invisible windows."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from app.bus.portal import PROGRAM
from app.control.client import ControlError, ask
from app.core.identity import APP_ID
from protocol.endpoint import ENDPOINT_FILE, decode_endpoint
from tests.helpers.bus_service import NOTIFICATIONS, WATCHER, bus_program, icon_host, notifier
from tests.helpers.message_bus import running_bus
from tests.helpers.packages import require
from tests.helpers.qt import NEEDED
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import running_sway

COMMAND = (str(Path(sys.executable).parent / "kikipounamu"), "app", "--engine", "checksum")


@contextmanager
def started(home: Path, *words: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    require(NEEDED)
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment = kept | {"KIKIPOUNAMU_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"} | variables
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *words], env=environment, stdout=pipe, stderr=pipe, text=True) as app:
        try:
            yield app
        finally:
            app.kill()


def answers(home: Path) -> bool:
    """Return whether the app of this home is ready, without the cost of a program for each question."""
    with suppress(ControlError, OSError):
        return bool(ask({"verb": "status"}, home / "run" / "control.sock")["view"]["state"] == "idle")
    return False


def set_up(home: Path, level: str = "INFO", worker: str = "false") -> None:
    """Write settings; the app starts sooner without a worker and without its first steps."""
    (home / "config").mkdir()
    settings = f'[advanced]\nlog_level = "{level}"\n[worker]\non = {worker}\n[general]\nwelcomed = true\n'
    (home / "config" / "settings.toml").write_text(settings)


def kill_gateway(home: Path) -> None:
    """Kill the gateway of the app, and wait for another."""
    place = home / "run" / ENDPOINT_FILE
    wait_until_sync(place.exists, "the app has a gateway")
    first = decode_endpoint(place.read_bytes()).pid
    os.kill(first, signal.SIGKILL)
    wait_until_sync(lambda: decode_endpoint(place.read_bytes()).pid != first, "it has another gateway")


def log_of(home: Path) -> str:
    """Return the app's log; empty if nothing was worth a line at the chosen level."""
    place = home / "logs" / "desktop.jsonl"
    return place.read_text() if place.exists() else ""


def ends_cleanly(app: "subprocess.Popen[str]", number: signal.Signals) -> None:
    app.send_signal(number)
    _, errors = app.communicate(timeout=60)
    assert app.returncode == 0, errors
    assert "Traceback" not in errors


def test_second_app_hands_over_to_first_which_ends_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    set_up(tmp_path, worker="true")
    with started(tmp_path) as first:
        wait_until_sync(lambda: answers(tmp_path), "the app answers")
        for words, said in (((), ": its window is shown\n"), (("--hidden",), "\n")):
            with started(tmp_path, *words) as second:
                told, errors = second.communicate(timeout=60)
                assert (second.returncode, told, errors) == (0, f"kikipounamu is already running{said}", "")
        assert first.poll() is None
        kill_gateway(tmp_path)
        ends_cleanly(first, signal.SIGINT)
    assert "child.ended" in log_of(tmp_path), "level INFO writes this"


@pytest.mark.parametrize(
    ("written", "look"),
    [
        ('language = "zh"\ntheme = "dark"\ntext_size = "larger"', ("zh", "dark", "larger")),
        ('language = "xx"\ntheme = "purple"\ntext_size = 3', ("system", "light", "normal")),
    ],
)
def test_first_window_looks_as_chosen(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    written: str,
    look: tuple[str, str, str],
) -> None:
    """Settings come later: the window would change its language and colours before the user's eyes."""
    require(NEEDED)
    request.getfixturevalue("qapp")
    from app.main import choose_appearance
    from app.ui.strings.texts import Texts
    from app.ui.theme.colours import Scheme
    from app.ui.theme.theme import Theme

    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text(f"[general]\n{written}\n")
    texts, theme = Texts(), Theme(Scheme.LIGHT)
    choose_appearance(theme, texts)
    assert (texts.chosen, theme.scheme.value, theme.text_size) == look


def test_app_without_its_folders_reports_which_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with running_bus(tmp_path) as bus, bus_program(bus.address, NOTIFICATIONS, notifier()) as desktop:
        with started(tmp_path / "home", DBUS_SESSION_BUS_ADDRESS=bus.address) as app:
            _, errors = app.communicate(timeout=60)
        assert app.returncode == 1 and "Traceback" not in errors
        said = desktop.calls[-1].values[4]
        assert f"{tmp_path}/home/run cannot be used" in said and "KIKIPOUNAMU_HOME" in said
        assert said[1:] in errors, "a terminal shows the same"


def test_apps_started_simultaneously_leave_one_which_logs_only_errors_when_chosen(tmp_path: Path) -> None:
    set_up(tmp_path, "ERROR")
    with started(tmp_path) as one, started(tmp_path) as other:
        second = wait_until_sync(
            lambda: next((app for app in (one, other) if app.poll() is not None), None), "one has ended"
        )
        told, errors = second.communicate()
        assert (second.returncode, told) == (0, "kikipounamu is already running: its window is shown\n")
        assert "Traceback" not in errors and "app.cannot_run" not in errors
        wait_until_sync(lambda: answers(tmp_path), "the other one answers")
        kill_gateway(tmp_path)
        ends_cleanly(one if second is other else other, signal.SIGTERM)
    assert "child.ended" not in log_of(tmp_path)


def test_app_has_its_identity_on_wayland(tmp_path: Path) -> None:
    """Window, entry among programs, and the app towards portals have the same name."""
    with running_sway(tmp_path) as desktop:
        address = desktop.variables["DBUS_SESSION_BUS_ADDRESS"]
        answers = {"Register": lambda asked: ("", ())}
        with bus_program(address, WATCHER, icon_host()) as panel, bus_program(address, PROGRAM, answers) as portal:
            desktop.start(*COMMAND)
            assert desktop.window("kikipounamu").app_id == APP_ID
            entry = tmp_path / ".local" / "share" / "applications" / f"{APP_ID}.desktop"
            wait_until_sync(entry.exists, "it is among the programs")
            assert entry.read_text().startswith("[Desktop Entry]")
            wait_until_sync(lambda: [call.values[0] for call in portal.calls] == [APP_ID], "the portal is told")
            asked = "RegisterStatusNotifierItem"
            wait_until_sync(lambda: asked in [call.member for call in panel.calls], "the icon is registered")
