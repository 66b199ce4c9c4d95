"""The microphone with real sound: audio played to a virtual microphone arrives complete, despite interruptions."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from protocol.audio import SAMPLE_RATE
from tests.app.capture.capturing import Capturing, capturing
from tests.helpers.recordings import SYNTHETIC, samples_of
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import wait_until_sync

pytestmark = pytest.mark.serial("microphone")  # sound does not wait for a busy computer


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """A short recording to play; playing takes as long as it lasts."""
    path = tmp_path / "speech.wav"
    soundfile.write(path, samples_of(SYNTHETIC / "en-03.flac")[: int(1.5 * SAMPLE_RATE)], SAMPLE_RATE)
    return path


@pytest.fixture(params=[False, True], ids=["server", "alsa"])
def alsa(request: pytest.FixtureRequest) -> bool:
    """True if no sound server answers, so that ALSA is used."""
    return bool(request.param)


@pytest.fixture
def desk() -> Iterator[VirtualMicrophone]:
    """The system's default, and only, microphone."""
    with virtual_microphones("desk") as (microphone,):
        yield microphone


def heard_at(played: NDArray[np.int16], captured: NDArray[np.int16]) -> int:
    """Return where in ``captured`` the played audio begins. Fails unless it is complete and in one piece."""
    spoken, heard = played.astype(np.float64), captured.astype(np.float64)
    size = 1 << (len(spoken) + len(heard)).bit_length()
    products = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size)), size)
    at = int(products[: len(heard)].argmax())
    there = heard[at : at + len(spoken)]
    assert len(there) == len(spoken), f"{len(spoken) - len(there)} samples are missing at the end"
    for part in (slice(None), slice(0, len(spoken) // 2), slice(len(spoken) // 2, None)):
        assert np.corrcoef(there[part], spoken[part])[0, 1] > 0.97
    return at


def wait_for_more(program: Capturing, seconds: float) -> None:
    """Wait until ``seconds`` more have been captured."""
    enough = len(program.samples) + seconds * SAMPLE_RATE
    wait_until_sync(lambda: len(program.samples) >= enough, f"{seconds} s more are captured")


def test_played_audio_arrives_complete(desk: VirtualMicrophone, tmp_path: Path, speech: Path, alsa: bool) -> None:
    """The audio is resampled from 16 kHz to the server's 48 kHz, to the ALSA device's 44.1 kHz, and back."""
    played = samples_of(speech)
    with capturing(desk, tmp_path, alsa=alsa) as program:
        assert program.wait_for("opened")["device"] == ("default" if alsa else "desk")
        desk.play(speech)
        wait_for_more(program, 0.5)
        program.tell("stop")
        ended = program.wait_for("ended")
    heard_at(played, program.samples)
    assert ended["samples"] == len(program.samples)
    assert ended["longest"] <= SAMPLE_RATE * 60 // 1000
    assert (ended["overflows"], ended["lost"]) == (0, 0)


def test_armed_microphone_records_audio_from_before_the_start(
    desk: VirtualMicrophone, tmp_path: Path, speech: Path
) -> None:
    """Record twice; the second recording has nothing of the first."""
    with capturing(desk, tmp_path, choice="desk", armed=True) as program:
        program.wait_for("opened")
        desk.play(speech)
        assert not len(program.samples), "nothing is recorded before the start"
        program.tell("start")
        wait_for_more(program, 0.7)
        program.tell("stop")
        first = program.wait_for("ended")
        program.tell("start")
        wait_for_more(program, 0.1)
        program.tell("stop")
        second = program.wait_for("ended", 2)
    assert first["samples"] + second["samples"] == len(program.samples)
    tail = samples_of(speech)[-SAMPLE_RATE // 2 :]
    loud = np.abs(program.samples[: SAMPLE_RATE // 2].astype(np.int32)).max()
    assert loud > np.abs(tail.astype(np.int32)).max() // 4, "the end of the speech was before the start"


def test_source_is_recorded_again_after_it_returns(
    desk: VirtualMicrophone, tmp_path: Path, speech: Path, alsa: bool
) -> None:
    played = samples_of(speech)
    with capturing(desk, tmp_path, alsa=alsa, choice="desk") as program:
        program.wait_for("opened")
        desk.play(speech)
        wait_for_more(program, 0.5)
        desk.unload()
        lost = program.wait_for("lost")
        desk.load()
        back = program.wait_for("came back")
        assert (lost["device"], back["device"]) == ("desk", "desk")
        assert back["lost"] > 0
        desk.play(speech)
        wait_for_more(program, 0.5)
        program.tell("stop")
        ended = program.wait_for("ended")
    heard_at(played, program.samples[: lost["at"]])
    heard_at(played, program.samples[back["at"] :])
    assert ended["lost"] == back["lost"]


def test_other_microphone_is_recorded_until_the_chosen_one_returns(tmp_path: Path, speech: Path) -> None:
    """A whole sound server stops and restarts.

    Its device is no longer listed, so PortAudio must list the devices again.
    """
    played = samples_of(speech)
    with (
        virtual_microphones("desk", "headset") as (desk, headset),
        capturing(desk, tmp_path, alsa=True, choice="headset", check_s=0.5) as program,
    ):
        assert program.wait_for("opened")["device"] == "headset"
        headset.unplug()
        other = program.wait_for("fell back")
        assert other["device"] == "default"
        desk.play(speech)
        wait_for_more(program, 0.2)
        headset.plug()
        back = program.wait_for("came back")
        assert back["device"] == "headset"
        headset.play(speech)
        wait_for_more(program, 0.5)
        program.tell("stop")
        program.wait_for("ended")
    heard_at(played, program.samples[other["at"] : back["at"]])
    heard_at(played, program.samples[back["at"] :])


@pytest.mark.proof(minutes=1)
def test_hanging_sound_server_blocks_neither_recording_nor_exit(
    desk: VirtualMicrophone, tmp_path: Path, speech: Path, alsa: bool
) -> None:
    """Calls of PortAudio hang with the server. The small version of this test is ``test_sound_thread.py``."""
    with capturing(desk, tmp_path, alsa=alsa, choice="desk") as program:
        program.wait_for("opened")
        with desk.hanging():
            program.wait_for("lost")
        back = program.wait_for("came back")
        desk.play(speech)
        wait_for_more(program, 0.5)
        with desk.hanging():
            program.wait_for("lost", 2)
            program.tell("stop")
            program.wait_for("ended")
            program.tell("quit")
            assert program.process.wait(60) == 0
    heard_at(samples_of(speech), program.samples[back["at"] :])


@pytest.mark.parametrize(
    ("choice", "kind", "advice"),
    [
        ("headset", "MicrophoneNotFound", "choose one of desk, default"),
        ("desk", "MicrophoneRefused", "choose another"),
    ],
)
def test_open_reports_why_the_microphone_failed(
    desk: VirtualMicrophone, tmp_path: Path, choice: str, kind: str, advice: str
) -> None:
    desk.unload()
    with capturing(desk, tmp_path, alsa=True, choice=choice) as program:
        error = program.wait_for("error")
    assert (error["kind"], advice in error["text"]) == (kind, True)


@pytest.mark.parametrize("plugged", [[], ["desk"]], ids=["no server", "no source"])
def test_open_reports_that_no_microphone_exists(tmp_path: Path, plugged: list[str]) -> None:
    with virtual_microphones("desk", plugged=plugged) as (desk,):
        if plugged:
            desk.unload()
        with capturing(desk, tmp_path) as program:
            error = program.wait_for("error")
    assert error["kind"] == "NoMicrophone"
    assert "connect one" in error["text"]
