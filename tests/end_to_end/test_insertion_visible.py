"""Test the real app with its window visible on the Dictation page.

Texts must arrive, and the X server must keep answering.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from protocol.audio import SAMPLE_RATE
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.moving_pointer import MovingPointer, moving_pointer
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("sound"), pytest.mark.timeout(900)]

WINDOW = "kikipounamu"
SILENT_S = 5.0
PROOF = 200
_WORD_S, _PAUSE_S = 0.7, 0.7


@pytest.fixture
def app(models: Path) -> Iterator[DesktopApp]:
    with running_app(models, "--engine", "checksum") as app:
        yield app


def words(count: int, place: Path) -> Path:
    """Record this many words, each of them a segment."""
    speech = np.concatenate(list(read_audio(SPEECH / "en-03.flac")))
    start, pause = round(0.3 * SAMPLE_RATE), np.zeros(round(_PAUSE_S * SAMPLE_RATE), np.int16)
    word = speech[start : start + round(_WORD_S * SAMPLE_RATE)]
    soundfile.write(place, np.concatenate([pause, *[word, pause] * count, pause]), SAMPLE_RATE)
    return place


def waits_ms(app: DesktopApp) -> list[int]:
    """Return the delay of each inserted text, as the app measures it."""
    lines = map(json.loads, (app.home / "logs" / "desktop.jsonl").read_text().splitlines())
    return [line["after_ms"] for line in lines if line["event"] == "text.inserted"]


def dictate(app: DesktopApp, pointer: MovingPointer, path: Path, count: int) -> str:
    """Play the recording, and return the take's text once all of it is inserted."""

    def inserted() -> bool:
        assert pointer.silent_s < SILENT_S, f"no answer of the X server after {app.logged('text.inserted')} texts"
        return app.logged("text.inserted") >= count

    with app.talking(tapping=True), app.playing(path):
        wait_until_sync(inserted, "all texts are inserted", count * (_WORD_S + _PAUSE_S) + 60.0)
    (take,) = app.wait_for_takes(1)
    return take.transcript.text


@pytest.mark.parametrize("count", [8, pytest.param(PROOF, marks=pytest.mark.proof(minutes=7))])
def test_server_answers_while_app_with_visible_window_inserts(app: DesktopApp, tmp_path: Path, count: int) -> None:
    app.set(hotkeys__mode="hands-free")
    app.request("show")
    app.desktop.focus(WINDOW)
    field = TextField(app.desktop)
    with moving_pointer(app.desktop.display) as pointer:
        text = dictate(app, pointer, words(count, tmp_path / "words.wav"), count)
    wait_until_sync(lambda: field.text == text, f"{text!r} stands there, not {field.text!r}")
    waits = waits_ms(app)
    assert len(waits) == count
    result = f"{count} texts, the slowest {max(waits)} ms; {pointer.answers} answers, "
    sys.stdout.write(f"{result}the longest after {1000 * pointer.longest_s:.1f} ms\n")
    if count == PROOF:
        assert max(waits) < 1000
