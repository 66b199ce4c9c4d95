"""Try the microphone without a take: report the input level, and store no audio.

A take has priority; the trial continues after it. Use everything in one event loop.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.capture.errors import MicrophoneError
from app.core.problem_notes import note_of
from app.dictation.recorder import Recorder
from app.onboarding.steps import MicrophoneActivity, MicrophoneTrial, TryMicrophone
from protocol.audio import SAMPLE_RATE
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Closing, Tasks, cancel_and_wait, loop_time, within
from speech.level import FLOOR_DBFS, QUIET_DBFS, level_of

QUIET_S: Final = 3.0
VOICE_DBFS: Final = -42.0

Samples = NDArray[np.int16]


class LevelCheck:
    """Level measurement of one device's blocks.

    ``heard``: a block was as loud as a voice. ``quiet``: complete silence for some seconds, and no voice before.
    """

    def __init__(self) -> None:
        self.level_dbfs = FLOOR_DBFS
        self.heard = False
        self._silent = 0

    @property
    def quiet(self) -> bool:
        """True after some seconds of complete silence, unless a voice was heard before."""
        return not self.heard and self._silent >= QUIET_S * SAMPLE_RATE

    def measure(self, block: Samples) -> None:
        """Measure another block of samples."""
        self.level_dbfs = level_of(block)
        self.heard = self.heard or self.level_dbfs > VOICE_DBFS
        self._silent = self._silent + len(block) if self.level_dbfs < QUIET_DBFS else 0


log = loggers.APP_ONBOARDING_MICROPHONE


@dataclass(frozen=True)
class TrialTimes:
    """Times in seconds. ``most_s``: longest trial. ``check_s``: between refreshes of the list of microphones.

    ``retry_s``: between attempts to open the microphone. ``report_s``: between reports of the level.
    """

    most_s: float = 300.0
    check_s: float = 3.0
    retry_s: float = 1.0
    report_s: float = 0.05


class MicrophoneTrialRunner(Closing):
    """Runner of microphone trials, as an async context manager.

    ``post`` gets each new state; ``refresh_devices`` refreshes the list of microphones.
    """

    def __init__(
        self,
        recorder: Recorder,
        post: Callable[[MicrophoneTrial], None],
        refresh_devices: Callable[[], None],
        times: TrialTimes | None = None,
    ) -> None:
        self._recorder, self._post, self._refresh_devices = recorder, post, refresh_devices
        self._times = times or TrialTimes()
        self._tasks = Tasks("microphone trial")
        self._listening: asyncio.Task[None] | None = None
        self._view = MicrophoneTrial()
        self._reported_at_s = float("-inf")

    async def close(self) -> None:
        """End all work. Safe to call twice."""
        self._cancel_trial()
        await self._tasks.close()

    def ask(self, action: TryMicrophone) -> None:
        """Start or stop the trial; returns at once."""
        before = self._cancel_trial()
        if action.on:
            self._begin(before)

    def restart(self) -> None:
        """Restart a running trial with the newly chosen microphone."""
        if self._listening is not None:
            self._begin(self._cancel_trial())

    def _begin(self, before: "asyncio.Task[None] | None") -> None:
        self._show(MicrophoneTrial(MicrophoneActivity.OPENING))
        self._listening = self._tasks.start(self._listen(before), "listen")

    def _cancel_trial(self) -> "asyncio.Task[None] | None":
        """Cancel the trial and return its task, which still has to release the microphone."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.cancel()
        self._show(MicrophoneTrial())
        return listening

    async def _listen(self, before: "asyncio.Task[None] | None") -> None:
        await cancel_and_wait([before] if before else [])
        refreshing = self._tasks.start(self._keep_refreshing(), "refresh")
        try:
            async with within(self._times.most_s):
                while True:
                    await self._measure_until_it_ends()
                    await asyncio.sleep(self._times.retry_s)
            self._listening = None
            self._cancel_trial()
        finally:
            refreshing.cancel()

    async def _keep_refreshing(self) -> None:
        while True:
            self._refresh_devices()
            await asyncio.sleep(self._times.check_s)

    async def _measure_until_it_ends(self) -> None:
        try:
            recording = await self._recorder.record_trial(lambda: None)
            if recording is None:
                return
            device, check = recording.device, LevelCheck()
            try:
                async for block in recording.buffer.blocks():
                    if recording.device != device:
                        device, check = recording.device, LevelCheck()
                    check.measure(block)
                    self._report_level(device, check)
            finally:
                recording.abandon()
        except MicrophoneError as error:
            failed = MicrophoneTrial(MicrophoneActivity.OPENING, note=note_of(error))
            if failed != self._view:  # log it once, not at each attempt
                log.info(LogEvent.MICROPHONE_TRIAL_FAILED, reason=str(error))
            self._show(failed)
        else:
            self._show(MicrophoneTrial(MicrophoneActivity.OPENING))

    def _report_level(self, device: str, check: LevelCheck) -> None:
        """Report the level a few times a second, and the first block at once."""
        now = loop_time()
        hearing = self._view.hearing is MicrophoneActivity.HEARING
        if hearing and now - self._reported_at_s < self._times.report_s:
            return
        self._reported_at_s = now
        self._show(MicrophoneTrial(MicrophoneActivity.HEARING, device, check.level_dbfs, check.heard, check.quiet))

    def _show(self, view: MicrophoneTrial) -> None:
        if view != self._view:
            self._view = view
            self._post(view)
