"""The microphone: none, the wrong one, one that gives nothing, is muted, quiet, too loud; and one that is well."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.capture.errors import AudioLibraryMissing
from app.capture.sound_thread import SoundHangs
from app.doctor.finding import Finding
from app.doctor.microphone import forbidden_devices, heard, microphone
from protocol.audio import SAMPLE_RATE
from tests.app.capture.sounds import BUILT_IN, HEADSET, FakeSoundSystem
from tests.app.doctor.found import keys
from tests.helpers.waiting import wait_until

SECOND = np.arange(SAMPLE_RATE) / SAMPLE_RATE


def tone(loud: float) -> NDArray[np.int16]:
    return np.clip(loud * 32_768 * np.sin(2 * np.pi * 200 * SECOND), -32_768, 32_767).astype(np.int16)


async def examined(system: FakeSoundSystem, choice: str = "", hear_s: float = 0.0) -> list[Finding]:
    return await microphone(choice, system, "linux", hear_s, lambda: False)


async def test_none_is_there() -> None:
    assert keys(await examined(FakeSoundSystem())) == ["problem microphone-none"]
    assert keys(await microphone("", FakeSoundSystem(), "linux", 0, lambda: True)) == [
        "problem microphone-forbidden"
    ]


async def test_the_chosen_one_is_not_there() -> None:
    assert keys(await examined(FakeSoundSystem(BUILT_IN), "webcam")) == ["problem microphone-not-there"]
    assert keys(await examined(FakeSoundSystem(HEADSET))) == ["problem microphone-no-default"]


async def test_the_sound_system_is_at_fault() -> None:
    system = FakeSoundSystem(BUILT_IN)
    system.failure = AudioLibraryMissing("PortAudio")
    assert keys(await examined(system)) == ["problem audio-library"]
    system.failure = SoundHangs()
    assert keys(await examined(system)) == ["problem sound-hangs"]


async def test_it_is_not_opened_unless_asked() -> None:
    system = FakeSoundSystem(BUILT_IN, HEADSET)
    (found,) = await examined(system)
    assert keys([found]) == ["ok microphones"] and not system.streams
    assert found.values == {"device": "built-in", "names": "built-in, headset", "count": "2"}


async def test_one_that_gives_nothing() -> None:
    system = FakeSoundSystem(BUILT_IN)
    system.refusing.add(BUILT_IN)
    assert keys(await examined(system, hear_s=0.1)) == ["ok microphones", "problem microphone-refused"]


async def test_what_it_hears_is_told() -> None:
    system = FakeSoundSystem(HEADSET)
    examining = asyncio.create_task(examined(system, "headset", hear_s=0.3))
    await wait_until(lambda: system.streams, "it is open")
    system.stream.say((tone(0.1) / 32_768).astype(np.float32))
    assert keys(await examining) == ["ok microphones", "ok microphone-heard"]
    assert system.stream.closed


@pytest.mark.parametrize(
    ("samples", "platform", "key"),
    [
        (np.zeros(16_000, np.int16), "linux", "problem microphone-muted"),
        (np.zeros(16_000, np.int16), "darwin", "problem microphone-silenced"),
        (np.empty(0, np.int16), "linux", "problem microphone-muted"),
        (tone(0.0001), "linux", "advice microphone-silent"),
        (tone(0.001), "linux", "ok microphone-heard"),
        (tone(0.9), "linux", "ok microphone-heard"),
        (tone(2.0), "linux", "advice microphone-clipped"),
    ],
)
def test_a_second_of_sound_is_judged(samples: NDArray[np.int16], platform: str, key: str) -> None:
    assert keys([heard("usb", samples, platform)]) == [key]


def test_a_word_in_silence_counts_as_heard() -> None:
    samples = np.zeros(SAMPLE_RATE, np.int16)
    samples[8_000:8_800] = tone(0.05)[:800]
    assert heard("usb", samples, "linux").values["level"] == "-29"


def test_devices_that_may_not_be_read(tmp_path: Path) -> None:
    assert not forbidden_devices(tmp_path / "none") and not forbidden_devices(tmp_path)
    (tmp_path / "pcmC0D0c").touch()
    assert not forbidden_devices(tmp_path)
