"""Run of a gateway process from its start to its end, as its supervisor sees it."""

import asyncio
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

from backend.core.errors import ProcessFailed
from backend.processes.channel import Channel
from backend.processes.messages import ProcessStart
from backend.processes.slots import Share
from runtime.leash import leashed_command
from runtime.tasks import is_set_within, loop_time

NO_DESCRIPTOR: Final = -1


@dataclass(eq=False)
class ProcessRun:
    """A started process. ``number``: unique among all runs; ``leaving``: it was asked to end.

    ``gates``: sockets through which it gets connections of clients, plain ones first, then those with TLS.
    """

    slot: int
    number: int
    process: Process
    channel: Channel
    gates: tuple[socket.socket, socket.socket]
    started: float
    heard: float
    share: Share = field(default_factory=Share)
    ready: bool = False
    leaving: bool = False
    reason: str = ""
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def begin(cls, number: int, command: Sequence[str], start: ProcessStart, forwards: int) -> Self:
        """Start a process that ends with this one; ``forwards``: descriptor of the listening socket to inherit."""
        pairs = [socket.socketpair() for _ in range(3)]
        theirs = [end.fileno() for _, end in pairs] + [forwards]
        try:
            process = await asyncio.create_subprocess_exec(
                *leashed_command([*command, *map(str, theirs)]),
                stdin=DEVNULL,
                pass_fds=[number for number in theirs if number != NO_DESCRIPTOR],
                start_new_session=True,  # Ctrl-C in a terminal ends the supervisor, which lets the others drain
            )
        except BaseException:
            for ours, _ in pairs:
                ours.close()
            raise
        finally:
            for _, end in pairs:
                end.close()
        control, plain, tls = (ours for ours, _ in pairs)
        for gate in (plain, tls):
            gate.setblocking(False)
        run = cls(start.slot, number, process, await Channel.over(control), (plain, tls), loop_time(), loop_time())
        run.channel.send(start)
        return run

    @property
    def serves(self) -> bool:
        """True while the process takes connections."""
        return self.ready and not (self.leaving or self.over.is_set())

    def give(self, connected: socket.socket, tls: bool) -> bool:
        """Hand over a connection; return false if the process cannot take one now."""
        try:
            socket.send_fds(self.gates[tls], [b"c"], [connected.fileno()])
        except OSError:  # its queue is full, or it is gone
            return False
        self.share.given += 1
        return True

    def ask_to_end(self) -> None:
        """Let the process drain and end."""
        self.leaving = True
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.terminate()

    async def end(self, within_s: float) -> None:
        """Let the process drain and end; kill it after the deadline."""
        self.ask_to_end()
        if not await is_set_within(self.over, within_s):
            self.kill()
            await self.over.wait()

    def kill(self) -> None:
        """End the process at once."""
        self.leaving = True
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.kill()

    async def until_ready(self, within_s: float) -> None:
        """Wait until the process serves. Raises ``ProcessFailed`` with its reason."""
        if not await is_set_within(self.settled, within_s):
            self.reason = f"it was not ready within {within_s:g} s"
        if not self.ready:
            raise ProcessFailed(self.reason or f"a process ended with {self.process.returncode}: see its log")

    async def release(self) -> None:
        """Close the connections to the process after its end."""
        for gate in self.gates:
            gate.close()
        await self.channel.close()
