"""Microphones: none, the wrong one, refusing, muted, quiet, too loud, and fine."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.capture.errors import AudioLibraryMissing, AudioPackageMissing
from app.capture.sound_thread import SoundHangs
from app.diagnostics.checks.finding import Finding
from app.diagnostics.checks.microphone import forbidden_devices, microphone, sound_finding
from protocol.audio import SAMPLE_RATE
from tests.app.capture.sounds import BUILT_IN, HEADSET, FakeSoundSystem
from tests.app.diagnostics.checks.found import keys
from tests.helpers.waiting import wait_until

SECOND = np.arange(SAMPLE_RATE) / SAMPLE_RATE


def tone(loud: float) -> NDArray[np.int16]:
    return np.clip(loud * 32_768 * np.sin(2 * np.pi * 200 * SECOND), -32_768, 32_767).astype(np.int16)


async def examined(system: FakeSoundSystem, choice: str = "", hear_s: float = 0.1) -> list[Finding]:
    return await microphone(choice, system, "linux", hear_s, lambda: False)


async def test_microphone_check_says_why_none_exists() -> None:
    assert keys(await examined(FakeSoundSystem())) == ["problem microphone-none"]
    assert keys(await microphone("", FakeSoundSystem(), "linux", 0.1, lambda: True)) == [
        "problem microphone-forbidden"
    ]


async def test_microphone_check_notices_missing_choice() -> None:
    assert keys(await examined(FakeSoundSystem(BUILT_IN), "webcam")) == ["problem microphone-not-there"]
    assert keys(await examined(FakeSoundSystem(HEADSET))) == ["problem microphone-no-default"]


async def test_microphone_check_reports_failing_sound_system() -> None:
    system = FakeSoundSystem(BUILT_IN)
    system.failure = AudioLibraryMissing("PortAudio")
    assert keys(await examined(system)) == ["problem audio-library"]
    system.failure = AudioPackageMissing("sounddevice")
    assert keys(await examined(system)) == ["advice audio-package"]  # a server works without it
    system.failure = SoundHangs()
    assert keys(await examined(system)) == ["problem sound-hangs"]


async def test_microphone_stays_closed_unless_requested() -> None:
    system = FakeSoundSystem(BUILT_IN, HEADSET)
    (found,) = await examined(system, hear_s=0)
    assert keys([found]) == ["ok microphones"] and not system.streams
    assert found.values == {"device": "built-in", "names": "built-in, headset", "count": "2"}


async def test_missing_microphone_is_no_problem_where_none_is_wanted() -> None:
    assert keys(await examined(FakeSoundSystem(), hear_s=0)) == ["advice microphone-none"]
    assert keys(await examined(FakeSoundSystem(BUILT_IN), "webcam", hear_s=0)) == ["advice microphone-not-there"]


async def test_microphone_check_notices_refusing_device() -> None:
    system = FakeSoundSystem(BUILT_IN)
    system.refusing.add(BUILT_IN)
    assert keys(await examined(system, hear_s=0.1)) == ["ok microphones", "problem microphone-refused"]


async def test_microphone_check_reports_level_of_sound() -> None:
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
def test_second_of_sound_is_judged_by_its_level(samples: NDArray[np.int16], platform: str, key: str) -> None:
    assert keys([sound_finding("usb", samples, platform)]) == [key]


def test_word_in_silence_counts() -> None:
    samples = np.zeros(SAMPLE_RATE, np.int16)
    samples[8_000:8_800] = tone(0.05)[:800]
    assert sound_finding("usb", samples, "linux").values["level"] == "-29"


def test_devices_are_forbidden_if_there_are_some_and_none_is_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: "C1" in path.name)
    assert not forbidden_devices(tmp_path / "none") and not forbidden_devices(tmp_path)
    (tmp_path / "pcmC0D0c").touch()
    assert forbidden_devices(tmp_path)
    (tmp_path / "pcmC1D0c").touch()
    assert not forbidden_devices(tmp_path)
