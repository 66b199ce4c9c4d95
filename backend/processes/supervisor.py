"""Supervisor of the processes of one gateway: starts, watches, replaces and ends them, and passes messages on.

It accepts all connections of clients and gives each to the process with the fewest. So no connection waits at a
process that is ending or starting, and the shares of all stay even.
"""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from backend.core.errors import ProcessFailed
from backend.processes.gateway_figures import ProcessFigures
from backend.processes.listening import Listener
from backend.processes.messages import (
    CannotRun,
    GatewayEnding,
    KeysInUse,
    MainState,
    Message,
    ProcessGone,
    ProcessReady,
    ProcessReported,
    ProcessStart,
)
from backend.processes.run import NO_DESCRIPTOR, ProcessRun
from backend.processes.slots import MAIN, by_share, failures_after, pause_s, restart_order
from runtime import loggers
from runtime.event_names import LogEvent
from runtime.tasks import Tasks, loop_time

log = loggers.BACKEND_PROCESSES

_READY_S: Final = 60.0
_MORE_THAN_DRAIN_S: Final = 5.0
_SILENT_S: Final = 5.0
_FULL_S: Final = 0.02
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True)
class ProcessPlan:
    """Processes to run. ``command`` starts one of them; ``start``: its first message, apart from its slot."""

    command: tuple[str, ...]
    start: ProcessStart
    drain_s: float


class Supervisor:
    """Owner of all processes. Created by ``run_processes``."""

    def __init__(self, plan: ProcessPlan, listeners: Sequence[Listener], forwards: socket.socket) -> None:
        self._plan = plan
        self._listeners = listeners
        self._forwards = forwards
        self._slots: dict[int, ProcessRun] = {}
        self._runs: dict[int, ProcessRun] = {}
        self._usage: dict[int, KeysInUse] = {}
        self._figures = ProcessFigures()
        self._started = 0
        self._ending = False
        self._wanted = asyncio.Event()
        self._changed = asyncio.Event()
        self._failing: set[int] = set()
        self._starting = defaultdict[int, asyncio.Lock](asyncio.Lock)  # a slot gets one successor at a time
        self._accepting = Tasks("processes")
        self._keeping = Tasks("processes")
        self._runs_attended = Tasks("processes")

    @property
    def failed(self) -> "asyncio.Future[BaseException]":
        """Future that completes when the supervisor cannot continue."""
        return self._keeping.failed

    @property
    def pids(self) -> dict[int, int]:
        """Process ids by slot."""
        return {slot: run.process.pid for slot, run in self._slots.items() if run.serves}

    # -- life ----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start all processes. Raises ``ProcessFailed`` if one of them cannot run."""
        slots = range(self._plan.start.processes)
        launched = await asyncio.gather(*(self._launch(slot) for slot in slots), return_exceptions=True)
        for slot, run in zip(slots, launched, strict=True):
            if isinstance(run, BaseException):
                raise run
            self._slots[slot] = run
        for slot in slots:
            self._keeping.start(self._keep(slot), f"keep-{slot}")
        for listener in self._listeners:
            self._accepting.keep(partial(self._accept, listener), "accept")
        self._keeping.start(self._restart_when_asked(), "restart")

    async def stop(self) -> None:
        """Accept nothing more, and let all processes drain at once. Safe to call twice."""
        self._ending = True
        await self._accepting.close()
        await self._keeping.close()
        for run in tuple(self._runs.values()):
            run.channel.send(GatewayEnding())
        ends = [run.end(self._plan.drain_s + _MORE_THAN_DRAIN_S) for run in tuple(self._runs.values())]
        await asyncio.gather(*ends)
        await self._runs_attended.close()

    def restart(self) -> None:
        """Replace all processes, one after the other, while the others serve."""
        self._wanted.set()

    # -- processes -----------------------------------------------------------------------------------------

    async def _launch(self, slot: int) -> ProcessRun:
        self._started += 1
        forwards = self._forwards.fileno() if slot == MAIN else NO_DESCRIPTOR
        start = replace(self._plan.start, slot=slot)
        run = await ProcessRun.begin(self._started, self._plan.command, start, forwards)
        for usage in self._usage.values():
            run.channel.send(usage)
        self._runs[run.number] = run
        self._runs_attended.start(self._handle_messages(run), f"run-{slot}")
        try:
            await run.until_ready(_READY_S)
        except BaseException:
            run.kill()
            raise
        log.info(LogEvent.PROCESS_STARTED, slot=slot, pid=run.process.pid)
        return run

    async def _handle_messages(self, run: ProcessRun) -> None:
        """Handle the messages of a process, and its end."""
        try:
            async for message in run.channel.messages():
                run.heard = loop_time()
                self._take(run, message)
            await run.process.wait()
        finally:
            self._forget(run)
            await run.release()

    def _forget(self, run: ProcessRun) -> None:
        del self._runs[run.number]
        self._usage.pop(run.number, None)
        run.over.set()
        run.settled.set()
        self._figures.keep_counters(run.slot, run.number, crashed=run.ready and not run.leaving)
        self._send_all(ProcessGone(run.number))
        if run.slot == MAIN and run.ready:
            self._send_all(MainState(up=False))
        self._send_main()

    async def _keep(self, slot: int) -> None:
        """Start the process of a slot again whenever it ends, later after each crash in a row."""
        failures = 0
        while True:
            run = self._slots[slot]
            await run.over.wait()
            if self._ending:
                return
            if not run.leaving:
                code, lived_s = run.process.returncode, loop_time() - run.started
                failures = failures_after(failures, lived_s)
                log.error(LogEvent.PROCESS_DIED, slot=slot, pid=run.process.pid, code=code)
                await asyncio.sleep(pause_s(failures))
            async with self._starting[slot]:
                if self._slots[slot] is not run:
                    continue  # a rolling restart has replaced it
                self._slots[slot] = await self._persist(slot, failures)
            self._failing.discard(slot)
            self._changed.set()

    async def _persist(self, slot: int, failures: int) -> ProcessRun:
        """Try to start a process until it runs."""
        while True:
            try:
                return await self._launch(slot)
            except (ProcessFailed, OSError) as error:
                failures += 1
                self._failing.add(slot)
                log.error(LogEvent.PROCESS_CANNOT_RUN, slot=slot, reason=str(error))
                self._changed.set()
                await asyncio.sleep(pause_s(failures))

    # -- rolling restart -----------------------------------------------------------------------------------

    async def _restart_when_asked(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            log.info(LogEvent.PROCESSES_RESTARTING, processes=len(self._slots))
            try:
                for slot in restart_order(len(self._slots)):
                    await self._replace(slot)
                log.info(LogEvent.PROCESSES_RESTARTED, processes=len(self._slots))
            except (ProcessFailed, OSError) as error:  # the other processes go on unchanged
                log.error(LogEvent.PROCESSES_RESTART_FAILED, reason=str(error))

    async def _replace(self, slot: int) -> None:
        """Replace the process of a slot. Only the main one ends before its successor runs."""
        old, within_s = self._slots[slot], self._plan.drain_s + _MORE_THAN_DRAIN_S
        if old.over.is_set():
            return  # it is being started again already
        if slot != MAIN:
            async with self._starting[slot]:
                self._slots[slot] = await self._launch(slot)
            await old.end(within_s)
            return
        await old.end(within_s)
        while self._slots[slot] is old:
            if slot in self._failing:
                raise ProcessFailed("the main process does not start again: see its log")
            self._changed.clear()
            await self._changed.wait()

    # -- messages ------------------------------------------------------------------------------------------

    def _take(self, run: ProcessRun, message: Message) -> None:
        match message:
            case ProcessReady():
                run.ready = True
                run.settled.set()
                main_up = any(one.slot == MAIN and one.serves for one in self._runs.values())
                self._send_all(MainState(main_up))
                self._send_main()
            case CannotRun(reason):
                run.reason = reason
            case KeysInUse(connections, keys):
                run.share.count(connections)
                known = self._usage.get(run.number, KeysInUse(0))
                self._usage[run.number] = KeysInUse(connections, known.keys | keys, run.number)
                self._send_all(replace(message, process=run.number), but=run)
            case ProcessReported(figures):
                run.share.count(figures.connections)
                others = self._figures.use_report(run.slot, run.number, figures)
                if run.slot != MAIN:
                    self._send_main(others)
            case _:
                log.error(LogEvent.PROCESS_MESSAGE_UNEXPECTED, slot=run.slot, message=type(message).__name__)

    def _send_all(self, message: Message, but: ProcessRun | None = None) -> None:
        for run in self._runs.values():
            if run is not but:
                run.channel.send(message)

    def _send_main(self, message: Message | None = None) -> None:
        for run in self._runs.values():
            if run.slot == MAIN:
                run.channel.send(message or self._figures.others())

    # -- connections ---------------------------------------------------------------------------------------

    async def _accept(self, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connected, _ = await loop.sock_accept(listener.socket)
            except OSError as error:  # no free descriptor, or the peer has gone
                log.warning(LogEvent.GATEWAY_ACCEPT_FAILED, reason=str(error))
                await asyncio.sleep(_FULL_S)
                continue
            with connected:
                await self._give(connected, listener.tls)

    async def _give(self, connected: socket.socket, tls: bool) -> None:
        """Give a connection to the process with the least work that can take it."""
        for _ in range(round(_PATIENCE_S / _FULL_S)):
            if any(run.give(connected, tls) for run in self._takers()):
                return
            await asyncio.sleep(_FULL_S)
        log.warning(LogEvent.GATEWAY_ACCEPT_FAILED, reason="no process could take a connection")

    def _takers(self) -> list[ProcessRun]:
        """Return the processes that serve, those with the least work first, silent ones last."""
        late = loop_time() - _SILENT_S
        serving = by_share((run, run.share) for run in self._runs.values() if run.serves)
        return sorted(serving, key=lambda run: run.heard < late)


@asynccontextmanager
async def run_processes(
    plan: ProcessPlan, listeners: Sequence[Listener], forwards: socket.socket
) -> AsyncIterator[Supervisor]:
    """Run the processes until the context ends. Raises ``ProcessFailed`` if they cannot run."""
    supervisor = Supervisor(plan, listeners, forwards)
    try:
        await supervisor.start()
        yield supervisor
    finally:
        await supervisor.stop()
