"""Dictate digits into windows of a desktop: the modes, targets and situations of the end-to-end tests.

An engine recognises them, alone and in the chain, and both texts must be the same. Proofs use the digits model,
whose library takes long to load; the suite uses the checksum engine, whose text changes with any sample.
"""

import itertools
from collections.abc import Callable
from functools import cache

from app.insertion.outcome import HoldReason
from app.journal.library import TakeSnapshot
from app.journal.take import TakeState
from loadtest.core.checksum import checksum
from protocol.engine import DecodeRequest, Engine, EngineSettings, Transcript
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.desktop_app import segments_of
from tests.helpers.digits import DATA, MODEL
from tests.helpers.gnome_app import GnomeApp
from tests.helpers.gnome_desktop import TYPED
from tests.helpers.waiting import DEADLINE_S, wait_until_sync
from tests.helpers.wayland_app import WaylandApp
from tests.helpers.wayland_desktop import FootTerminal, GtkField

ENGINE = (
    *("--engine", "funasr", "--worker-argument=--set", f"--worker-argument=folder={MODEL}"),
    *(f"--worker-argument={word}" for word in ("--device", "cpu", "--threads", "1")),
)
"""Options of ``kikipounamu app`` for the digits model."""
CHECKSUM = ("--engine", "checksum")
SPOKEN, LONGER = DATA / "digits" / "digits-03.flac", DATA / "digits" / "digits-05.flac"
IMAGE = {"image/png": bytes(range(256)) * 400}
HTML = {
    "text/html": "<p>rich <b>text</b> 富文本</p>".encode(),
    "text/plain;charset=utf-8": "rich text 富文本".encode(),
}
SELECTED = {"text/plain;charset=utf-8": "selected 选中".encode(), "UTF8_STRING": "selected 选中".encode()}
COPIED = {"image": IMAGE, "html": HTML}
NAMES = (f"window {number}" for number in itertools.count())
TAPPING = ("toggle", "hands-free")
App = WaylandApp | GnomeApp
TARGETS: dict[str, type[TextField | Terminal]] = {
    "GTK": GtkField,
    "Qt": TextField,
    "foot": FootTerminal,
    "xterm": Terminal,
}
PAIRS = [
    ("hold", "GTK", "plain"),
    ("toggle", "Qt", "html"),
    ("hands-free", "foot", "image"),
    ("hybrid", "xterm", "image"),
    ("hybrid", "GTK", "moved"),
]
"""Each mode, target and situation at least once."""
MORE_PAIRS = [
    *[("toggle", "GTK", "image"), ("hands-free", "GTK", "html")],
    *[("hold", "Qt", "image"), ("hybrid", "Qt", "plain"), ("hands-free", "Qt", "moved")],
    *[("hybrid", "foot", "html"), ("hold", "foot", "moved"), ("toggle", "foot", "plain")],
    *[("hands-free", "xterm", "plain"), ("toggle", "xterm", "moved"), ("hold", "xterm", "html")],
]
MATRIX = [*PAIRS, *MORE_PAIRS]
"""Each pair of mode and target, of target and situation, and of mode and situation."""


@cache
def engine() -> Engine:
    from worker.engines.funasr import create

    return create(EngineSettings("funasr", device="cpu", threads=1, extra={"folder": str(MODEL)}))


def directly(app: App, take: TakeSnapshot) -> str:
    """Return the engine's text for the segments of a take, without the chain."""
    if app.arguments == CHECKSUM:
        return " ".join(map(checksum, segments_of(take)))
    outcomes = engine().decode([DecodeRequest(pcm, take.take.options) for pcm in segments_of(take)])
    return " ".join(outcome.text for outcome in outcomes if isinstance(outcome, Transcript) and outcome.text)


def dictated(app: App, mode: str, in_speech: Callable[[], object] | None = None) -> TakeSnapshot:
    """Dictate one take in this mode; ``in_speech`` is done while a longer one is spoken."""
    app.set(hotkeys__mode=mode)
    before = len(app.takes())
    with app.talking(tapping=mode in TAPPING):
        if in_speech is None:
            app.play(SPOKEN)
        else:
            with app.playing(LONGER) as player:
                wait_until_sync(lambda: found_speech(app, before), "speech is found")
                app.hear_on(0.2)  # its target window is noted a moment later
                in_speech()
                player.wait(DEADLINE_S)
    take = app.wait_for_takes(before + 1)[-1]
    assert take.transcript.text == directly(app, take) != ""
    return take


def found_speech(app: App, take: int) -> bool:
    """Return whether the take with this place has a segment that has begun."""
    return any(one.take.segments for one in app.takes()[take:])


def shows(app: App, window: TextField | Terminal, text: str) -> None:
    """Wait until the window contains exactly this text and the take is marked as done.

    On GNOME, letters stand before it: new windows there accept keys late, so a test first types until they do.
    """

    def added() -> str:
        return window.text.lstrip(TYPED).removeprefix(" " if window.text.startswith(TYPED) else "")

    wait_until_sync(lambda: added() == text, f"{text!r} stands there, not {window.text!r}")
    wait_until_sync(lambda: app.takes()[-1].state is TakeState.DONE, "the history says that it is there")


def arrives(app: App, mode: str, target: str, situation: str) -> None:
    """Dictate into the target, and check the text and that the clipboard has its earlier contents."""
    desktop = app.desktop
    copied = COPIED.get(situation, {"text/plain": b"before"})
    desktop.copy_all(copied)
    desktop.copy_all(SELECTED, primary=True)
    other = app.opened(TextField, next(NAMES)) if situation == "moved" else None
    window = app.opened(TARGETS[target], next(NAMES))
    there, moves = window.text, len(desktop.focus_moves)
    take = dictated(app, mode, other.focus if other else None)
    if other is not None:
        assert window.text == there
        assert (take.state, app.view()["held"]) == (TakeState.HELD, 1)
        app.paste_held()
    shows(app, other or window, take.transcript.text)
    wait_until_sync(lambda: desktop.holds(copied), "the clipboard is as before")
    wait_until_sync(lambda: desktop.holds(SELECTED, primary=True), "the selected text is as before")
    assert other is None or window.text == there
    assert desktop.focused == (other or window).title, "the app took the focus"
    assert desktop.focus_moves[moves:] in ([], [other.title] if other else []), (
        "the app took the focus for a moment"
    )


def waits_for_password_field(app: App) -> None:
    """Dictate while a password field has the focus, and check that the text is held."""
    window = app.opened(GtkField, next(NAMES))
    assert isinstance(window, GtkField)
    there = window.text
    window.focus_password()
    app.desktop.tap("a")
    wait_until_sync(lambda: window.password == "a", "the password field has the focus")
    take = dictated(app, "toggle")
    wait_until_sync(lambda: app.view()["note"], "the reason is shown")
    view = app.view()
    assert (take.state, view["held"], view["note"]["key"]) == (TakeState.HELD, 1, HoldReason.PASSWORD)
    assert (window.text, window.password) == (there, "a")
