"""Run the takes that the state machine begins, and set some aside while too many wait."""

from collections import deque
from collections.abc import Callable

from app.core.errors import Note
from app.dictation.dictation_options import DictationOptions
from app.dictation.gestures import TalkMode
from app.dictation.messages import CloseTake, DiscardTake, Effect, PutAside, StartRecording, StopRecording
from app.dictation.take_runner import Handle, TakeParts, TakeRunner
from app.dictation.text_inserter import TextInserter
from app.insertion.outcome import Target
from runtime.tasks import Tasks, complete


class RunningTakes:
    """The takes of this run that record or wait for texts, in their owner's ``tasks``.

    ``options``: returns the current preferences. ``changed`` is called when a take has ended early.
    ``aside``: the sessions of takes that were put aside, for the history only.
    """

    def __init__(
        self,
        parts: TakeParts,
        options: Callable[[], DictationOptions],
        texts: TextInserter,
        tasks: Tasks,
        handle: Handle,
        changed: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._options = options
        self._texts = texts
        self._tasks = tasks
        self._handle = handle
        self._changed = changed
        self._runners: dict[int, TakeRunner] = {}
        self.aside = deque[str]()

    @property
    def destination(self) -> str:
        """The name of the gateway that receives the newest take, or of the next one; empty: this computer."""
        newest = self._runners[max(self._runners)].destination if self._runners else None
        return self._options().destination if newest is None else newest

    @property
    def unsent_s(self) -> dict[int, float]:
        """The seconds of audio of each take that have not been sent yet."""
        return {take: runner.unsent_s() for take, runner in self._runners.items()}

    @property
    def notes(self) -> list[Note]:
        """The notes about takes that the user should see, the oldest take's first."""
        return [note for runner in self._runners.values() if (note := runner.note) is not None]

    def perform(self, effect: Effect) -> bool:
        """Start an effect and return at once.

        Return whether the effect concerns a whole take.
        """
        match effect:
            case StartRecording(take, mode):
                self._start(take, mode)
            case StopRecording(take, late_s):
                self._runners[take].stop(late_s)
            case DiscardTake(take):
                self._tasks.start(complete(self._discard(take)), "discard")
            case PutAside(take):
                self._tasks.start(self._put_aside(take, self._runners.pop(take)), "put aside")
            case CloseTake(take):
                self._runners.pop(take, None)
                self._texts.record(self._parts.deliveries.close(take))
            case _:
                return False
        return True

    def set_target(self, take: int, segment: int, target: Target | None) -> None:
        """Note the target window of a segment, if its take still runs."""
        if runner := self._runners.get(take):
            runner.set_target(segment, target)

    def _start(self, take: int, mode: TalkMode) -> None:
        self._texts.find_target(take)  # first: the focus may move at any time
        runner = TakeRunner(take, mode, self._parts, self._options().options, self._handle)
        runner.start(self._tasks)
        self._runners[take] = runner

    async def _discard(self, take: int) -> None:
        await self._runners.pop(take).cancel()
        await self._parts.deliveries.discard(take)
        self._changed()

    async def _put_aside(self, take: int, runner: TakeRunner) -> None:
        await runner.cancel()
        await self._parts.deliveries.close(take)
        self.aside.append(str(runner.session))
        self._changed()
