"""The requests made to PortAudio. ``test_microphone_sound.py`` covers its answers."""

import subprocess
import sys

import pytest

from app.capture.errors import SpeakerRefused
from app.capture.portaudio import PortAudio, channel_counts
from tests.helpers.packages import require
from tests.helpers.virtual_microphone import virtual_microphones


@pytest.mark.parametrize(("most", "tried"), [(1, [1]), (2, [2, 1]), (4, [2, 1, 4]), (32, [2, 1, 32]), (0, [])])
def test_two_channels_are_tried_first_and_all_channels_last(most: int, tried: list[int]) -> None:
    assert channel_counts(most) == tried


ASK = """
import asyncio, sys
{before}
from app.capture.errors import AudioLibraryMissing
from app.capture.portaudio import PortAudio
assert sys.modules.get("sounddevice") is None
try:
    asyncio.run(PortAudio().inputs())
except AudioLibraryMissing as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("before", "advice"),
    [
        ("sys.modules['sounddevice'] = None", "pip install 'kikipounamu[desktop]'"),
        ("import ctypes.util; ctypes.util.find_library = lambda name: None", "sudo apt-get install libportaudio2"),
    ],
)
def test_missing_library_error_says_how_to_install_it(before: str, advice: str) -> None:
    """Runs in its own process, because libraries are loaded once per process."""
    if sys.platform != "linux" and "ctypes" in before:
        pytest.skip("needs Linux: elsewhere the package carries the library")
    script = ASK.format(before=before)
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert advice in asked.stdout, asked.stderr


COMPLAIN = """
import asyncio, ctypes, sys
from app.capture.portaudio import PortAudio
alsa = ctypes.CDLL("libasound.so.2")
def complain():
    alsa.snd_pcm_open(ctypes.byref(ctypes.c_void_p()), b"no such device", 0, 0)
complain()
print("silence", file=sys.stderr, flush=True)
asyncio.run(PortAudio().inputs())
complain()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: ALSA")
def test_alsa_writes_nothing_to_the_terminal() -> None:
    require(("libportaudio2",))
    asked = subprocess.run([sys.executable, "-c", COMPLAIN], capture_output=True, text=True, check=True)
    before, after = asked.stderr.split("silence\n")
    assert "ALSA lib" in before and after == ""


LIST = """
import asyncio
from app.capture.portaudio import PortAudio

async def main():
    system = PortAudio()
    names = lambda inputs: " ".join(device.name for device in inputs)
    inputs = await system.inputs()
    stream = await system.open(inputs[0], lambda block, frames, overflowed: None, lambda: None)
    print(names(inputs), flush=True)
    input()
    print(names(await system.inputs(anew=True)))
    await stream.close()
    await stream.close()
    print(names(await system.inputs()))
    print(names(await system.inputs(anew=True)))

asyncio.run(main())
"""


def test_new_microphone_is_listed_only_while_no_stream_is_open() -> None:
    with virtual_microphones("desk", "headset", plugged=["desk"]) as (desk, headset):
        command = [sys.executable, "-c", LIST]
        with subprocess.Popen(
            command, env=desk.alsa_environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as asking:
            assert asking.stdout is not None
            assert asking.stdout.readline().split() == ["desk", "default"]
            headset.plug()
            rest, _ = asking.communicate("plugged\n", timeout=60)
    assert [line.split() for line in rest.splitlines()] == [
        ["desk", "default"],
        ["desk", "default"],
        ["desk", "headset", "default"],
    ]


class RefusingOutput:
    """A library whose output opens and does not start."""

    class PortAudioError(Exception):
        """An error of PortAudio."""

    def __init__(self) -> None:
        self.closed = 0

    def query_devices(self, *, kind: str) -> dict[str, float]:
        return {"default_samplerate": 48_000.0}

    def RawOutputStream(self, **_options: object) -> "RefusingOutput":
        return self

    def start(self) -> None:
        raise self.PortAudioError("Error starting stream: no")

    def close(self) -> None:
        self.closed += 1


async def test_output_that_does_not_start_is_closed() -> None:
    library = RefusingOutput()
    with pytest.raises(SpeakerRefused):
        await PortAudio(library).play(lambda rate: bytes(rate))
    assert library.closed == 1


class ReturningOutput(RefusingOutput):
    """A library that was started while no sound server ran, and finds its output only when started again."""

    def __init__(self) -> None:
        super().__init__()
        self.started = 0
        self.latency = 0.0

    def query_devices(self, *, kind: str) -> dict[str, float]:
        if not self.started:
            raise self.PortAudioError("Error querying device -1")
        return super().query_devices(kind=kind)

    def _terminate(self) -> None:
        assert self.started == 0

    def _initialize(self) -> None:
        self.started += 1

    def RawOutputStream(self, **options: object) -> "RefusingOutput":
        self._finished = options["finished_callback"]
        return self

    def start(self) -> None:
        assert callable(self._finished)
        self._finished()


async def test_output_that_came_back_with_its_sound_server_is_found() -> None:
    library = ReturningOutput()
    system = PortAudio(library)
    await system.play(lambda rate: bytes(rate))
    await system.play(lambda rate: bytes(rate))
    assert (library.started, library.closed) == (1, 2)


async def test_output_is_not_looked_for_while_a_stream_would_end_by_that() -> None:
    library = ReturningOutput()
    library.started = 1
    system = PortAudio(library)
    stream = await system.open_output(lambda size: b"", lambda: None)
    library.started = 0
    with pytest.raises(SpeakerRefused, match="device -1"):
        await system.play(lambda rate: bytes(rate))
    assert library.started == 0
    await stream.close()


REFUSED = """
import asyncio
from app.capture.errors import SpeakerRefused
from app.capture.portaudio import PortAudio

async def main():
    import sounddevice
    system = PortAudio()
    microphone = (await system.inputs())[0]
    stream = await system.open(microphone, lambda block, frames, overflowed: None, lambda: None)
    busy = dict(channels=1, blocksize=64, latency="high", callback=lambda *block: None)
    with sounddevice.RawInputStream(**busy):
        for _ in range({times}):
            try:
                await system.play(lambda rate: bytes(rate))
            except SpeakerRefused:
                continue
            raise SystemExit("it was not refused")
    await stream.close()

asyncio.run(main())
"""


@pytest.mark.parametrize("times", [400, pytest.param(1_500, marks=pytest.mark.proof(minutes=0.2))])
def test_refused_output_does_not_end_the_process_while_recording(times: int) -> None:
    """Without the check before opening, PortAudio ends the process within a few hundred refusals."""
    with virtual_microphones("desk") as (desk,):
        command = [sys.executable, "-c", REFUSED.format(times=times)]
        done = subprocess.run(command, env=desk.alsa_environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
