"""Simulate a user who dictates repeatedly with a program that is killed at times, and check the takes."""

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from app.journal.library import TakeSnapshot, users_library
from app.journal.take import TakeState
from app.transcription.pipeline import SegmentingVad
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.session import Final
from speech.audio_file import read_audio
from speech.segmenter import SegmentClosed, Segmenter, SegmentOpened
from speech.vad import open_vad

_MARGIN = SAMPLE_RATE // 2  # segment boundaries may move by this much after a crash
_GRID = SAMPLE_RATE // 100


@dataclass
class Dictating:
    """The simulated user. ``process`` runs now; ``interrupted`` counts how often it was killed."""

    recording: Path
    model: Path
    takes: list[UUID] = field(default_factory=list)
    interrupted: int = 0
    failures: int = 0
    process: asyncio.subprocess.Process | None = None

    async def dictate(self, enough: asyncio.Event) -> None:
        """Dictate takes until ``enough``; send each take again until all its segments have ended."""
        while not enough.is_set() or not self.takes:
            self.takes.append(uuid4())
            while status := await self._run(self.takes[-1]):
                self.failures += status > 0  # the program gave up, it was not killed
                assert self.failures < 20, "the program does not get through: see what it wrote"
                self.interrupted += status < 0

    @property
    def stage(self) -> str:
        """The current stage of the program, from the last event of its take."""
        if not self.takes:
            return "starting"
        events = users_library().root / str(self.takes[-1]) / "events.jsonl"
        lines = events.read_text().splitlines() if events.is_file() else []
        return f"after {json.loads(lines[-1])['type']}" if lines else "starting"

    def kill(self) -> str:
        """Send kill -9, and return the stage at that moment."""
        assert self.process is not None
        stage = self.stage
        self.process.kill()
        return stage

    @property
    def speaking(self) -> bool:
        """Return whether the program runs and its take continues."""
        return self.running and self.stage not in ("starting", "after finished")

    @property
    def running(self) -> bool:
        """Return whether a process runs that can be killed."""
        return self.process is not None and self.process.returncode is None

    async def _run(self, session: UUID) -> int:
        arguments = ("-m", "tests.helpers.dictation", str(session), str(self.recording), str(self.model), "1")
        self.process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=DEVNULL)
        try:
            return await self.process.wait()
        finally:
            if self.process.returncode is None:
                self.process.kill()
                await self.process.wait()

    def check(self) -> int:
        """Assert that no take lost or doubled anything; return the number of segments."""
        whole = np.concatenate(list(read_audio(self.recording)))
        return sum(check_take(users_library().find(session), whole, self.model) for session in self.takes)


def check_take(found: TakeSnapshot, whole: np.ndarray[tuple[int], np.dtype[np.int16]], model: Path) -> int:
    """Check a take against the spoken audio.

    Its audio equals the recording, each text is the digest of its range, each segment ended once, and no speech
    is missing.
    """
    assert found.state is (TakeState.DONE if found.take.segments else TakeState.EMPTY), found
    audio = np.fromfile(found.audio, "<i2")
    assert np.array_equal(audio, whole[: len(audio)])
    free, heard = 0, set[int]()
    for _, spoken in sorted(found.take.segments.items()):
        assert isinstance(spoken.outcome, Final)
        assert spoken.samples is not None
        assert spoken.at >= free
        free = spoken.at + spoken.samples
        assert spoken.outcome.text == checksum(audio[spoken.at : free].tobytes())
        heard |= {n // _GRID for n in range(spoken.at, free, _GRID)}
    assert speech(audio, model) <= heard
    events = [json.loads(line) for line in (found.folder / "events.jsonl").read_text().splitlines()]
    assert set(Counter(event["segment"] for event in events if event["type"] == "final").values()) <= {1}
    return len(found.take.segments)


def speech(audio: np.ndarray[tuple[int], np.dtype[np.int16]], model: Path) -> set[int]:
    """Return the 10 ms steps in which the VAD hears speech, without margins."""
    vad, begun, found = SegmentingVad(open_vad(model), Segmenter()), 0, set[int]()
    for output in [*vad.accept(audio), *vad.finish()]:
        match output:
            case SegmentOpened(_, at):
                begun = at
            case SegmentClosed(_, samples):
                found |= {n // _GRID for n in range(begun + _MARGIN, begun + samples - _MARGIN, _GRID)}
    return found
