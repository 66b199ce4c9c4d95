"""The microphone of a recording.

    async with open_microphone("", on_change=show) as microphone:
        async for block in microphone.buffer.blocks():     # 16 kHz mono int16, until stop()
            ...

The device is opened at its own rate. ``stop()``, for example in a signal handler, ends ``buffer`` after all audio
captured until then. With ``armed=True``, the device is open before the recording: ``start()`` begins a recording
with the 500 ms before it, ``stop()`` ends it, and both may repeat. Each ``start()`` makes its own ``buffer``.

If the device disappears, capture continues with another one: ``app.capture.fallback`` decides which and when.
``on_change`` is called in the loop with a ``MicrophoneChange``. Audio lost in between is counted, not filled in.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.capture.block_buffer import BlockBuffer, PreRoll
from app.capture.desktop_sound import sound_system
from app.capture.devices import Input, chosen, list_microphones
from app.capture.errors import MicrophoneError, MicrophoneRefused
from app.capture.fallback import Fallback, FallbackStep, FallbackTimes, Signs
from app.capture.portaudio import SoundSystem
from app.capture.resampled_input import ResampledInput
from protocol.audio import SAMPLE_RATE
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, is_set_within, loop_time
from speech.level import FLOOR_DBFS, level_of

log = loggers.APP_CAPTURE_MICROPHONE

_FIRST_BLOCK_POLL_S: Final = 0.01
_STANDSTILL_S: Final = 0.5
_CATCH_UP_S: Final = 1.0  # time to read the audio that waited in the sound system
_LEAST_LOST_S: Final = 0.25
_LONGEST_TAIL_S: Final = 0.25
_PROMPT_S: Final = 0.03
"""If a key event is handled later than this, sound may arrive late too."""
_QUIET_DBFS: Final = -45.0
_FIRST_SILENCE: Final = 2 * SAMPLE_RATE
_LATER_SILENCE: Final = 10 * SAMPLE_RATE


class MuteWatch:
    """A detector of digital silence in one recording. ``muted``: the latest samples were zeros for too long.

    A working microphone always delivers some noise, a muted one zeros. A program that suppresses noise delivers
    zeros between words too, so silence after sound is reported later than silence at the beginning.
    """

    def __init__(self) -> None:
        self.muted = False

    def changed_by(self, zeros: int, *, heard: bool) -> bool:
        """Return whether ``muted`` changes.

        ``zeros``: consecutive samples of silence until now. ``heard``: the recording has sound before them.
        """
        before, self.muted = self.muted, zeros >= (_LATER_SILENCE if heard else _FIRST_SILENCE)
        return self.muted != before


class MicrophoneChangeKind(StrEnum):
    """The kinds of microphone changes."""

    LOST = "lost"  # the device is gone; another one is being searched
    FELL_BACK = "fell back"  # another microphone than the chosen one is recorded
    CAME_BACK = "came back"  # the chosen one is recorded again
    DROPPED = "dropped"  # this program was too slow, and audio was dropped
    SILENT = "silent"  # the device in use delivers only digital silence: it may be muted
    HEARD = "heard"  # it delivers sound again


@dataclass(frozen=True)
class MicrophoneChange:
    """A change of the microphone at sample ``at`` of the recording. ``lost_samples``: missing there, at 16 kHz."""

    change: MicrophoneChangeKind
    device: str
    at: int
    lost_samples: int = 0


OnChange = Callable[[MicrophoneChange], None]


@dataclass(frozen=True)
class MicrophoneSettings:
    """Limits of a microphone. ``most_waiting_s``: the audio buffered before any is dropped.

    It applies to audio that waits for the event loop, and again to audio that waits for a journal. ``watch_s``:
    the interval between checks of the device in use.
    """

    pre_roll_ms: int = 500
    most_waiting_s: float = 60.0
    timing: FallbackTimes = FallbackTimes()
    watch_s: float = 0.1


class Microphone:
    """An open microphone, made by ``open_microphone``. Belongs to the event loop.

    ``buffer``: the recording started last. ``level_dbfs``: the level of the last block.
    """

    def __init__(
        self, choice: str, settings: MicrophoneSettings, system: SoundSystem, on_change: OnChange | None = None
    ) -> None:
        self.level_dbfs = FLOOR_DBFS
        self.buffer = BlockBuffer()
        self.buffer.end()
        self._choice = choice
        self._settings = settings
        self._system = system
        self._on_change = on_change or (lambda change: None)
        self._fallback = Fallback(choice, settings.timing)
        self._pre_roll = PreRoll(settings.pre_roll_ms * SAMPLE_RATE // 1000)
        self._tasks = Tasks("microphone")
        self._input: ResampledInput | None = None
        self.device = ""
        self._quiet = 0  # consecutive quiet samples
        self._zeros = 0  # consecutive samples of digital silence
        self._heard = False  # the recording has other samples
        self._mute = MuteWatch()
        self._overflows = 0  # of closed devices
        self._dropped = 0  # of closed devices and full buffers
        self._missed = 0  # samples missed while no device was open
        self._reported = 0
        self._silent_since: float | None = None
        self._running_since_s = 0.0
        self._stood_still = False
        self._behind_s: float | None = None
        self._stopping: asyncio.TimerHandle | None = None

    @property
    def overflows(self) -> int:
        """How often the sound system dropped audio; it does not report how much."""
        return self._overflows + (self._input.overflows if self._input else 0)

    @property
    def lost_samples(self) -> int:
        """Samples lost, at 16 kHz: dropped when too much was waiting, or missed while no device was open."""
        return self._missed + self._dropped + (self._input.dropped if self._input else 0)

    def start(self) -> None:
        """Begin a recording with the audio just before it; a running recording ends."""
        self._finish()
        if self._input is not None:
            self._input.rest(resting=False)
        self._mute, self._zeros, self._heard = MuteWatch(), 0, False
        self.buffer = BlockBuffer(round(self._settings.most_waiting_s * SAMPLE_RATE))
        self._dropped += self.buffer.append(self._pre_roll.drain())

    def stop(self, late_s: float = 0.0) -> None:
        """End the recording once the device has delivered all speech until ``late_s`` seconds ago.

        Safe to call twice.
        """
        if self._stopping is None:
            tail_s = min(self._input.latency_s, _LONGEST_TAIL_S) if self._input else 0.0
            passed_s = late_s if late_s <= _PROMPT_S else 0.0
            self._stopping = asyncio.get_running_loop().call_later(max(0.0, tail_s - passed_s), self._finish)

    # -- opening and closing -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the chosen device and wait for its first sound.

        Raises ``MicrophoneError``, because the start never falls back to another device.
        """
        inputs = await self._system.inputs(anew=True)
        device = chosen(inputs, self._choice)
        await self._use(device, inputs)
        await self._first_block(device)
        self._tasks.start(self._watch(), "watch")
        self._tasks.failed.add_done_callback(self._end_buffer)

    async def close(self) -> None:
        """End the recording and close the device. Safe to call twice."""
        self._finish()
        await self._tasks.close()
        try:
            await self._close_device()
        except MicrophoneError:
            log.exception(LogEvent.MICROPHONE_CLOSE_FAILED)

    # -- audio ---------------------------------------------------------------------------------------------

    def _read_device(self, closed: ResampledInput | None = None, *, last: bool = False) -> None:
        """Read what the device in use has recorded, or one just ``closed``; ``last``: all of it."""
        device = closed or self._input
        if device is None or not len(samples := device.take(last=last)):
            return
        if self._silent_since is not None and closed is None:
            self._report_return(self._silent_since)
        level_dbfs = level_of(samples)
        if closed is None:
            self.level_dbfs = level_dbfs
        self._quiet = self._quiet + len(samples) if level_dbfs < _QUIET_DBFS else 0
        self._zeros = self._zeros + len(samples) if level_dbfs <= FLOOR_DBFS else 0
        self._heard = self._heard or not self._zeros
        if self.buffer.ended.done():
            self._pre_roll.add(samples)
        else:
            self._dropped += self.buffer.append(samples)
        if (lost := self._dropped + (0 if closed else device.dropped) - self._reported) > 0:
            self._reported += lost
            self._report(MicrophoneChangeKind.DROPPED, lost)

    def _report_return(self, since_s: float) -> None:
        first_s = self._input.first_s if self._input else None
        lost = _samples((first_s or since_s) - since_s)
        self._silent_since = None
        self._missed += lost
        self._report(
            MicrophoneChangeKind.FELL_BACK if self._fallback.on_other else MicrophoneChangeKind.CAME_BACK, lost
        )

    def _report(self, change: MicrophoneChangeKind, lost: int = 0) -> None:
        log.info(LogEvent.MICROPHONE_CHANGED, change=change, lost_samples=lost)
        self._on_change(MicrophoneChange(change, self.device, self.buffer.samples, lost))

    def _finish(self) -> None:
        if self._stopping is not None:
            self._stopping.cancel()
            self._stopping = None
        self._read_device(last=True)
        if self._silent_since is not None:  # the recording ends without a device: count its missing samples
            now_s = loop_time()
            self._missed += _samples(now_s - self._silent_since)
            self._silent_since = now_s
        self.buffer.end()
        if self._input is not None:
            self._input.rest(resting=True)

    def _end_buffer(self, failed: "asyncio.Future[BaseException]") -> None:
        if not failed.cancelled():
            self.buffer.end(failed.result())

    # -- devices -------------------------------------------------------------------------------------------

    async def _first_block(self, device: Input) -> None:
        try:
            async with asyncio.timeout(self._settings.timing.first_block):
                while self._input is not None and self._input.last_block_s is None:
                    if self._input.ended.is_set():
                        raise MicrophoneRefused(device.name, "its stream ended at once")
                    await asyncio.sleep(_FIRST_BLOCK_POLL_S)
        except TimeoutError:
            raise MicrophoneRefused(device.name, "it gives no sound") from None

    async def _watch(self) -> None:
        while True:
            await self._wait()
            if not self.buffer.ended.done() and self._mute.changed_by(self._zeros, heard=self._heard):
                self._report(MicrophoneChangeKind.SILENT if self._mute.muted else MicrophoneChangeKind.HEARD)
            step = self._fallback.step(self._signs())
            if step in (FallbackStep.LOST, FallbackStep.RETURN):
                with suppress(MicrophoneError):  # a hanging device delays the next step too
                    await self._close_device(step is FallbackStep.LOST)
            elif step is FallbackStep.SEARCH:
                await self._search()
            elif step is FallbackStep.CHECK:
                self._tasks.start(self._check(), "check")

    async def _wait(self) -> None:
        before_s = loop_time()
        if self._input is None:
            await asyncio.sleep(self._settings.watch_s)
        else:
            await is_set_within(self._input.ended, self._settings.watch_s)
        if (now_s := loop_time()) - before_s > _STANDSTILL_S:
            self._running_since_s, self._stood_still = now_s, True
        if now_s - self._running_since_s > _CATCH_UP_S and self._input is not None:
            self._count_overflow(self._input.behind_s)

    def _count_overflow(self, behind_s: float | None) -> None:
        """Report audio that the sound system dropped, unreported, while this process was suspended."""
        before_s, self._behind_s = self._behind_s, behind_s
        stood_still, self._stood_still = self._stood_still, False
        if not stood_still or self.buffer.ended.done() or before_s is None or behind_s is None:
            return
        if behind_s - before_s < _LEAST_LOST_S:
            return
        lost = _samples(behind_s - before_s)
        self._missed += lost
        self._report(MicrophoneChangeKind.DROPPED, lost)

    def _signs(self) -> Signs:
        now_s = loop_time()
        if self._input is None:
            return Signs(now_s)
        device, quiet_s = self._input, self._quiet / SAMPLE_RATE
        silent = self._mute.muted and not self.buffer.ended.done()
        return Signs(now_s, device.last_block_s, device.ended.is_set(), quiet_s, self._running_since_s, silent)

    async def _search(self) -> None:
        with suppress(MicrophoneError):
            inputs = await self._system.inputs(anew=True)
            for device in self._fallback.candidates(inputs):
                with suppress(MicrophoneError):
                    await self._use(device, inputs)
                    return
        self._fallback.failed(loop_time())

    async def _check(self) -> None:
        inputs = await list_microphones()
        self._fallback.checked(inputs, loop_time())

    async def _use(self, device: Input, inputs: list[Input]) -> None:
        opened = ResampledInput(device, self._read_device, self._settings.most_waiting_s)
        opened.rest(resting=self.buffer.ended.done())
        await opened.open(self._system)
        self._input, self.device, self._quiet = opened, device.name, 0
        self._behind_s, self._stood_still = None, False
        self._mute, self._zeros, self._heard = MuteWatch(), 0, False
        self._fallback.opened(device, inputs, loop_time())
        self._read_device()

    async def _close_device(self, lost: bool = False) -> None:
        """Close the device in use and keep its audio. Report the loss first, because closing may hang."""
        device, self._input = self._input, None
        if device is None:
            return
        self._read_device(device, last=True)
        self._overflows += device.overflows
        self._dropped += device.dropped
        if self._silent_since is None:
            self._silent_since = device.last_block_s or loop_time()
        try:
            if lost:
                self.level_dbfs = FLOOR_DBFS
                self._report(MicrophoneChangeKind.LOST)
        finally:
            await device.close()
            self._read_device(device, last=True)


def _samples(seconds: float) -> int:
    return round(max(0.0, seconds) * SAMPLE_RATE)


@asynccontextmanager
async def open_microphone(
    choice: str = "",
    settings: MicrophoneSettings = MicrophoneSettings(),
    *,
    armed: bool = False,
    on_change: OnChange | None = None,
    system: SoundSystem | None = None,
) -> AsyncIterator[Microphone]:
    """Open the microphone that ``choice`` names, in full or in part; empty: the system's default.

    It records at once, unless ``armed``. Raises ``MicrophoneError``; the text contains the remedy.
    """
    microphone = Microphone(choice, settings, system or sound_system(), on_change)
    try:
        if not armed:
            microphone.start()
        await microphone.open()
        yield microphone
    finally:
        await microphone.close()
