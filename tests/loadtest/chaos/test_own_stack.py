"""Own stack of a chaos run, on real programs."""

from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import psutil
import pytest

from client.errors import Unreachable
from loadtest.chaos.events import LINKS, FaultTarget
from loadtest.chaos.own_stack import OwnStack, StackSize
from loadtest.chaos.targets import Absent
from loadtest.core.errors import LoadTestError
from loadtest.core.gateway import READY, ask
from tests.helpers.processes import gone
from tests.helpers.waiting import wait_until


def another_broker(stack: OwnStack, before: int) -> int | None:
    """Return the broker's process id if it has changed."""
    try:
        pid = stack.targets.processes[FaultTarget.BROKER][0].process.pid
    except Absent:
        return None
    return pid if pid != before else None


async def test_stack_is_reached_through_proxies_and_ends_with_its_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "KIKIPOUNAMU_GATEWAY_REDIS", "redis://127.0.0.1:9"
    )  # a real broker of the user, which must stay unused
    size = StackSize(gateways=2, workers=1)
    stack = OwnStack(size, tmp_path)
    with pytest.raises(Unreachable):
        stack.targets.locate()
    async with AsyncExitStack() as within, aiohttp.ClientSession() as http:
        await stack.start(within)
        targets = stack.targets
        found = {target: len(targets.processes.get(target) or targets.networks[target]) for target in FaultTarget}
        assert found == size.counts()
        addresses = [targets.locate(), targets.locate()]
        assert len({address.url for address in addresses}) == 2, "sessions wander between the gateways"
        for address in addresses:
            assert (await ask(http, address, READY))["ready"]
        assert all(network.proxy.accepted for target in LINKS for network in targets.networks[target])
        processes = [process for several in targets.processes.values() for process in several]
        before = [process.process.pid for process in processes]
        assert len(set(before)) == 4 and set(targets.gateways()) < set(before)
        broker = targets.processes[FaultTarget.BROKER][0]
        assert [process.pid for process in broker.companions()] == [before[0]]
        broker.delay_restart(3600.0)
        broker.process.kill()
        after = await wait_until(lambda: another_broker(stack, before[-1]), "its gateway starts it again")
        assert not targets.failures()
    assert all(gone(pid) for pid in (*before, after))
    assert not any(
        str(tmp_path) in " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    )


async def test_stack_without_programs_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    async with AsyncExitStack() as within:
        with pytest.raises(LoadTestError, match="kikipounamu-gateway is not installed"):
            await OwnStack(StackSize(), tmp_path).start(within)


def test_size_counts_its_targets() -> None:
    assert StackSize(gateways=3, workers=2).counts()[FaultTarget.BROKER_LINK] == 4
