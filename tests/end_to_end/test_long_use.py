"""Simulate an hour of mixed use: 500 recordings with the window open, with the memory of every process."""

import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from app.journal.take import TakeState
from protocol.audio import SAMPLE_RATE
from speech.audio_file import read_audio
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.memory import HIGH, LOW, MIB, MemoryWatch

SPEECH = Path(__file__).parents[1] / "data" / "speech"
PAGES = 5
MOST_PER_HUNDRED = 1.5 * MIB
"""Maximum growth of a process per hundred recordings after the first fifth; the index of recordings needs some."""


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Cut the first seconds of each English and Mandarin sentence."""
    made = []
    for place in sorted(SPEECH.glob("*.flac")):
        target = tmp_path / f"{place.stem}.wav"
        samples = np.concatenate(list(read_audio(place)))
        soundfile.write(target, samples[: 2 * SAMPLE_RATE], SAMPLE_RATE)
        made.append(target)
    return made


class Person:
    """A user who dictates, cancels, opens the window and moves between two programs."""

    def __init__(self, app: DesktopApp, clips: list[Path]) -> None:
        self.app, self.clips, self.chance = app, clips, random.Random(7)
        self.field, self.other = TextField(app.desktop, "letter"), TextField(app.desktop, "notes")
        self.spoken = 0

    def record(self) -> None:
        """Make one recording: most are inserted, some cancelled, some held and then pasted."""
        self.field.focus()
        kind = self.chance.choices(("inserted", "cancelled", "held"), (8, 1, 1))[0]
        self.app.press()
        self.app.wait_for("listening")
        self.app.play(self.chance.choice(self.clips))
        self.app.hear_on(0.3)
        if kind == "cancelled":
            self.app.desktop.xdotool("key", "Escape")
        elif kind == "held":
            self.other.focus()
        self.app.release()
        self.spoken += 1
        self.app.wait_for("idle", "held", "cancelled")
        if kind == "held":
            self.app.desktop.xdotool("key", "ctrl+alt+v")

    def look_around(self) -> None:
        """Open a page of the window, search there, and leave it visible."""
        self.app.request("show")
        self.app.desktop.focus("kikipounamu")
        page = self.chance.randrange(PAGES) + 1
        self.app.desktop.xdotool("key", f"ctrl+{page}")
        if page == 2:
            self.app.desktop.xdotool("key", "ctrl+f")
            self.app.desktop.xdotool("type", self.chance.choice(("meeting", "garden", "and")))

    def change_a_setting(self) -> None:
        """Choose other hotwords, so that the app reads its settings again."""
        words = [f"word {number}" for number in range(self.chance.randrange(20))]
        self.app.set(recognition__hotwords=words)

    def clear(self) -> None:
        """Clear the text in both programs: no user writes 500 texts into one field."""
        for window in (self.field, self.other):
            window.focus()
            self.app.desktop.xdotool("key", "ctrl+a", "Delete")


def use(app: DesktopApp, clips: list[Path], recordings: int, seconds: float) -> MemoryWatch:
    """Make these recordings over at least ``seconds``, and measure memory regularly."""
    assert app.process is not None
    person, watch = Person(app, clips), MemoryWatch(psutil.Process(app.process.pid))
    began = time.monotonic()
    for number in range(1, recordings + 1):
        person.record()
        if number % 5 == 0:
            person.look_around()
        if number % 25 == 0:
            person.change_a_setting()
            person.clear()
        while time.monotonic() - began < seconds * number / recordings:
            watch.sample(number)
            time.sleep(0.2)  # the pace of a user, who pauses meanwhile
        watch.sample(number)
    app.wait_until_transcribed()
    return watch


def check(app: DesktopApp, watch: MemoryWatch, recordings: int) -> None:
    """Check that every recording has ended well, and no process grows with their number."""
    states = [take.state for take in app.takes()]
    assert len(states) == recordings
    assert not {TakeState.FAILED, TakeState.WAITING, TakeState.INTERRUPTED} & set(states)
    for role in watch.lasting():
        first, middle, last = (watch.at(role, part) / MIB for part in (0.0, 0.5, 1.0))
        per_hundred = watch.slope(role) * 100
        sys.stdout.write(
            f"{role}: {first:.1f} MiB, half-way {middle:.1f}, at the end {last:.1f};"
            f" {per_hundred / MIB:+.2f} MiB per 100 recordings after the first fifth\n"
            f"  low: {' '.join(f'{size / MIB:.1f}' for size in watch.parts(role, LOW)[1])}\n"
            f"  high: {' '.join(f'{size / MIB:.1f}' for size in watch.parts(role, HIGH)[1])}\n"
        )
    grown = {role: watch.slope(role) * 100 / MIB for role in watch.lasting()}
    if recordings >= 500:
        assert max(grown.values()) < MOST_PER_HUNDRED / MIB, grown


@pytest.fixture
def app(models: Path, request: pytest.FixtureRequest) -> Iterator[DesktopApp]:
    with running_app(models, "--engine", request.param) as app:
        yield app


@pytest.mark.serial("sound")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("app", ["checksum"], indirect=True)
def test_mixed_use_loses_no_recording_and_measures_every_process(app: DesktopApp, clips: list[Path]) -> None:
    watch = use(app, clips, recordings=3, seconds=0)
    check(app, watch, 3)
    assert {"kikipounamu-gateway", "valkey-server", "kikipounamu-worker"} <= set(watch.lasting())


@pytest.mark.proof(minutes=65)
@pytest.mark.parametrize("app", ["whisper"], indirect=True)
def test_an_hour_of_mixed_use_keeps_memory_flat(app: DesktopApp, clips: list[Path]) -> None:
    check(app, use(app, clips, recordings=500, seconds=3600), 500)
