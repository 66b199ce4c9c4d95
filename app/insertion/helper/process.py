"""A helper process for insertion, as the app sees it. Never talks to the screen itself."""

import asyncio
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Self

import psutil

from app.insertion.errors import HelperEnded, HelperFailed, InsertionError, ScreenMissing
from app.insertion.helper.frames import (
    REPLIES,
    REQUESTS,
    CloseRequest,
    FailedReply,
    FindRequest,
    FoundReply,
    InsertedReply,
    InsertRequest,
    LateKey,
    OpenedReply,
    OpenRequest,
    PressingNotice,
    RefusedReply,
    Reply,
    Request,
)
from app.insertion.outcome import Insertion, InsertionResult, Target
from app.insertion.paste_watch import HANGS_S
from app.insertion.plan import Rules
from app.x11.grab_guard import CUT_OFF
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.framing import BrokenFrame
from runtime.leash import leashed_command
from runtime.tasks import Tasks, close_on_error, within

log = loggers.APP_INSERTION_HELPER

_START_S: Final = 10.0
_CLOSE_S: Final = 5.0
_MOST_LATE: Final = 8


class HelperProcess:
    """A connected helper process. Once it is ``over``, requests raise ``HelperEnded``."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.over = False
        self._process, self._requests, self._replies = process, process.stdin, process.stdout
        self._asked: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self._pressed = False
        self._late: dict[int, tuple[LateKey, float]] = {}  # by program, with the time
        self._window = self._program = 0  # of the text in progress
        self._tasks = Tasks("insertion helper")
        self._reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        opening: OpenRequest,
        kept: int | None,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        when_app_dies: signal.Signals | None = None,
    ) -> Self:
        """Start a helper process. Raises ``ScreenMissing`` or ``HelperEnded``.

        ``kept``: the memory file for ``KeptContents``; its descriptor is the last argument of the command.
        ``environment``: default that of this process. ``when_app_dies``: the signal that the helper then gets;
        ``None``: SIGKILL, which cannot be the default because Windows lacks it.
        """
        words = [*command, *([] if kept is None else [str(kept)])]
        passed = () if kept is None else (kept,)
        try:
            process = await asyncio.create_subprocess_exec(
                *leashed_command(words, when_app_dies or signal.SIGKILL),
                stdin=PIPE,
                stdout=PIPE,
                env=environment,
                pass_fds=passed,
                start_new_session=True,
            )
        except OSError as error:  # such as too many processes
            raise HelperEnded from error
        helper = cls(process)
        for key in opening.late:
            helper._keep_late(key)
        async with close_on_error(helper._end):
            await helper._open(opening)
        helper._reading = helper._tasks.start(helper._read_replies(), "read")
        return helper

    @property
    def pid(self) -> int:
        """The id of the started process. On X11, the inserting process is its child."""
        return self._process.pid

    @property
    def late(self) -> tuple[LateKey, ...]:
        """The paste keys that programs may still have to process, the newest last."""
        since = time.monotonic() - HANGS_S
        return tuple(key for key, at in self._late.values() if at > since)[-_MOST_LATE:]

    async def find(self) -> Target | None:
        """Return the focused window."""
        reply = await self._ask(FindRequest(self._next()))
        return reply.target if isinstance(reply, FoundReply) else None

    async def insert(self, text: str, target: Target, rules: Rules) -> Insertion:
        """Insert one text; calls must not overlap."""
        self._pressed, self._window, self._program = False, target.window, 0
        reply = await self._ask(InsertRequest(self._next(), text, target, rules))
        assert isinstance(reply, InsertedReply), reply
        if reply.insertion.how is not InsertionResult.HELD:
            self._late.pop(self._program, None)
        return reply.insertion

    async def until_ended(self) -> None:
        """Wait for the end of the helper."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    async def close(self) -> None:
        """Let the helper restore borrowed resources, then end it. Safe to call twice."""
        if not self.over:
            with suppress(HelperEnded):
                self._send(CloseRequest())
            self._requests.close()
            async with within(_CLOSE_S):
                await self.until_ended()
            self.kill()
        await self.until_ended()
        await self._tasks.close()

    def kill(self) -> None:
        """Kill the helper and its inserting process at once. Safe after its end."""
        if self._process.returncode is None:
            with suppress(psutil.Error):  # not asyncio's kill: its poll would steal the status from asyncio
                psutil.Process(self._process.pid).kill()

    def _keep_late(self, key: LateKey) -> None:
        self._late.pop(key.program, None)  # so that it becomes the newest
        self._late[key.program] = key, time.monotonic()

    async def _open(self, opening: OpenRequest) -> None:
        try:
            async with asyncio.timeout(_START_S):
                self._send(opening)
                reply = await REPLIES.receive(self._replies)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, BrokenFrame) as error:
            raise HelperEnded from error
        if not isinstance(reply, OpenedReply):
            raise ScreenMissing(reply.message) if isinstance(reply, RefusedReply) else HelperEnded

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _send(self, request: Request) -> None:
        try:
            self._requests.write(REQUESTS.pack(request))
        except (OSError, RuntimeError) as error:
            raise HelperEnded(pressed=self._pressed) from error

    async def _ask(self, request: FindRequest | InsertRequest) -> Reply:
        if self.over:
            raise HelperEnded
        answer = self._asked[request.number] = asyncio.get_running_loop().create_future()
        try:
            self._send(request)
            reply: Reply = await answer
            return reply
        finally:
            self._asked.pop(request.number, None)

    async def _read_replies(self) -> None:
        """Deliver replies to the waiting callers, until the process ends."""
        with suppress(asyncio.IncompleteReadError, OSError, BrokenFrame):
            while True:
                self._take(await REPLIES.receive(self._replies))
        self.over = True
        status = await self._end()
        log.info(LogEvent.INSERTION_HELPER_ENDED, status=status, cut_off=status == CUT_OFF, pressed=self._pressed)
        for answer in self._asked.values():
            _fail(answer, HelperEnded(pressed=self._pressed))

    def _take(self, reply: Reply) -> None:
        match reply:
            case PressingNotice(program):
                self._pressed, self._program = True, program
                if program:
                    self._keep_late(LateKey(program, self._window))
            case FailedReply(number, message):
                if number in self._asked:
                    _fail(self._asked[number], HelperFailed(message, pressed=self._pressed))
            case FoundReply(number=number) | InsertedReply(number=number):
                answer = self._asked.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(reply)

    async def _end(self) -> int:
        """Kill the process unless it has ended; return its exit status."""
        if self._process.returncode is None and self._replies.at_eof():
            async with within(_CLOSE_S):  # the parent ends a moment after the child
                await self._process.wait()
        self.kill()
        self._requests.close()
        status = await self._process.wait()
        with suppress(OSError):  # includes TimeoutError
            async with asyncio.timeout(_CLOSE_S):
                await self._replies.read()
                await self._requests.wait_closed()
        return status


def _fail(answer: "asyncio.Future[Reply]", error: InsertionError) -> None:
    if not answer.done():
        answer.set_exception(error)
