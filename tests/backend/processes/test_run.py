"""Run of a process, from its start to its end."""

import sys
from pathlib import Path

import pytest

from backend.core.errors import ProcessFailed
from backend.processes.messages import ProcessStart
from backend.processes.run import NO_DESCRIPTOR, ProcessRun
from tests.helpers.processes import gone


def start(folder: Path) -> ProcessStart:
    return ProcessStart(1, 2, b"serve", "", False, str(folder / "sum"), 0, str(folder / "s"))


async def test_silent_process_is_not_ready_in_time(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import time; time.sleep(60)")
    run = await ProcessRun.begin(1, command, start(tmp_path), NO_DESCRIPTOR)
    with pytest.raises(ProcessFailed, match="not ready within"):
        await run.until_ready(0.1)
    assert not run.serves
    run.kill()
    await run.process.wait()
    run.kill()
    run.over.set()
    await run.end(1.0)
    await run.release()
    assert gone(run.process.pid)


async def test_ended_process_gets_no_connection(tmp_path: Path) -> None:
    run = await ProcessRun.begin(1, (sys.executable, "-c", ""), start(tmp_path), NO_DESCRIPTOR)
    await run.process.wait()
    assert [message async for message in run.channel.messages()] == []
    assert not run.give(run.gates[0], tls=False) and run.share.given == 0
    run.settled.set()
    with pytest.raises(ProcessFailed, match="ended with 0"):
        await run.until_ready(1.0)
    await run.release()
