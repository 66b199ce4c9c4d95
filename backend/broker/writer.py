"""Queue of commands of many sessions to the broker: in order, many per round trip.

One batch is in flight at a time. While the broker is away the batch is repeated, with back-off; therefore every
command must be harmless when repeated.

Commands refused by a full broker are repeated behind later ones, so that commands that make room are not
blocked. Cancelled commands are not repeated: an old hello would take a session away from its current gateway.
The queue is bounded in commands and bytes; when it is full, ``send`` refuses.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from backend.core.errors import BrokerBusy, BrokerError, BrokerUnreachable
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.histogram import Histogram
from runtime.tasks import Signal

log = loggers.BACKEND_WRITER

MOST_BYTES: Final = 512_000_000
_BATCH_COMMANDS: Final = 128
_BATCH_BYTES: Final = 4 * 1024 * 1024
_LINGER_S: Final = 0.1
_ROUND_TRIP_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 10.0)
_RETRY_S: Final = (0.05, 0.1, 0.25, 0.5, 1.0)


@dataclass(eq=False)
class Command:
    """Command to the broker. ``parse`` turns the reply into the result of ``done``.

    A command that is cancelled while it waits is dropped. The broker may refuse an ``optional`` command, which
    is then never repeated. ``own``: the script uses only the session's key, so that its errors mean that this key
    is damaged.
    """

    script: str
    keys: Sequence[str]
    arguments: Sequence[str | bytes | int]
    parse: Callable[[Any], Any]
    size: int = 0
    optional: bool = False
    own: bool = False
    done: "asyncio.Future[Any]" = field(init=False)

    def __post_init__(self) -> None:
        self.done = asyncio.get_running_loop().create_future()


Execute = Callable[[Sequence[Command]], Awaitable[Sequence[Any]]]


class CommandWriter:
    """Queue of commands. ``execute`` sends one batch and returns a reply or an exception per command.

    ``BrokerUnreachable`` returned for one command, or any ``BrokerError`` raised for all, means: repeat later.
    ``round_trips``: durations of answered batches.
    """

    def __init__(
        self,
        execute: Execute,
        most_commands: int = 20_000,
        most_bytes: int = MOST_BYTES,
        round_trips: Histogram | None = None,
    ) -> None:
        self._execute = execute
        self._most_commands = most_commands
        self._most_bytes = most_bytes
        self._queue: deque[Command] = deque()
        self._refused: deque[Command] = deque()
        self._bytes = 0
        self._failures = 0
        self._wanted = Signal()
        self._idle = asyncio.Event()
        self._idle.set()
        self.up = True
        self.trouble = ""
        self.round_trips = round_trips or new_round_trips()
        self._away_since = 0.0

    def send(self, command: Command, at_once: bool = True) -> "asyncio.Future[Any]":
        """Queue a command; without ``at_once`` it may wait briefly for others. Raises ``BrokerBusy`` when full."""
        waiting = len(self._queue) + len(self._refused)
        if waiting >= self._most_commands or self._bytes + command.size > self._most_bytes:
            raise BrokerBusy("too many jobs wait for the broker: try again later")
        self._queue.append(command)
        self._bytes += command.size
        self._idle.clear()
        if at_once:
            self._wanted.set()
        elif len(self._queue) == 1:
            asyncio.get_running_loop().call_later(_LINGER_S, self._wanted.set)
        return command.done

    async def until_flushed(self) -> None:
        """Wait until no command is queued or in flight."""
        await self._idle.wait()

    async def run(self) -> None:
        """Send batches until cancelled."""
        while True:
            await self._wanted.wait()
            await self._deliver(self._take())  # no variable, which would keep the audio during the next wait
            if not self._queue and not self._refused:
                self._wanted.clear()
                self._idle.set()

    def _take(self) -> list[Command]:
        """Return the next batch: new commands, and at least one that was refused."""
        batch: list[Command] = []
        size = 0
        for waiting in (self._queue, self._refused):
            least = 1
            while waiting and (least > 0 or (len(batch) < _BATCH_COMMANDS and size <= _BATCH_BYTES)):
                command = waiting.popleft()
                if command.done.cancelled():
                    self._bytes -= command.size
                    continue
                batch.append(command)
                size += command.size
                least -= 1
        return batch

    async def _deliver(self, batch: Sequence[Command]) -> None:
        if not batch:
            self.up = True  # all were cancelled: the next command shows whether the broker is there
            return
        begun = time.monotonic()
        try:
            replies = await self._execute(batch)
            self.round_trips.add(time.monotonic() - begun)
        except BrokerError as error:  # also if the broker refuses the scripts: no other code would report that
            self._queue.extendleft(reversed(batch))
            await self._pause(error)
            return
        refusal: BrokerUnreachable | None = None
        for command, reply in zip(batch, replies, strict=True):
            if isinstance(reply, BrokerUnreachable):
                refusal = reply
                self._refused.append(command)
            else:
                self._bytes -= command.size
                _settle(command, reply)
        if refusal is not None:
            await self._pause(refusal)
            return
        if not self.up:
            away_s = round(time.monotonic() - self._away_since, 1)
            log.info(LogEvent.BROKER_RECONNECTED, commands=len(batch), away_s=away_s)
        self.up = True
        self._failures = 0

    async def _pause(self, error: BrokerError) -> None:
        if self.up:
            log.warning(LogEvent.BROKER_DISCONNECTED, error=str(error))
            self._away_since = time.monotonic()
        self.up, self.trouble = False, error.trouble
        await asyncio.sleep(_RETRY_S[min(self._failures, len(_RETRY_S) - 1)])
        self._failures += 1


def new_round_trips() -> Histogram:
    """Return an empty histogram for the durations of batches."""
    return Histogram(_ROUND_TRIP_S)


def _settle(command: Command, reply: Any) -> None:
    if command.done.done():
        return
    try:
        if isinstance(reply, Exception):
            raise reply
        command.done.set_result(command.parse(reply))
    except Exception as error:  # noqa: BLE001 - passed to the caller that awaits the reply
        command.done.set_exception(error)
