"""A microphone that delivers only digital silence: reports about it, and the search for the chosen microphone
meanwhile."""

from functools import partial

import numpy as np
import pytest

from app.capture import microphone as module
from app.capture.fallback import FallbackTimes
from app.capture.microphone import MicrophoneChange, MicrophoneChangeKind, MicrophoneSettings, open_microphone
from tests.app.capture.sounds import BUILT_IN, HEADSET, FakeSoundSystem
from tests.app.capture.test_microphone import FAST, GREETING, numbers, rest
from tests.helpers.waiting import wait_until


@pytest.fixture
def system() -> FakeSoundSystem:
    return FakeSoundSystem(BUILT_IN, HEADSET)


async def test_muted_device_is_reported_until_it_is_heard(system: FakeSoundSystem) -> None:
    received: list[MicrophoneChange] = []
    async with open_microphone("headset", FAST, on_change=received.append, system=system) as microphone:
        system.stream.say(np.zeros(32_000, np.float32))
        await wait_until(lambda: received, "the silence is noticed")
        system.stream.say(numbers(0, 100))
        await wait_until(lambda: len(received) == 2, "the sound is noticed")
        microphone.stop()
        heard = await rest(microphone.buffer.blocks())
    assert [(change.change, change.device) for change in received] == [
        (MicrophoneChangeKind.SILENT, "headset"),
        (MicrophoneChangeKind.HEARD, "headset"),
    ]
    assert len(heard) == GREETING + 32_100


async def test_silence_is_detected_in_each_recording_separately(system: FakeSoundSystem) -> None:
    """A device that stays open between recordings is reported as muted in each of them."""
    received: list[MicrophoneChangeKind] = []

    def note(change: MicrophoneChange) -> None:
        received.append(change.change)

    async with open_microphone("headset", FAST, armed=True, on_change=note, system=system) as microphone:
        for expected in ([MicrophoneChangeKind.SILENT], [MicrophoneChangeKind.SILENT] * 2):
            microphone.start()
            system.stream.say(np.zeros(32_000, np.float32))
            await wait_until(partial(received.__eq__, expected), "the silence is noticed")
            microphone.stop()
            await rest(microphone.buffer.blocks())


async def test_chosen_microphone_is_looked_for_sooner_while_the_other_one_is_silent(
    system: FakeSoundSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "list_microphones", system.inputs)
    timing = FallbackTimes(silent=60.0, search=0.0, check=3600.0, check_silent=0.0, pause=0.0)
    settings = MicrophoneSettings(timing=timing)
    async with open_microphone("headset", settings, system=system) as microphone:
        system.take(HEADSET)
        await wait_until(lambda: microphone.device == "built-in", "it falls back")
        system.devices.append(HEADSET)
        system.stream.say(np.zeros(3 * BUILT_IN.rate, np.float32))
        await wait_until(lambda: microphone.device == "headset", "it comes back")
