"""Test the whole desktop app on real compositors of Wayland: a key, a voice, and the text in another window.

sway gets each pair of mode, target and situation; labwc, which tells programs no releases, each target.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from app.hotkeys.compositor_lines import Compositor
from app.insertion.outcome import HoldReason
from app.journal.library import TakeSnapshot
from app.journal.take import TakeState
from protocol.engine import DecodeRequest, Engine, EngineSettings, Transcript
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.desktop_app import segments_of
from tests.helpers.digits import DATA, MODEL
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_app import Running, WaylandApp, running_wayland_app
from tests.helpers.wayland_desktop import FootTerminal, GtkField, running_labwc, running_sway
from worker.engines.funasr import create

pytestmark = [pytest.mark.funasr, pytest.mark.serial("wayland"), pytest.mark.timeout(300)]

FUNASR = ("--set", f"folder={MODEL}", "--device", "cpu", "--threads", "1")
SPOKEN = DATA / "digits" / "digits-03.flac"
IMAGE = {"image/png": bytes(range(256)) * 400}
HTML = {
    "text/html": "<p>rich <b>text</b> 富文本</p>".encode(),
    "text/plain;charset=utf-8": "rich text 富文本".encode(),
}
SELECTED = {"text/plain;charset=utf-8": "selected 选中".encode(), "UTF8_STRING": "selected 选中".encode()}
COPIED = {"image": IMAGE, "html": HTML}
NAMES = (f"window {number}" for number in itertools.count())
TAPPING = ("toggle", "hands-free")
RECORDING = ("arming", "listening")
TARGETS: dict[str, type[TextField | Terminal]] = {
    "GTK": GtkField,
    "Qt": TextField,
    "foot": FootTerminal,
    "xterm": Terminal,
}
COMPOSITORS: dict[str, Running] = {"sway": running_sway, "labwc": running_labwc}
PAIRS = [
    *[
        ("hold", "GTK", "plain"),
        ("toggle", "GTK", "image"),
        ("hands-free", "GTK", "html"),
        ("hybrid", "GTK", "moved"),
    ],
    *[("toggle", "Qt", "html"), ("hold", "Qt", "image"), ("hybrid", "Qt", "plain"), ("hands-free", "Qt", "moved")],
    *[
        ("hands-free", "foot", "image"),
        ("hybrid", "foot", "html"),
        ("hold", "foot", "moved"),
        ("toggle", "foot", "plain"),
    ],
    *[
        ("hybrid", "xterm", "image"),
        ("hands-free", "xterm", "plain"),
        ("toggle", "xterm", "moved"),
        ("hold", "xterm", "html"),
    ],
]
ON_LABWC = [("GTK", "html"), ("Qt", "image"), ("foot", "plain"), ("xterm", "moved")]


@pytest.fixture(scope="module", params=COMPOSITORS)
def app(models: Path, request: pytest.FixtureRequest) -> Iterator[WaylandApp]:
    engine()  # it takes longer to load than the app shows the reason of a held text
    name = Compositor(request.param)
    words = [f"--worker-argument={word}" for word in FUNASR]
    with running_wayland_app(models, COMPOSITORS[name], name, "--engine", "funasr", *words) as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: WaylandApp) -> Iterator[None]:
    """End the windows and the recording of a test, and release the key, also of a command that got lost."""
    count = len(app.desktop.processes)
    yield
    app.release()
    app.command("key", "dictate", "release")
    if app.view()["state"] in RECORDING:
        app.tell("cancel")
    while len(app.desktop.processes) > count:
        process = app.desktop.processes.pop()
        process.terminate()
        process.wait(10)


@cache
def engine() -> Engine:
    return create(EngineSettings("funasr", device="cpu", threads=1, extra={"folder": str(MODEL)}))


def directly(take: TakeSnapshot) -> str:
    """Return the engine's text for the segments of a take, without the chain."""
    said = engine().decode([DecodeRequest(pcm, take.take.options) for pcm in segments_of(take)])
    return " ".join(outcome.text for outcome in said if isinstance(outcome, Transcript) and outcome.text)


@contextmanager
def dictating(app: WaylandApp, mode: str) -> Iterator[list[TakeSnapshot]]:
    """Dictate one take in this mode; afterwards it is in the list. The body runs before the take ends."""
    app.set(hotkeys__mode=mode)
    before, found = len(app.takes()), list[TakeSnapshot]()
    with app.talking(tapping=mode in TAPPING):
        app.play(SPOKEN)
        yield found
    found += app.wait_for_takes(before + 1)[before:]
    assert found[0].transcript.text == directly(found[0]) != ""


def shows(app: WaylandApp, window: TextField | Terminal, text: str) -> None:
    """Wait until the window contains exactly this text and the take is marked as done."""
    wait_until_sync(lambda: window.text == text, f"{text!r} stands there, not {window.text!r}")
    wait_until_sync(lambda: app.takes()[-1].state is TakeState.DONE, "the history says that it is there")


def arrives(app: WaylandApp, mode: str, target: str, situation: str) -> None:
    """Dictate into the target, and check the text and what was in the clipboard."""
    desktop = app.desktop
    copied = COPIED.get(situation, {"text/plain": b"before"})
    desktop.copy_all(copied)
    desktop.copy_all(SELECTED, primary=True)
    window = TARGETS[target](desktop, next(NAMES))
    focused = len(desktop.hand.focused)
    with dictating(app, mode) as takes:
        other = TextField(desktop, next(NAMES)) if situation == "moved" else None
    if other is not None:
        assert (takes[0].state, app.view()["held"], window.text, other.text) == (TakeState.HELD, 1, "", "")
        desktop.tap("ctrl+alt+v")
    shows(app, other or window, takes[0].transcript.text)
    wait_until_sync(lambda: desktop.holds(copied), "the clipboard is as before")
    wait_until_sync(lambda: desktop.holds(SELECTED, primary=True), "the selected text is as before")
    assert other is None or window.text == ""
    assert desktop.hand.focused[focused:] == ([other.title] if other else []), "the app takes no focus"


@pytest.mark.parametrize("app", ["sway"], indirect=True)
@pytest.mark.parametrize(("mode", "target", "situation"), PAIRS)
def test_text_arrives_on_sway(app: WaylandApp, mode: str, target: str, situation: str) -> None:
    arrives(app, mode, target, situation)


@pytest.mark.parametrize("app", ["labwc"], indirect=True)
@pytest.mark.parametrize(("target", "situation"), ON_LABWC)
def test_text_arrives_on_labwc(app: WaylandApp, target: str, situation: str) -> None:
    arrives(app, "toggle", target, situation)


@pytest.mark.parametrize("app", COMPOSITORS, indirect=True)
def test_text_waits_where_password_field_has_focus(app: WaylandApp) -> None:
    window = GtkField(app.desktop, next(NAMES))
    window.focus_password()
    app.desktop.tap("a")
    wait_until_sync(lambda: window.password == "a", "the password field has the focus")
    with dictating(app, "toggle") as takes:
        pass
    view = app.view()
    assert (takes[0].state, view["held"], view["note"]["key"]) == (TakeState.HELD, 1, HoldReason.PASSWORD)
    assert (window.text, window.password) == ("", "a")
    app.command("dismiss-held")
