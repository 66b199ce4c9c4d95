"""Tests that cues are played where there is an output and ignored where there is none."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from app.capture.errors import SpeakerRefused
from app.dictation.messages import SoundCue
from app.dictation.sounds import Sounds, tone
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import wait_until


@pytest.mark.parametrize("cue", list(SoundCue))
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_tone_is_short_quiet_and_free_of_clicks(cue: SoundCue, rate: int) -> None:
    samples = np.frombuffer(tone(cue, rate), np.float32)
    assert 0.05 < len(samples) / rate < 0.3
    assert 0.1 < np.max(np.abs(samples)) < 0.2
    assert np.max(np.abs(np.diff(samples))) < 0.03


def test_every_cue_has_different_tone() -> None:
    assert len({tone(cue, 48_000) for cue in SoundCue}) == len(SoundCue)


async def test_cues_are_dropped_when_they_arrive_too_fast() -> None:
    played: list[bytes] = []
    gate = asyncio.Event()

    async def play_sound(sound_at: Callable[[int], bytes]) -> None:
        played.append(sound_at(48_000))
        await gate.wait()

    async with Sounds(play_sound) as sounds:
        for _ in range(100):
            sounds.play(SoundCue.START)
        await wait_until(lambda: played, "it is heard")
        gate.set()
        await wait_until(lambda: len(played) == 2, "and once more")
        sounds.play(SoundCue.HELD)
        await wait_until(lambda: played[-1] == tone(SoundCue.HELD, 48_000), "and the next one")


async def test_cues_are_ignored_without_output() -> None:
    tried = 0

    async def play_sound(sound_at: Callable[[int], bytes]) -> None:
        nonlocal tried
        tried += 1
        raise SpeakerRefused("there is none")

    async with Sounds(play_sound) as sounds:
        for times in range(1, 4):
            sounds.play(SoundCue.STOP)
            await wait_until(partial(lambda times: tried == times, times), "it is tried")


HEAR = """
import asyncio
from speech.level import level_of
from app.capture.microphone import open_microphone
from app.capture.desktop_sound import sound_system
from app.dictation.messages import SoundCue
from app.dictation.sounds import Sounds

async def main():
    system = sound_system()
    async with Sounds(system.ports.play) as sounds, open_microphone() as microphone:
        sounds.play(SoundCue.START)
        async for block in microphone.buffer.blocks():
            if level_of(block) > -35:
                break
    print("heard", len(await system.inputs()))

async def silent():
    try:
        await sound_system().ports.play(lambda rate: bytes(4 * rate))
    except Exception as error:
        print(type(error).__name__)

asyncio.run({what}())
"""


def child(what: str, environment: dict[str, str]) -> str:
    script = HEAR.replace("{what}", what)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def speakers(desk: VirtualMicrophone) -> dict[str, str]:
    """Return an environment whose default output is recorded by ``desk``."""
    configuration = desk.folder.parent / "asound.conf"
    both = f"""
pcm.!default {{ type asym playback.pcm "desk_out" capture.pcm "desk" hint {{ show on description "default" }} }}
pcm.desk_out {{ type pulse server "unix:{desk.socket}" device "{desk.name}_sink" }}
"""
    with configuration.open("a") as file:
        file.write(both)
    return desk.environment


def test_cue_is_audible_on_real_output() -> None:
    with virtual_microphones("desk") as (desk,):
        assert child("main", speakers(desk)).startswith("heard")


def test_play_raises_speaker_refused_without_outputs() -> None:
    with virtual_microphones("desk", plugged=[]) as (desk,):
        assert "SpeakerRefused" in child("silent", desk.environment)
