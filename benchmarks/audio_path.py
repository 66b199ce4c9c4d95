"""Way of a 100 ms frame from PortAudio's callback to the socket: functions entered, files opened, CPU time.

    python -m benchmarks.audio_path [--model FOLDER] [--json FILE]

The pipeline is the app's own: microphone, journal, VAD, segmenter, gateway client. Only the sound library and the
gateway are replaced, in the same process. A function is counted if it is entered once per frame. ``path``: moves
the frame to the socket. ``disk``: runs in the journal's thread. ``speech``: computes on samples.
"""

import asyncio
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, Final
from uuid import uuid4

import numpy as np
import structlog

from app.capture.microphone import open_microphone
from app.capture.portaudio import PortAudio
from app.core.transcript import TranscriptSegment
from app.journal.backlog import DiskState
from app.journal.journal import Journal
from app.transcription.listening import DictationObserver, DictationSetup, MicrophoneStatus
from app.transcription.pipeline import Samples
from benchmarks.app_microphone import long_recording
from benchmarks.report import arguments, table, write_json
from client.connection import Address, fixed
from client.events import ClientEvent
from protocol.audio import FRAME_SAMPLES, SAMPLE_RATE
from protocol.recognition import Options
from runtime.folders import folders
from speech.vad import open_vad
from tests.helpers.scripted_gateway import oblige, scripted

ROOT: Final = Path(__file__).resolve().parent.parent
_PACKAGES: Final = ("app", "client", "protocol", "runtime", "speech")
_BLOCK: Final = SAMPLE_RATE // 50
_COUNTED_S: Final = 12
_TIMED_S: Final = 60
_LEAD_S: Final = 5.0
_ROUNDS: Final = 3
_PER_FRAME: Final = 0.9
_OF_GATEWAY: Final = ("decode_frame", "split_frame")  # called by the gateway of this process only
_DEADLINE_S: Final = 60.0


@dataclass
class Entries:
    """Entries of project functions, by place and thread, and ``open`` events, while ``on``."""

    calls: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    opened: list[str] = field(default_factory=list)
    on: bool = False
    _names: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count within the context, in this thread and in every thread started there."""
        sys.addaudithook(self._audit)
        threading.setprofile(self._enter)
        sys.setprofile(self._enter)
        self.on = True
        try:
            yield
        finally:
            self.on = False
            sys.setprofile(None)
            threading.setprofile(None)

    def _enter(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (module := self._module(frame.f_code.co_filename)):
            name = frame.f_code.co_qualname if sys.version_info >= (3, 11) else frame.f_code.co_name
            if not name.endswith(("comp>", "genexpr>")) and name not in _OF_GATEWAY:
                writing = threading.current_thread().name == "journal/writer"
                self.calls[module, name, writing] += 1

    def _module(self, file: str) -> str:
        if file not in self._names:
            path = Path(file)
            inside = path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in _PACKAGES
            self._names[file] = str(path.relative_to(ROOT)) if inside else ""
        return self._names[file]

    def _audit(self, event: str, details: tuple[Any, ...]) -> None:
        if self.on and event == "open":
            self.opened.append(str(details[0]))


@dataclass(frozen=True)
class Way:
    """Functions that each frame enters, by kind, and files opened per frame."""

    path: tuple[str, ...]
    disk: tuple[str, ...]
    speech: tuple[str, ...]
    opens: float


class _SoundLibrary:
    """The part of ``sounddevice`` that ``PortAudio`` uses, with one microphone that plays a recording."""

    PortAudioError = OSError
    default = SimpleNamespace(device=(0, 0))

    def __init__(self, play: Callable[[Callable[..., None]], None]) -> None:
        self._play = play

    def _terminate(self) -> None:
        """Accept the restart that shows new devices."""

    _initialize = _terminate

    def query_hostapis(self) -> list[dict[str, Any]]:
        """Return one sound interface."""
        return [{"name": "recorded"}]

    def query_devices(self) -> list[dict[str, Any]]:
        """Return the one microphone that exists."""
        rate = {"default_samplerate": SAMPLE_RATE}
        return [{"name": "a recording", "hostapi": 0, "max_input_channels": 1, **rate}]

    def RawInputStream(self, callback: Callable[..., None], **_: Any) -> SimpleNamespace:
        """Open the microphone; its thread calls ``callback``."""
        thread = threading.Thread(target=self._play, args=(callback,), name="recorded microphone", daemon=True)
        return SimpleNamespace(latency=0.0, start=thread.start, close=lambda: thread.join(_DEADLINE_S))


class _Audience(DictationObserver):
    """Observer of the dictation, which lets the microphone be at most ``lead_s`` ahead of the VAD."""

    unsent_s: Callable[[], float]
    keeping: Callable[[], DiskState]
    microphone: MicrophoneStatus | None

    def __init__(self, recording: Samples, lead_s: float) -> None:
        self.stop: Callable[[], None] = lambda: None
        self._recording, self._lead_s = recording, lead_s
        self._listened = 0.0
        self._changed = threading.Condition()
        self._loop = asyncio.get_running_loop()

    def play(self, callback: Callable[..., None]) -> None:
        """Pass the recording to PortAudio's callback in blocks of 20 ms, then stop the microphone."""
        status = SimpleNamespace(input_overflow=False)
        blocks = (self._recording / np.float32(32_768)).astype(np.float32)
        for at in range(0, len(blocks), FRAME_SAMPLES):
            for start in range(at, min(at + FRAME_SAMPLES, len(blocks)), _BLOCK):
                block = blocks[start : start + _BLOCK]
                callback(block.tobytes(), len(block), None, status)
            self._wait(min(at + FRAME_SAMPLES, len(blocks)) / SAMPLE_RATE - self._lead_s)
        self._wait(len(blocks) / SAMPLE_RATE)
        self._loop.call_soon_threadsafe(self.stop)

    def listened(self, seconds: float) -> None:
        """Let the microphone go on."""
        with self._changed:
            self._listened = seconds
            self._changed.notify_all()

    def over(self) -> None:
        """Ignore the end of the audio."""

    def heard(self, event: ClientEvent) -> None:
        """Ignore an event of the client."""

    def recognised(self, segment: TranscriptSegment) -> None:
        """Ignore a text that arrived."""

    def finished(self) -> None:
        """Ignore the end of the dictation."""

    def _wait(self, seconds: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._listened >= seconds, _DEADLINE_S):
                raise TimeoutError(f"{self._listened:.1f} s of {seconds:.1f} s were heard")


async def dictate(recording: Samples, vad_folder: Path, root: Path, lead_s: float) -> int:
    """Dictate a recording to a gateway of this process. Return the number of frames sent."""
    audience = _Audience(recording, lead_s)
    system = PortAudio(_SoundLibrary(audience.play))
    async with scripted(oblige) as gateway:
        listener = DictationSetup(fixed(Address(gateway.url)), vad_folder)
        with Journal.create(root, uuid4(), Options(), 0) as journal:
            async with open_microphone(system=system) as microphone:
                audience.stop = microphone.stop
                await listener.listen(journal, microphone, audience)
            if microphone.lost_samples or journal.samples != len(recording):
                raise RuntimeError(f"{journal.samples} of {len(recording)} samples are in the journal")
        return sum(map(len, gateway.memory.audio.values())) // (2 * FRAME_SAMPLES)


def count(vad_folder: Path, seconds: float = _COUNTED_S) -> Way:
    """Count the functions that a frame enters, one frame after the other."""
    entries, recording = Entries(), long_recording(seconds / 60)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "takes"
        with entries.counted():
            frames = asyncio.run(dictate(recording, vad_folder, root, 0.0))
        opens = sum(str(root) in path and path.endswith(".pcm16") for path in entries.opened)
    per_frame = sorted(key for key, calls in entries.calls.items() if calls >= _PER_FRAME * frames)
    named = {key: f"{key[0]}:{key[1]}" for key in per_frame}
    disk = tuple(named[key] for key in per_frame if key[2])
    speech = tuple(named[key] for key in per_frame if not key[2] and key[0].startswith("speech/"))
    path = tuple(named[key] for key in per_frame if not key[2] and not key[0].startswith("speech/"))
    return Way(path, disk, speech, (opens - 2) / frames)  # the take is opened once to write and once to read


def cpu_ms(vad_folder: Path) -> tuple[float, float]:
    """Return CPU ms per second of audio of everything in this process, and of the VAD alone; best of three."""
    recording, whole, alone = long_recording(_TIMED_S / 60), [inf], [inf]
    vad = open_vad(vad_folder)
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            before = time.process_time()
            asyncio.run(dictate(recording, vad_folder, Path(folder) / "takes", _LEAD_S))
            whole.append(time.process_time() - before)
        vad.reset()
        before = time.process_time()
        for at in range(0, len(recording), 3 * _BLOCK):
            vad.accept(recording[at : at + 3 * _BLOCK])
        alone.append(time.process_time() - before)
    return 1000 * min(whole) / _TIMED_S, 1000 * min(alone) / _TIMED_S


def main() -> None:
    """Measure, print and save the figures."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    options = arguments(__doc__, model=str(folders().models / "fsmn-vad"))
    model = Path(options.model)
    way = count(model)
    whole, vad = cpu_ms(model)
    row: dict[str, object] = {
        "functions_to_the_socket": len(way.path),
        "in_the_thread_of_the_journal": len(way.disk),
        "in_speech": len(way.speech),
        "opens_per_frame": way.opens,
        "cpu_ms_per_s": whole,
        "without_vad_ms": whole - vad,
    }
    title = "A frame of 100 ms, from PortAudio's callback to the socket"
    table(title, [row])
    for kind in ("path", "disk", "speech"):
        print(f"\n{kind}: " + ", ".join(getattr(way, kind)))
    write_json(options.json, title, [row])


if __name__ == "__main__":
    main()
