"""The supervisor with real processes that stand for gateways."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from backend.core.errors import ProcessFailed
from backend.http.modes import ListenAddress
from backend.processes.listening import forwards, listening
from backend.processes.messages import ProcessStart
from backend.processes.supervisor import ProcessPlan, Supervisor, run_processes
from tests.backend.processes import small_process
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until

PROCESSES = 2


@dataclass
class SupervisedProcesses:
    """A supervisor and its port. ``sum``: where the main process writes the requests of all others."""

    supervisor: Supervisor
    port: int
    sum: Path

    async def ask(self) -> tuple[int, int, int]:
        """Return the slot that answers, its requests so far, and those it knows of elsewhere."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        answer = await reader.read()
        writer.close()
        slot, here, elsewhere = answer.split()
        return int(slot), int(here), int(elsewhere)

    def restarted(self, slot: int, before: dict[int, int]) -> bool:
        """Return whether another process serves in the slot."""
        return self.supervisor.pids.get(slot, before[slot]) != before[slot]


@asynccontextmanager
async def running(
    folder: Path, action: str = "serve", drain_s: float = 5.0, processes: int = PROCESSES
) -> AsyncIterator[SupervisedProcesses]:
    total = folder / "sum"
    start = ProcessStart(0, processes, action.encode(), "", False, str(total), 0, str(folder / "s"))
    plan = ProcessPlan((sys.executable, "-m", small_process.__name__), start, drain_s)
    with listening([ListenAddress("127.0.0.1", 0)]) as listeners, forwards(folder / "s") as forwarding:
        async with run_processes(plan, listeners, forwarding) as supervisor:
            yield SupervisedProcesses(supervisor, listeners[0].port, total)


async def test_connections_are_spread_evenly_and_counted_together(tmp_path: Path) -> None:
    async with running(tmp_path, processes=3) as at:
        answers = [await at.ask() for _ in range(9)]
        by_slot = [sum(slot == one for slot, _, _ in answers) for one in range(3)]
        assert by_slot == [3, 3, 3]

        async def all_known() -> bool:
            _, here, elsewhere = await at.ask()
            return here + elsewhere >= 9

        await wait_until(all_known, "each process knows the requests of the others")


async def test_crashed_process_is_started_again_while_the_others_serve(tmp_path: Path) -> None:
    async with running(tmp_path) as at:
        before = at.supervisor.pids
        for _ in range(2 * PROCESSES):
            await at.ask()
        await wait_until(lambda: at.sum.exists() and at.sum.read_text() == "2", "the main process has the sum")
        os.kill(before[1], signal.SIGKILL)
        await wait_until(lambda: 1 not in at.supervisor.pids, "its end is seen")
        slots = {(await at.ask())[0] for _ in range(5)}
        assert slots <= {0, 1} and 0 in slots
        await wait_until(lambda: at.restarted(1, before), "it runs again")
        assert at.supervisor.pids[0] == before[0]
        await wait_until(lambda: int(at.sum.read_text()) >= 2, "the counters did not go back")
    assert all(gone(pid) for pid in before.values())


async def test_rolling_restart_replaces_all_and_refuses_no_connection(tmp_path: Path) -> None:
    async with running(tmp_path) as at:
        before, answered = at.supervisor.pids, 0
        at.supervisor.restart()
        while not all(at.restarted(slot, before) for slot in before):
            await at.ask()
            answered += 1
            await asyncio.sleep(0.01)
        assert answered and len(at.supervisor.pids) == PROCESSES
        await wait_until(lambda: all(gone(pid) for pid in before.values()), "the old ones are gone")


async def test_process_that_dies_while_its_successor_starts_is_replaced_once(tmp_path: Path) -> None:
    async with running(tmp_path) as at:
        before, runs = at.supervisor.pids, at.supervisor._runs
        at.supervisor.restart()
        await wait_until(lambda: sum(run.slot == 1 for run in runs.values()) == 2, "its successor starts")
        os.kill(before[1], signal.SIGKILL)
        await wait_until(lambda: at.restarted(1, before) and gone(before[1]), "the successor serves")
        await wait_until(lambda: all(run.serves for run in runs.values()), "all of them serve")
        assert sorted(run.slot for run in runs.values()) == [0, 1]


async def test_failed_rolling_restart_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    present = tmp_path / "present"
    present.touch()
    async with running(tmp_path, f"file {present}") as at:
        before = at.supervisor.pids
        present.unlink()
        at.supervisor.restart()
        await wait_until(lambda: 0 not in at.supervisor.pids, "the first one ends")
        present.touch()
        await wait_until(lambda: at.restarted(0, before), "it runs again when it can")
        assert (await at.ask())[0] in range(PROCESSES)


async def test_process_that_cannot_run_ends_the_start_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match="told to refuse"):
        async with running(tmp_path, "refuse"):
            pass
    assert not [child for child in psutil.Process().children() if "small_process" in " ".join(child.cmdline())]


async def test_hanging_process_is_killed_at_the_end(tmp_path: Path) -> None:
    async with running(tmp_path, drain_s=-4.0) as at:
        pids = at.supervisor.pids
        os.kill(pids[1], signal.SIGSTOP)
    assert all(gone(pid) for pid in pids.values())


async def test_frozen_process_gets_no_connections_while_others_serve(tmp_path: Path) -> None:
    async with running(tmp_path, drain_s=-4.0) as at:
        os.kill(at.supervisor.pids[1], signal.SIGSTOP)
        late = asyncio.get_running_loop().time()
        for run in at.supervisor._runs.values():
            run.heard = late - 60.0 if run.slot == 1 else late + 60.0
        assert {(await at.ask())[0] for _ in range(9)} == {0}


async def test_connection_waits_while_no_process_serves(tmp_path: Path) -> None:
    async with running(tmp_path) as at:
        for pid in at.supervisor.pids.values():
            os.kill(pid, signal.SIGKILL)
        await wait_until(lambda: not at.supervisor.pids, "no process serves")
        assert (await at.ask())[0] in range(PROCESSES)
