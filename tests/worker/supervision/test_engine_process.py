"""Engine processes: real ones, and everything that an engine can do to its process."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from protocol.engine import (
    DecodeFailure,
    DecodeOutcome,
    DecodeRequest,
    EngineSettings,
    EngineUnavailable,
    Transcript,
)
from protocol.errors import ErrorCode
from tests.helpers.fault_engines import ENGINE, Fault, pcm
from tests.helpers.waiting import wait_until, wait_until_sync
from worker.core.errors import EngineDied, EngineRaised, EngineTimedOut
from worker.supervision.engine_process import EngineProcess

LONG_S = 60.0


@asynccontextmanager
async def running(**extra: str) -> AsyncIterator[EngineProcess]:
    """Run a fault engine in its process."""
    engine = await EngineProcess.start(EngineSettings(ENGINE, extra=extra), LONG_S)
    try:
        yield engine
    finally:
        await engine.close()
        assert not psutil.pid_exists(engine.pid)


async def decode(engine: EngineProcess, *faults: Fault, deadline_s: float = LONG_S) -> list[DecodeOutcome]:
    """Return the outcomes of a batch with these faults."""
    return list(await engine.decode([DecodeRequest(pcm(fault)) for fault in faults], deadline_s))


async def test_batch_is_decoded_in_another_process() -> None:
    async with running(slots="3") as engine:
        assert engine.info.slots == 3 and engine.pid != os.getpid()
        assert await decode(engine, Fault.NONE, Fault.NONE) == [Transcript("none 2"), Transcript("none 2")]
        assert engine.memory_bytes() > 1 << 20


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: its choice of what ends without memory")
async def test_system_without_memory_ends_the_engine_before_other_programs() -> None:
    async with running() as engine:
        chosen = await asyncio.to_thread(Path(f"/proc/{engine.pid}/oom_score_adj").read_text)
        assert int(chosen) > int(await asyncio.to_thread(Path("/proc/self/oom_score_adj").read_text))


async def test_long_segment_passes_through_the_pipe() -> None:
    async with running() as engine:
        assert await engine.decode([DecodeRequest(pcm(Fault.NONE, 16_000 * 60))], LONG_S) == (
            Transcript("none 1"),
        )


async def test_engine_output_does_not_disturb_the_frames(capfd: pytest.CaptureFixture[str]) -> None:
    async with running() as engine:
        assert await decode(engine, Fault.PRINT) == [Transcript("print 1")]
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "noise of an engine" in captured.err and "noise below Python" in captured.err


async def test_failure_of_one_request_spares_the_batch() -> None:
    async with running() as engine:
        refused = DecodeFailure(ErrorCode.UNSUPPORTED, "not this one")
        assert await decode(engine, Fault.NONE, Fault.REFUSE) == [Transcript("none 2"), refused]


@pytest.mark.parametrize(
    ("fault", "text"), [(Fault.RAISE, "RuntimeError: as asked"), (Fault.MISCOUNT, "0 outcomes")]
)
async def test_engine_is_usable_after_it_raised(
    fault: Fault, text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running() as engine:
        with pytest.raises(EngineRaised, match=text):
            await decode(engine, fault)
        assert await decode(engine, Fault.NONE) == [Transcript("none 1")]


@pytest.mark.parametrize(
    ("fault", "end"), [(Fault.KILL, "by SIGKILL"), (Fault.SEGFAULT, "by SIGSEGV$"), (Fault.EXIT, "with status 7")]
)
async def test_death_of_the_engine_is_reported_with_its_cause(fault: Fault, end: str) -> None:
    async with running() as engine:
        with pytest.raises(EngineDied, match=f"ended {end}"):
            await decode(engine, fault)
        assert (engine.memory_bytes(), engine.cpu_percent()) == (0, 0.0)
        with pytest.raises(EngineDied):
            await decode(engine, Fault.NONE)


async def test_hanging_engine_is_killed_at_the_deadline() -> None:
    async with running() as engine:
        with pytest.raises(EngineTimedOut, match="killed"):
            await decode(engine, Fault.HANG, deadline_s=0.2)
        assert not psutil.pid_exists(engine.pid)


async def test_stopped_engine_with_full_pipe_is_killed() -> None:
    async with running() as engine:
        os.kill(engine.pid, signal.SIGSTOP)
        with pytest.raises(EngineTimedOut):
            await engine.decode([DecodeRequest(pcm(Fault.NONE, 1 << 20))], 0.2)


async def test_engine_that_hangs_while_closing_is_killed() -> None:
    engine = await EngineProcess.start(EngineSettings(ENGINE), LONG_S)
    os.kill(engine.pid, signal.SIGSTOP)
    await engine.close()
    assert not psutil.pid_exists(engine.pid)
    await engine.close()


async def test_engine_ignores_termination_signals() -> None:
    async with running() as engine:
        os.kill(engine.pid, signal.SIGTERM)
        os.kill(engine.pid, signal.SIGINT)
        assert await decode(engine, Fault.NONE) == [Transcript("none 1")]


@pytest.mark.parametrize(
    ("load", "error", "text"),
    [
        ("unavailable", EngineUnavailable, "install something"),
        ("import", EngineUnavailable, "lacks a library: ImportError: no such library"),
        ("raise", EngineRaised, "failed to load: RuntimeError: as asked"),
        ("kill", EngineDied, "was ended by SIGKILL; the system may be out of memory"),
    ],
)
async def test_load_failure_raises_typed_error(
    load: str, error: type[Exception], text: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(error, match=text):
        await EngineProcess.start(EngineSettings(ENGINE, extra={"load": load}), LONG_S)


async def test_engine_that_hangs_while_loading_is_killed() -> None:
    children = set(psutil.Process().children())
    with pytest.raises(EngineTimedOut):
        await EngineProcess.start(EngineSettings(ENGINE, extra={"load": "hang"}), 0.5)
    assert set(psutil.Process().children()) <= children


async def test_engine_process_reports_an_unknown_engine() -> None:
    with pytest.raises(EngineUnavailable, match="no engine 'nothing'"):
        await EngineProcess.start(EngineSettings("nothing"), LONG_S)


async def test_engine_counts_as_dead_when_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")  # by asyncio, for the thread that waits for the process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refused)
    with pytest.raises(EngineDied, match="cannot be started: can't start new thread"):
        await EngineProcess.start(EngineSettings(ENGINE), LONG_S)


_PARENT = """
import asyncio, os
from protocol.engine import EngineSettings
from worker.supervision.engine_process import EngineProcess

async def main():
    engine = await EngineProcess.start(EngineSettings("checksum"), 60)
    print(engine.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: the leash")
def test_engine_does_not_outlive_a_killed_worker() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGSTOP)  # keeps it from ending by itself when its pipe closes
        parent.kill()
        wait_until_sync(lambda: not psutil.pid_exists(pid), "the engine is gone")


async def test_start_cancelled_repeatedly_leaves_no_process() -> None:
    """An unclosed transport would raise a warning, which fails the test."""
    before = set(psutil.Process().children())
    starting = asyncio.ensure_future(EngineProcess.start(EngineSettings(ENGINE), LONG_S))
    await wait_until(lambda: set(psutil.Process().children()) - before, "the process runs")
    (process,) = set(psutil.Process().children()) - before
    while not starting.done():
        starting.cancel()
        await asyncio.sleep(0)
    assert starting.cancelled()
    await wait_until(lambda: not psutil.pid_exists(process.pid), "the engine is gone")


def test_start_cancelled_at_any_step_waits_for_its_process() -> None:
    """The loop may end before an unawaited process does: that raises a warning, which fails the test."""

    async def cancelled_after(steps: int) -> None:
        starting = asyncio.ensure_future(EngineProcess.start(EngineSettings(ENGINE), LONG_S))
        for _ in range(steps):
            await asyncio.sleep(0)
        while not starting.done():
            starting.cancel()
            await asyncio.sleep(0)
        assert starting.cancelled()

    for steps in range(8):  # a process starts within a few turns of the loop
        asyncio.run(cancelled_after(steps))
        gc.collect()
