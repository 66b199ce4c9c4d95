"""Tests of the stack with real processes: started, supervised, restarted, ended."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from app.cli.commands import GatewayChoice, up
from app.core.errors import StackFailed
from app.local_services import local_gateway
from app.local_services.local_gateway import alive
from app.local_services.stack import Stack, StackSettings
from tests.helpers.chain import running_chain
from tests.helpers.logs import capture_logs
from tests.helpers.waiting import wait_until, wait_until_sync

CHECKSUM = StackSettings(engine="checksum", pause=lambda failures: 0.1)
NO_WORKER = replace(CHECKSUM, worker=False)
GATEWAY, WORKER = "kikipounamu-gateway", "kikipounamu-worker"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    wait_until_sync(lambda: not processes_of(tmp_path / "home"), "nothing is left behind")


def processes_of(home: Path) -> list[str]:
    """Return the command lines of all processes that use this home folder."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = process.environ().get("KIKIPOUNAMU_HOME") == str(home) and process.pid != os.getpid()
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except psutil.Error:
            continue
    return found


async def kill_and_see_it_back(stack: Stack, victim: str) -> None:
    before = stack.children[victim]
    os.kill(before, signal.SIGKILL)
    await wait_until(lambda: stack.children.get(victim) not in (None, before), "it is started again")
    await stack.until_ready()


async def test_stack_gets_ready_restarts_killed_children_and_leaves_no_process() -> None:
    async def work() -> int:
        return 5

    async with Stack(CHECKSUM) as stack:
        await stack.until_ready()
        assert set(stack.children) == {GATEWAY, WORKER}
        found = await local_gateway.running()
        assert found is not None
        assert found.endpoint.pid == stack.children[GATEWAY]
        assert await stack.unless_broken(work()) == 5
        for victim in (WORKER, GATEWAY):
            await kill_and_see_it_back(stack, victim)
        pids = list(stack.children.values())
    assert not any(alive(pid) for pid in pids)
    assert local_gateway.read_endpoint() is None
    await stack.close()


async def test_stack_restarts_gateway_killed_while_starting() -> None:
    stack = Stack(NO_WORKER)
    entering = asyncio.create_task(stack.__aenter__())
    try:
        killed = await wait_until(lambda: stack.children.get(GATEWAY), "the gateway starts")
        os.kill(killed, signal.SIGKILL)
        await asyncio.wait_for(entering, 60)
        assert stack.children[GATEWAY] != killed
    finally:
        await stack.close()


async def test_stacks_started_simultaneously_or_later_share_one_gateway() -> None:
    first, second = Stack(CHECKSUM), Stack(CHECKSUM)
    try:
        await asyncio.gather(first.__aenter__(), second.__aenter__())
        await asyncio.gather(first.until_ready(), second.until_ready())
        assert [GATEWAY in first.children, GATEWAY in second.children].count(True) == 1
        async with Stack(CHECKSUM) as third:
            await third.until_ready()
            assert third.children == {}
        assert await local_gateway.running() is not None
    finally:
        await asyncio.gather(first.close(), second.close())


async def test_stack_adds_worker_to_gateway_without_one_and_replaces_it_when_it_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.local_services.stack._GRACE_S", 0.5)
    with running_chain(tmp_path, quiet=True) as chain:
        gateway, _ = chain.gateway()
        async with Stack(replace(NO_WORKER, ready_s=0.1)) as idle:
            with pytest.raises(StackFailed, match="no worker got ready within 0.1 s"):
                await idle.until_ready()
        async with Stack(CHECKSUM) as stack:
            await stack.until_ready()
            assert set(stack.children) == {WORKER}
            gateway.kill()
            await wait_until(lambda: GATEWAY in stack.children, "our own is started")
            await stack.until_ready()


async def test_stack_raises_for_missing_engine() -> None:
    with (
        capture_logs() as logs,
        pytest.raises(StackFailed, match="no-such-engine"),  # on a busy computer already while it is entered
    ):
        async with Stack(StackSettings(engine="no-such-engine")) as stack:
            with pytest.raises(StackFailed, match="no-such-engine"):
                await stack.until_ready()
            await stack.unless_broken(asyncio.Event().wait())
    assert "task.failed" not in [line["event"] for line in logs], "it has no traceback: its reason is known"


async def test_stack_raises_when_gateway_cannot_start() -> None:
    with pytest.raises(StackFailed, match=r"(?s)gateway cannot run on this computer.*203.0.113.1"):
        async with Stack(replace(NO_WORKER, gateway_arguments=("--host", "203.0.113.1"))):
            pass


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_up_runs_once_and_leaves_no_process_behind(
    number: signal.Signals, status: int, home: Path, models: Path, tmp_path: Path
) -> None:
    command = [str(Path(sys.executable).parent / "kikipounamu"), "up", "--engine", "checksum"]
    environment = os.environ | {"KIKIPOUNAMU_MODELS": str(models)}
    output = tmp_path / "out"
    with output.open("wb") as out:
        running = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        wait_until_sync(lambda: b"ready: http" in output.read_bytes() or running.poll() is not None, "it is ready")
        with pytest.raises(StackFailed, match=r"already runs at http://127.0.0.1:\d+"):
            asyncio.run(up(GatewayChoice(engine="checksum")))
        running.send_signal(number)
        assert running.wait(30) == status
    finally:
        running.kill()
        running.wait()
    wait_until_sync(lambda: processes_of(home) == [], "everything is gone")
    assert b"Traceback" not in output.read_bytes()
