"""Tests of the output and exit status of ``kikipounamu microphones``."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.capture.errors import NoMicrophone
from app.cli.microphones_command import bar, print_inputs, show_level
from app.core.child_process import find_program
from tests.app.capture.sounds import HEADSET, FakeSoundSystem
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import wait_until


@pytest.fixture(scope="module")
def desk() -> Iterator[VirtualMicrophone]:
    with virtual_microphones("desk", "gone", plugged=["desk"]) as (microphone, _):
        microphone.load("webcam")
        yield microphone


def run(microphone: VirtualMicrophone, *arguments: str, alsa: bool = False) -> "subprocess.CompletedProcess[str]":
    command = [find_program("kikipounamu"), "microphones", *arguments]
    environment = microphone.alsa_environment if alsa else microphone.environment
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_microphones_are_listed_with_default_marked(desk: VirtualMicrophone) -> None:
    listed = run(desk)
    assert (listed.returncode, listed.stderr) == (0, "")
    lines = [line.split() for line in listed.stdout.splitlines()]
    assert lines == [
        ["name", "rate", "by"],
        ["*", "desk", "48000", "Hz", "PulseAudio"],
        ["webcam", "48000", "Hz", "PulseAudio"],
    ]


def test_alsa_devices_are_listed_when_no_sound_server_answers(desk: VirtualMicrophone) -> None:
    lines = [line.split() for line in run(desk, alsa=True).stdout.splitlines()]
    assert lines[1:] == [["*", "default", "44100", "Hz", "ALSA"], ["desk", "44100", "Hz", "ALSA"]]


def test_microphones_are_listed_as_json(desk: VirtualMicrophone) -> None:
    inputs = json.loads(run(desk, "--json").stdout)
    found = {device["key"]: (device["name"], device["default"]) for device in inputs if not device["monitor"]}
    assert found == {"desk_source": ("desk", True), "webcam_source": ("webcam", False)}


@pytest.mark.parametrize(("json", "out"), [(False, ""), (True, "[]\n")])
def test_absence_of_microphones_fails_in_both_forms(
    json: bool, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(NoMicrophone):
        print_inputs([], "", as_json=json)
    assert capsys.readouterr().out == out


def test_level_is_summed_up(desk: VirtualMicrophone) -> None:
    level = run(desk, "--level", "--seconds", "0.3", "--microphone", "desk")
    assert level.returncode == 0, level.stderr
    said = r"desk: only silence: is it muted\?, overflows: \d+\n"  # a busy computer reads samples too late
    assert re.fullmatch(said, level.stdout), level.stdout


def test_unknown_microphone_is_reported(desk: VirtualMicrophone) -> None:
    wrong = run(desk, "--level", "--microphone", "studio")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("no microphone is named 'studio'")


async def test_show_level_prints_loudest_level(capsys: pytest.CaptureFixture[str]) -> None:
    system = FakeSoundSystem(HEADSET)
    showing = asyncio.create_task(show_level("headset", 0.3, system))
    await wait_until(lambda: system.streams, "it is open")
    system.stream.say(np.full(1600, 0.5, np.float32))
    await showing
    assert capsys.readouterr().out == "headset: at most -6 dBFS, overflows: 0\n"


async def test_show_level_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    await show_level("headset", 0.0, FakeSoundSystem(HEADSET), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"microphone": "headset", "loudest_dbfs": None, "overflows": 0}


@pytest.mark.parametrize(("level", "full"), [(-100.0, 0), (-60.0, 0), (-30.0, 20), (0.0, 40)])
def test_bar_is_full_at_full_scale(level: float, full: int) -> None:
    assert bar(level).count("#") == full
    assert len(bar(level)) == 52


def test_command_line_loads_no_audio_library() -> None:
    script = "import sys, app.cli.main; sys.exit('sounddevice' in sys.modules or 'numpy' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", script], cwd=root).returncode == 0
