"""Dictate many recordings on sway while the helper process that inserts is killed at random moments.

The checksum engine's texts differ, so each can be found in the field: once if the history says that it is
there, at most once if its outcome is unknown.
"""

import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from app.hotkeys.compositor_lines import Compositor
from app.insertion.outcome import HoldReason
from app.journal.take import TakeState
from protocol.audio import SAMPLE_RATE
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.desktop import TextField
from tests.helpers.pasting import paste, texts_in
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_app import WaylandApp, running_wayland_app
from tests.helpers.wayland_desktop import running_sway

pytestmark = [pytest.mark.serial("wayland"), pytest.mark.timeout(600)]

SEED = 17
PROOF = 200
HELPER = "app.insertion.helper.main"
KILLED = 0.5
"""Share of the recordings during which the helper is killed."""
LATEST_S = 1.0


@pytest.fixture
def app(models: Path) -> Iterator[WaylandApp]:
    with running_wayland_app(models, running_sway, Compositor.SWAY, "--engine", "checksum") as app:
        app.set(hotkeys__mode="hold")
        yield app


def record(number: int, place: Path) -> Path:
    """Record a single word with a little noise: the same samples would give the same text again."""
    speech = np.concatenate(list(read_audio(SPEECH / "en-03.flac")))[SAMPLE_RATE // 3 :][:SAMPLE_RATE]
    noise = np.random.default_rng(number).integers(-20, 20, len(speech), np.int16)
    soundfile.write(
        place, np.concatenate([speech // 2 + noise, np.zeros(SAMPLE_RATE // 4, np.int16)]), SAMPLE_RATE
    )
    return place


@dataclass
class Results:
    """The texts by what the app says of them, and how often it said so."""

    there: list[str] = field(default_factory=list)
    perhaps: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def check(self, text: str) -> None:
        """Assert that the field has each text as often as the app says, in order, and nothing else."""
        found = texts_in(text)
        assert [word for word in found if word not in self.perhaps] == self.there
        assert max(Counter(found).values(), default=0) <= 1


def helpers(app: WaylandApp) -> list[psutil.Process]:
    """Return the processes of the helper that insert."""
    assert app.process is not None
    found = []
    for child in psutil.Process(app.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            if HELPER in child.cmdline():
                found.append(child)
    return found


def kill_helper(app: WaylandApp) -> None:
    for helper in helpers(app):
        with suppress(psutil.Error):
            helper.kill()


@contextmanager
def kill_after(app: WaylandApp, seconds: float | None) -> Iterator[None]:
    """Kill the helper so long after the beginning of the context; ``None``: never."""
    timer = threading.Timer(seconds or 0.0, kill_helper, [app])
    if seconds is not None:
        timer.start()
    try:
        yield
    finally:
        if seconds is not None:
            timer.join()


def dictate(app: WaylandApp, word: Path, kill_s: float | None) -> tuple[list[str], str]:
    """Dictate one recording; return its texts, and why it is held or an empty text."""
    before = len(app.takes())
    with app.talking():
        app.play(word)
    with kill_after(app, kill_s):
        view = app.wait_for("held", "done", "idle")  # the note is gone before all journals of many takes are read
        take = app.wait_for_takes(before + 1)[-1]
    held = take.state is TakeState.HELD
    assert held or take.state is TakeState.DONE
    return take.transcript.text.split(), view["note"]["key"] if held else ""


def settle(app: WaylandApp, texts: list[str], reason: str, results: Results) -> None:
    """Do what a user does with a held text: paste it, or dismiss it if it may be there."""
    results.outcomes[reason or "inserted"] += 1
    wait_until_sync(lambda: helpers(app), "the next helper runs")  # else the text is copied for the user
    if paste(app, reason) == HoldReason.UNCERTAIN:
        results.perhaps += texts
        app.command("dismiss-held")
    else:
        results.there += texts
    app.wait_until_nothing_is_held()


@pytest.mark.parametrize("count", [5, pytest.param(PROOF, marks=pytest.mark.proof(minutes=20))])
def test_text_is_neither_lost_nor_doubled_when_helper_is_killed(
    app: WaylandApp, tmp_path: Path, count: int
) -> None:
    chance, results, window = random.Random(SEED), Results(), TextField(app.desktop)
    for number in range(count):
        kind = chance.choice(("image/png", "text/html", "text/plain;charset=utf-8"))
        copied = {kind: f"{number} ".encode() * chance.randrange(1, 20_000)}
        app.desktop.copy_all(copied)
        kill_s = chance.random() * LATEST_S if chance.random() < KILLED else None
        word = record(number, tmp_path / "word.wav")
        settle(app, *dictate(app, word, kill_s), results)
        check(app, window, results, copied)
    sys.stdout.write(f"{count} recordings: {dict(results.outcomes)}\n")


def check(app: WaylandApp, window: TextField, results: Results, copied: dict[str, bytes]) -> None:
    """Check the field, the clipboard, and that no key stays down."""
    wait_until_sync(lambda: set(results.there) <= set(texts_in(window.text)), "what is said to be there is there")
    results.check(window.text)
    wait_until_sync(lambda: app.desktop.holds(copied), "the clipboard is as before")
    nothing_is_pressed(app, window)


def nothing_is_pressed(app: WaylandApp, window: TextField) -> None:
    """Type a letter and delete it: a key or a modifier that is down would show."""
    text = window.text
    app.desktop.tap("z")
    wait_until_sync(lambda: window.text == f"{text}z", "one letter is typed")
    app.desktop.tap("BackSpace")
    wait_until_sync(lambda: window.text == text, "it is deleted")
