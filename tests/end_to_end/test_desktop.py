"""Test the whole desktop app on a real screen: a key, a voice, and the text in another program's window.

Each mode, way of insertion and situation comes at least once.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from app.journal.library import TakeSnapshot
from app.journal.take import TakeState
from protocol.engine import DecodeRequest, Engine, EngineSettings, Transcript
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.desktop_app import DesktopApp, running_app, segments_of
from tests.helpers.digits import DATA, MODEL
from tests.helpers.isolated_app import isolated
from tests.helpers.waiting import wait_until_sync
from worker.engines.funasr import create

pytestmark = [pytest.mark.funasr, pytest.mark.serial("desktop"), pytest.mark.timeout(300)]

FUNASR = ("--set", f"folder={MODEL}", "--device", "cpu", "--threads", "1")
SPOKEN = DATA / "digits" / "digits-02.flac"
PNG = bytes(range(256)) * 400
NAMES = (f"window {number}" for number in itertools.count())


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[DesktopApp]:
    words = [f"--worker-argument={word}" for word in FUNASR]
    with running_app(models, "--engine", "funasr", *words) as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: DesktopApp) -> Iterator[None]:
    with isolated(app):
        yield


@cache
def engine() -> Engine:
    return create(EngineSettings("funasr", device="cpu", threads=1, extra={"folder": str(MODEL)}))


def directly(take: TakeSnapshot) -> str:
    """Return the engine's text for the segments of a take, without the chain."""
    said = engine().decode([DecodeRequest(pcm, take.take.options) for pcm in segments_of(take)])
    return " ".join(outcome.text for outcome in said if isinstance(outcome, Transcript) and outcome.text)


@contextmanager
def dictating(app: DesktopApp, mode: str, strategy: str, *, tapping: bool = False) -> Iterator[list[TakeSnapshot]]:
    """Dictate one take in this mode; afterwards it is in the list. The body runs before the take ends."""
    app.set(hotkeys__mode=mode, insertion__strategy=strategy)
    before, found = len(app.takes()), list[TakeSnapshot]()
    with app.talking(tapping=tapping):
        app.play(SPOKEN)
        yield found
    found += app.wait_for_takes(before + 1)[before:]
    assert found[0].transcript.text == directly(found[0]) != ""


def arrives(app: DesktopApp, window: TextField | Terminal, take: TakeSnapshot) -> None:
    """Wait until the window contains exactly the take's text and the take is marked as done."""
    text = take.transcript.text
    wait_until_sync(lambda: window.text == text, f"{text!r} stands there, not {window.text!r}")
    wait_until_sync(lambda: app.takes()[-1].state is TakeState.DONE, "the history says that it is there")


@pytest.mark.parametrize(
    ("mode", "strategy"), [("hold", "type"), ("toggle", "paste"), ("hands-free", "paste"), ("hybrid", "type")]
)
def test_text_is_inserted_at_the_cursor(app: DesktopApp, mode: str, strategy: str) -> None:
    field = TextField(app.desktop, next(NAMES))
    with dictating(app, mode, strategy, tapping=mode in ("toggle", "hands-free")) as takes:
        pass
    arrives(app, field, takes[0])
    assert bool(field.pastes) is (strategy == "paste")


def test_text_is_inserted_into_a_terminal(app: DesktopApp) -> None:
    terminal = Terminal(app.desktop, next(NAMES))
    with dictating(app, "hybrid", "paste", tapping=True) as takes:
        pass
    arrives(app, terminal, takes[0])


def test_picture_in_clipboard_is_restored(app: DesktopApp) -> None:
    app.desktop.copy(PNG, "image/png")
    field = TextField(app.desktop, next(NAMES))
    with dictating(app, "hold", "paste") as takes:
        pass
    arrives(app, field, takes[0])
    wait_until_sync(lambda: app.desktop.copied_as() == {"image/png": PNG}, "the picture is there again")


def held_take(app: DesktopApp, mode: str, strategy: str) -> tuple[TakeSnapshot, TextField, TextField]:
    """Dictate while the focus moves. Return the take, and the windows before and after the move."""
    first = TextField(app.desktop, next(NAMES))
    with dictating(app, mode, strategy) as takes:
        second = TextField(app.desktop, next(NAMES))
    assert takes[0].state is TakeState.HELD and app.view()["held"] == 1
    stays_empty(app, first)
    stays_empty(app, second)
    return takes[0], first, second


def stays_empty(app: DesktopApp, field: TextField) -> None:
    """Type a key into the window to check that it contains nothing else, then delete the key."""
    field.focus()
    app.desktop.xdotool("key", "z")
    wait_until_sync(lambda: field.text == "z", f"nothing but a key came, not {field.text!r}")
    app.desktop.xdotool("key", "BackSpace")
    wait_until_sync(lambda: field.text == "", "it is empty")
    assert field.pastes == []


def held_no_longer(app: DesktopApp) -> None:
    """Press the key that pastes held texts, and wait until none is left."""
    app.desktop.xdotool("key", "ctrl+alt+v")
    wait_until_sync(lambda: app.view()["held"] == 0, "nothing is held any more")


def test_text_is_held_when_focus_moved(app: DesktopApp) -> None:
    """The text is held, and one key inserts it in the window focused then."""
    take, first, second = held_take(app, "hybrid", "paste")
    held_no_longer(app)
    arrives(app, second, take)
    stays_empty(app, first)


def test_held_text_is_copied_when_own_window_has_focus(app: DesktopApp) -> None:
    """A second start raises and focuses that window."""
    take, first, second = held_take(app, "hold", "type")
    assert app.command("app").startswith("kikipounamu is already running")
    app.desktop.active("kikipounamu")
    held_no_longer(app)
    assert app.desktop.copied().decode() == take.transcript.text
    wait_until_sync(lambda: app.takes()[-1].state is TakeState.DONE, "the history says that it is taken care of")
    app.desktop.xdotool("key", "alt+F4")
    stays_empty(app, first)
    stays_empty(app, second)


def test_cancelled_take_is_kept_but_not_inserted(app: DesktopApp) -> None:
    """The next take is inserted as usual."""
    field, before = TextField(app.desktop, next(NAMES)), len(app.takes())
    app.set(hotkeys__mode="hybrid")
    app.press()
    app.wait_for("listening")
    app.play(SPOKEN)
    app.desktop.xdotool("key", "Escape")
    app.wait_for("cancelled")
    app.release()
    (cancelled,) = app.wait_for_takes(before + 1)[before:]
    assert cancelled.state is TakeState.CANCELLED
    line = app.command("takes", "list").splitlines()[1]
    assert str(cancelled.session)[:8] in line and "Cancelled" in line
    assert cancelled.transcript.text == directly(cancelled) != ""
    with dictating(app, "hybrid", "paste") as takes:
        pass
    arrives(app, field, takes[0])
