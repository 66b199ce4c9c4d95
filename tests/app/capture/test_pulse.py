"""Microphones of a real PulseAudio: listed by name, recorded, plugged in and out.

``test_microphone_sound.py`` covers that silence and sounds of a chosen source arrive complete.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from protocol.audio import SAMPLE_RATE
from tests.app.capture.capturing import capturing
from tests.helpers.recordings import SYNTHETIC, samples_of
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import wait_until_sync

pytestmark = pytest.mark.serial("microphone")

LIST = """
import asyncio
from app.capture.desktop_sound import sound_system
from app.capture.devices import encode
print(encode(asyncio.run(sound_system().inputs())).decode())
"""


@pytest.fixture
def desk() -> Iterator[VirtualMicrophone]:
    """A sound server with two microphones; "desk" is the default."""
    with virtual_microphones("desk") as (microphone,):
        microphone.load("webcam")
        yield microphone


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    soundfile.write(path, samples_of(SYNTHETIC / "en-03.flac")[:SAMPLE_RATE], SAMPLE_RATE)
    return path


def loudest(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> int:
    return int(np.abs(samples.astype(np.int32)).max())


def sources(desk: VirtualMicrophone) -> dict[str, dict[str, object]]:
    listing = [sys.executable, "-c", LIST]
    result = subprocess.run(listing, env=desk.environment, capture_output=True, text=True, check=True, timeout=60)
    return {device["key"]: device for device in json.loads(result.stdout)}


def test_sources_keep_their_keys_when_the_server_renumbers_them(desk: VirtualMicrophone) -> None:
    before = sources(desk)
    assert before["desk_source"]["default"] and not before["webcam_source"]["default"]
    assert before["webcam_sink.monitor"]["monitor"] and not before["webcam_source"]["monitor"]
    for name in ("desk", "webcam"):
        desk.unload(name)
    for name in ("webcam", "desk"):
        desk.load(name)
    after = sources(desk)
    assert before["desk_source"]["index"] != after["desk_source"]["index"]
    names = {key: device["name"] for key, device in after.items() if not device["monitor"]}
    assert names == {"desk_source": "desk", "webcam_source": "webcam"}


@pytest.mark.parametrize(("choice", "other"), [("webcam_source", "desk"), ("", "webcam")])
def test_only_the_chosen_source_is_recorded(
    desk: VirtualMicrophone, tmp_path: Path, speech: Path, choice: str, other: str
) -> None:
    chosen = "webcam" if choice else "desk"
    with capturing(desk, tmp_path, choice=choice) as program:
        assert program.wait_for("opened")["device"] == chosen
        desk.play(speech, other)
        wait_until_sync(lambda: len(program.samples) >= SAMPLE_RATE, "a second of silence")
        assert loudest(program.samples) == 0
        desk.play(speech, chosen)
        wait_until_sync(lambda: loudest(program.samples) > 1000, "speech")


def test_default_is_recorded_until_the_chosen_source_returns(
    desk: VirtualMicrophone, tmp_path: Path, speech: Path
) -> None:
    """The server must not move the stream to another source: the stream ends, and this program decides."""
    with capturing(desk, tmp_path, choice="webcam_source", check_s=0.5) as program:
        program.wait_for("opened")
        desk.unload("webcam")
        assert program.wait_for("lost")["device"] == "webcam"
        other = program.wait_for("fell back")
        assert other["device"] == "desk"
        desk.play(speech)
        wait_until_sync(lambda: loudest(program.samples[other["at"] :]) > 1000, "speech of the other one")
        desk.load("webcam")
        back = program.wait_for("came back")
        assert back["device"] == "webcam"
        desk.play(speech, "webcam")
        wait_until_sync(lambda: loudest(program.samples[back["at"] :]) > 1000, "speech of the chosen one")
