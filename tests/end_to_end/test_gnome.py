"""Dictate with the whole app on a real GNOME Shell: a key of the portal, a voice, and the text in another window.

The checksum engine's texts differ, so each can be found in the field: once if the history says that it is
there, at most once if its outcome is unknown.
"""

import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from app.insertion.outcome import HoldReason
from app.journal.library import TakeSnapshot
from app.journal.take import TakeState
from protocol.audio import SAMPLE_RATE
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.desktop import Terminal, TextField
from tests.helpers.digit_dictation import NAMES, TARGETS
from tests.helpers.gnome_app import GnomeApp, running_gnome_app
from tests.helpers.gnome_desktop import US
from tests.helpers.pasting import paste, texts_in
from tests.helpers.waiting import wait_until_sync
from tests.helpers.wayland_desktop import GtkField

pytestmark = [pytest.mark.serial("sound")]

COUNT = 200
SEED = 17
HELPER = "app.insertion.helper.main"
KILLED = 0.25
"""Share of the recordings during which the helper is killed."""
LATEST_S = 1.5
TAPPING = ("toggle", "hands-free")


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[GnomeApp]:
    with running_gnome_app(models, "--engine", "checksum") as app:
        yield app


@pytest.fixture(scope="module")
def word(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record a single word."""
    speech = np.concatenate(list(read_audio(SPEECH / "en-03.flac")))
    start, pause = round(0.3 * SAMPLE_RATE), np.zeros(SAMPLE_RATE // 4, np.int16)
    place = tmp_path_factory.mktemp("word") / "word.wav"
    soundfile.write(place, np.concatenate([pause, speech[start : start + SAMPLE_RATE], pause]), SAMPLE_RATE)
    return place


def dictate(app: GnomeApp, word: Path, mode: str = "hold") -> TakeSnapshot:
    """Dictate one recording, and return its take."""
    before = len(app.takes())
    with app.talking(tapping=mode in TAPPING):
        app.play(word)
        app.hear_on(0.2)
    return app.wait_for_takes(before + 1)[-1]


def shows(window: TextField | Terminal, before: str, take: TakeSnapshot) -> None:
    """Wait until the text of the take is all that was added, at most with a space before it."""
    wanted = {before + take.transcript.text, f"{before} {take.transcript.text}"}
    wait_until_sync(lambda: window.text in wanted, f"one of {wanted} stands there, not {window.text!r}")


@pytest.mark.proof(minutes=4)
def test_text_arrives_in_each_mode_and_after_a_restart(app: GnomeApp, word: Path) -> None:
    for mode, name in zip(("hold", "toggle", "hands-free", "hybrid"), TARGETS, strict=True):
        app.set(hotkeys__mode=mode)
        window = app.opened(TARGETS[name], next(NAMES))
        before = window.text
        take = dictate(app, word, mode)
        shows(window, before, take)
        assert take.state is TakeState.DONE
        assert (app.desktop.engine, app.desktop.modifiers) == (US, 0)
    assert app.quit() == 0
    app.start()  # no dialog is answered
    app.set(hotkeys__mode="hold")
    window = app.opened(GtkField, next(NAMES))
    before = window.text
    shows(window, before, dictate(app, word))


@pytest.mark.proof(minutes=3)
@pytest.mark.parametrize("name", TARGETS)
def test_text_is_held_when_the_focus_moves(app: GnomeApp, word: Path, name: str) -> None:
    app.set(hotkeys__mode="hold")
    window = app.opened(TARGETS[name], next(NAMES))
    before, count = window.text, len(app.takes())
    with app.talking():
        app.play(word)
        other = app.opened(TARGETS["Qt" if name == "GTK" else "GTK"], next(NAMES))
        there = other.text
    take = app.wait_for_takes(count + 1)[-1]
    assert (take.state, app.view()["held"], window.text, other.text) == (TakeState.HELD, 1, before, there)
    app.desktop.tap("ctrl+alt+v")
    shows(other, there, take)
    assert window.text == before


def kill_helper(app: GnomeApp) -> None:
    assert app.process is not None
    for child in psutil.Process(app.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            if HELPER in child.cmdline():
                child.kill()


@pytest.mark.proof(minutes=20)
def test_texts_are_neither_lost_nor_doubled_when_helper_is_killed(app: GnomeApp, word: Path) -> None:
    app.set(hotkeys__mode="hold")
    chance, window, outcomes = random.Random(SEED), app.opened(TextField, next(NAMES)), Counter[str]()
    there, perhaps = texts_in(window.text), list[str]()
    for _ in range(COUNT):
        killing = threading.Timer(1.5 + chance.random() * LATEST_S, kill_helper, [app])
        if chance.random() < KILLED:
            killing.start()
        take = dictate(app, word)
        killing.cancel()
        reason = app.view()["note"]["key"] if take.state is TakeState.HELD else ""
        outcomes[reason or "inserted"] += 1
        unknown = paste(app, reason) == HoldReason.UNCERTAIN
        (perhaps if unknown else there).extend(take.transcript.text.split())
        if unknown:
            app.command("dismiss-held")
        app.wait_until_nothing_is_held()
        wait_until_sync(lambda: set(there) <= set(texts_in(window.text)), "what is said to be there is there")
        found = texts_in(window.text)
        assert [text for text in found if text not in perhaps] == [text for text in there if text not in perhaps]
        # Two recordings may have the same samples, and so the same text.
        assert Counter(there) <= Counter(found) <= Counter(there) + Counter(perhaps)
        wait_until_sync(lambda: app.desktop.engine == US, "the user's engine is active")
        assert app.desktop.modifiers == 0
    sys.stdout.write(f"{COUNT} recordings: {dict(outcomes)}\n")
