"""A microphone trial without a take: report the level, record a sample and play it.

Nothing is written to disk. A take has priority; the trial continues after it. Use everything in one event loop.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from app.capture.errors import MicrophoneError
from app.core.notes import Note
from app.core.problem_notes import note_of
from app.dictation.recorder import Recording
from app.onboarding.actions import PlaySample, RecordSample, TryMicrophone
from app.onboarding.sample_recording import Ear
from app.onboarding.view import MicrophoneActivity, MicrophoneTrial
from runtime import logger_names
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, cancel_and_wait

log = structlog.get_logger(logger_names.APP_ONBOARDING_MICROPHONE)


PlayAloud = Callable[[Callable[[int], bytes], Callable[[], None]], Awaitable[None]]
"""``app.capture.portaudio.PortAudio.play``: gets the sound, and a callback for its start."""


class TrialRecorder(Protocol):
    """The interface of ``app.dictation.recorder.Recorder``."""

    async def attend(self, over: Callable[[], None]) -> Recording | None: ...


@dataclass(frozen=True)
class TrialTimes:
    """Times in seconds. ``most_s``: the longest trial. ``look_s``: between searches for devices.

    ``again_s``: between attempts to open the microphone. ``tell_s``: between reports of the level.
    """

    most_s: float = 300.0
    look_s: float = 3.0
    again_s: float = 1.0
    tell_s: float = 0.05


class MicrophoneTrialRunner:
    """A microphone trial. ``post`` gets each new state; ``look`` refreshes the list of microphones."""

    def __init__(
        self,
        recorder: TrialRecorder,
        post: Callable[[MicrophoneTrial], None],
        play: PlayAloud,
        look: Callable[[], None],
        times: TrialTimes | None = None,
    ) -> None:
        self._recorder, self._post, self._play, self._look = recorder, post, play, look
        self._times = times or TrialTimes()
        self._tasks = Tasks("microphone trial")
        self._listening: asyncio.Task[None] | None = None
        self._playing: asyncio.Task[None] | None = None
        self._aloud = False
        self._ear = Ear()
        self._view = MicrophoneTrial()
        self._unheard: Note | None = None
        self._told_at = float("-inf")

    def ask(self, action: TryMicrophone | RecordSample | PlaySample) -> None:
        """Handle a trial request; returns at once."""
        match action:
            case TryMicrophone(on):
                before = self._end()
                if on:
                    self._ear = Ear()
                    self._begin(before)
            case RecordSample() if self._view.hearing is MicrophoneActivity.HEARING:
                self._ear.record()
            case PlaySample() if self._view.hearing is MicrophoneActivity.HEARING and self._ear.complete:
                self._play_sample()

    def again(self) -> None:
        """Restart a running trial with the newly chosen microphone."""
        if self._listening is not None:
            self._begin(self._end())

    async def close(self) -> None:
        """End the trial. Safe to call twice."""
        self._end()
        await self._tasks.close()

    def _begin(self, before: "asyncio.Task[None] | None") -> None:
        self._show(MicrophoneTrial(MicrophoneActivity.OPENING))
        self._listening = self._tasks.start(self._listen(before), "listen")

    def _end(self) -> "asyncio.Task[None] | None":
        """Cancel the trial and return its task, which then releases the microphone."""
        listening, playing = self._listening, self._playing
        self._listening = self._playing = None
        for task in (listening, playing):
            if task is not None:
                task.cancel()
        self._aloud, self._unheard = False, None
        self._ear.give_up()
        self._show(MicrophoneTrial())
        return listening

    async def _listen(self, before: "asyncio.Task[None] | None") -> None:
        await cancel_and_wait([before] if before else [])
        looking = self._tasks.start(self._keep_looking(), "look")
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._times.most_s):
                    while True:
                        await self._hear_until_it_ends()
                        await asyncio.sleep(self._times.again_s)
            self._listening = None
            self._end()
        finally:
            looking.cancel()

    async def _keep_looking(self) -> None:
        while True:
            self._look()
            await asyncio.sleep(self._times.look_s)

    async def _hear_until_it_ends(self) -> None:
        try:
            recording = await self._recorder.attend(lambda: None)
            if recording is None:
                return
            device = ""
            try:
                async for block in recording.blocks():
                    if recording.device != device:
                        device = recording.device
                        self._ear.measure()
                    if self._ear.hear(block):
                        self._play_sample()
                    self._tell(recording.device)
            finally:
                recording.give_up()
        except MicrophoneError as error:
            log.info(LogEvent.MICROPHONE_TRIAL_FAILED, reason=str(error))
            self._show(MicrophoneTrial(MicrophoneActivity.OPENING, sample=self._ear.complete, note=note_of(error)))
        else:
            self._show(MicrophoneTrial(MicrophoneActivity.OPENING, sample=self._ear.complete))
        finally:
            self._ear.give_up()

    def _play_sample(self) -> None:
        if self._playing is None or self._playing.done():
            self._playing = self._tasks.start(self._play_once(), "play")

    async def _play_once(self) -> None:
        try:
            await self._play(self._ear.sound_at, self._is_aloud)
        except MicrophoneError as error:
            log.info(LogEvent.SAMPLE_PLAYBACK_FAILED, reason=str(error))
            self._unheard = note_of(error)
        finally:
            self._aloud = False

    def _is_aloud(self) -> None:
        """Note that the output accepts the sound: only now is it audible."""
        self._aloud, self._unheard = True, None

    def _tell(self, device: str) -> None:
        """Report the level a few times a second, and changes of the state at once."""
        ear = self._ear
        hearing = (
            MicrophoneActivity.RECORDING
            if ear.left_s
            else MicrophoneActivity.PLAYING
            if self._aloud
            else MicrophoneActivity.HEARING
        )
        now = asyncio.get_running_loop().time()
        if hearing is self._view.hearing and now - self._told_at < self._times.tell_s:
            return
        self._told_at = now
        self._show(
            MicrophoneTrial(
                hearing, device, ear.level_dbfs, ear.heard, ear.quiet, ear.left_s, ear.complete, self._unheard
            ),
        )

    def _show(self, view: MicrophoneTrial) -> None:
        if view != self._view:
            self._view = view
            self._post(view)
