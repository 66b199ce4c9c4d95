"""Tests of the stack with real processes: started, supervised, restarted, ended."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.core.errors import StackFailed
from app.local_services import local_gateway
from app.local_services.local_gateway import alive
from app.local_services.stack import Stack, StackSettings
from tests.helpers.chain import running_chain
from tests.helpers.waiting import wait_until, wait_until_sync

CHECKSUM = StackSettings(engine="checksum", pause=lambda failures: 0.1)
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


async def test_stack_gets_ready_and_leaves_no_process() -> None:
    async with Stack(CHECKSUM) as stack:
        await stack.until_ready()
        assert set(stack.children) == {GATEWAY, WORKER}
        found = await local_gateway.running()
        assert found is not None
        assert found.endpoint.pid == stack.children[GATEWAY]
        pids = list(stack.children.values())
    assert not any(alive(pid) for pid in pids)
    assert local_gateway.read_endpoint() is None
    await stack.close()


@pytest.mark.parametrize("victim", [GATEWAY, WORKER])
async def test_stack_restarts_killed_child(victim: str) -> None:
    async with Stack(CHECKSUM) as stack:
        await stack.until_ready()
        before = stack.children[victim]
        os.kill(before, signal.SIGKILL)
        await wait_until(lambda: stack.children.get(victim) not in (None, before), "it is started again")
        await stack.until_ready()


async def test_stack_restarts_gateway_killed_while_starting() -> None:
    stack = Stack(CHECKSUM)
    entering = asyncio.create_task(stack.__aenter__())
    try:
        killed = await wait_until(lambda: stack.children.get(GATEWAY), "the gateway starts")
        os.kill(killed, signal.SIGKILL)
        await asyncio.wait_for(entering, 60)
        assert stack.children[GATEWAY] != killed
    finally:
        await stack.close()


async def test_stack_uses_running_gateway() -> None:
    async with Stack(CHECKSUM) as first:
        await first.until_ready()
        async with Stack(CHECKSUM) as second:
            await second.until_ready()
            assert second.children == {}
        assert await local_gateway.running() is not None


async def test_stacks_started_simultaneously_share_one_gateway() -> None:
    first, second = Stack(CHECKSUM), Stack(CHECKSUM)
    try:
        await asyncio.gather(first.__aenter__(), second.__aenter__())
        await asyncio.gather(first.until_ready(), second.until_ready())
        assert [GATEWAY in first.children, GATEWAY in second.children].count(True) == 1
    finally:
        await asyncio.gather(first.close(), second.close())


async def test_stack_adds_worker_to_gateway_without_one(tmp_path: Path) -> None:
    with running_chain(tmp_path, quiet=True) as chain:
        chain.gateway()
        async with Stack(CHECKSUM) as stack:
            await stack.until_ready()
            assert set(stack.children) == {WORKER}


async def test_stack_replaces_used_gateway_that_ended(tmp_path: Path) -> None:
    with running_chain(tmp_path, quiet=True) as chain:
        gateway, _ = chain.gateway()
        async with Stack(CHECKSUM) as stack:
            await stack.until_ready()
            gateway.kill()
            await wait_until(lambda: GATEWAY in stack.children, "our own is started")
            await stack.until_ready()


async def test_unless_broken_raises_for_missing_engine() -> None:
    with pytest.raises(StackFailed, match="no-such-engine"):
        async with Stack(StackSettings(engine="no-such-engine")) as stack:
            await stack.unless_broken(asyncio.Event().wait())


async def test_until_ready_raises_for_missing_engine() -> None:
    with pytest.raises(StackFailed, match="no-such-engine"):
        async with Stack(StackSettings(engine="no-such-engine")) as stack:
            await stack.until_ready()


async def test_stack_raises_when_gateway_cannot_start() -> None:
    with pytest.raises(StackFailed, match=r"(?s)gateway cannot run on this computer.*203.0.113.1"):
        async with Stack(StackSettings(engine="checksum", gateway_arguments=("--host", "203.0.113.1"))):
            pass


async def test_until_ready_raises_at_deadline() -> None:
    slow = StackSettings(engine="checksum", worker_arguments=("--redis", "unix:///nowhere/at/all"), ready_s=5)
    async with Stack(slow) as stack:
        with pytest.raises(StackFailed, match="no worker got ready within 5 s"):
            await stack.until_ready()


async def test_unless_broken_returns_result_of_work() -> None:
    async def work() -> int:
        return 5

    async with Stack(CHECKSUM) as stack:
        assert await stack.unless_broken(work()) == 5


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_up_leaves_no_process_behind(number: signal.Signals, home: Path, models: Path, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "kikipounamu"), "up", "--engine", "checksum"]
    environment = os.environ | {"KIKIPOUNAMU_MODELS": str(models)}
    with (tmp_path / "out").open("wb") as out:
        up = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    try:
        output = tmp_path / "out"
        wait_until_sync(lambda: b"ready: http" in output.read_bytes() or up.poll() is not None, "it is ready")
        up.send_signal(number)
        status = up.wait(30)
    finally:
        up.kill()
        up.wait()
    assert status == {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}[number]
    wait_until_sync(lambda: processes_of(home) == [], "everything is gone")
    assert b"Traceback" not in (tmp_path / "out").read_bytes()
