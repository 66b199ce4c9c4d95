"""Simulate power loss of the broker: killed while people speak, and its append-only file cut anywhere.

With ``appendfsync always`` a real power loss takes nothing that was acknowledged. This test takes more: ``queued``
jobs, delivered results, whole sessions. All of them must survive or be requested again.
"""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import psutil
import pytest
import redis

from client.connection import Address
from client.settings import ClientSettings
from protocol.job import Keys
from runtime.folders import folders
from tests.helpers.chain import Chain, running_chain
from tests.helpers.processes import gone
from tests.helpers.speaking import check, speak
from tests.helpers.waiting import wait_until

SPEAKERS = 5
KEYS = Keys()
CLIENT = ClientSettings(first_contact_s=120.0)


class Machine:
    """A gateway with an embedded broker and its files."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._gateway, self._endpoint = chain.gateway()
        self._folder = folders().broker / "appendonlydir"
        self._socket = folders().broker_socket

    def locate(self) -> Address:
        """Return the gateway's current address."""
        return Address(self._endpoint.url, self._endpoint.key)

    def process(self) -> psutil.Process | None:
        """Return the broker's process, if it runs."""
        try:
            children = psutil.Process(self._gateway.popen.pid).children()
            return next((c for c in children if "valkey-server" in " ".join(c.cmdline()[:1])), None)
        except psutil.Error:
            return None

    def known(self) -> set[tuple[bytes, bytes]] | None:
        """Return every segment with a job or an end, as (session, number); ``None`` while the broker is away."""
        try:
            with redis.Redis(unix_socket_path=str(self._socket)) as store:
                sessions = list(store.scan_iter(KEYS.session("*")))
                fields = [(key, name.split(b":")) for key in sessions for name in store.hkeys(key)]
        except redis.RedisError:
            return None
        return {(key, name[1]) for key, name in fields if name[0] in (b"job", b"end")}

    def idle(self) -> bool:
        """Return whether the broker has neither jobs nor backlog."""
        with redis.Redis(unix_socket_path=str(self._socket)) as store:
            return not store.xlen(KEYS.jobs("interactive")) and not any(map(int, store.hvals(KEYS.backlog)))

    async def lose_power(self, chance: random.Random, *, gateway_too: bool) -> tuple[int, int]:
        """Kill the broker and cut its file. Return the lost bytes and segments.

        The gateway is frozen meanwhile, or it would start another server before the cut.
        """
        server = await wait_until(self.process, "there is a broker")
        before = await wait_until(self.known, "the broker answers")
        self._gateway.freeze()
        try:
            server.kill()
            await wait_until(lambda: gone(server.pid), "the broker is dead")
            cut = self._cut(chance)
            if gateway_too:
                self._gateway.kill()
        finally:
            self._gateway.thaw()
        if gateway_too:
            self._gateway, self._endpoint = await asyncio.to_thread(self._chain.gateway)
        after = await wait_until(self.known, "the broker is back", 60)
        return cut, len(before - after)

    def _cut(self, chance: random.Random) -> int:
        """Cut the newest file anywhere; half of the time near its end, as a power loss would."""
        newest = max(self._folder.glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))
        size = newest.stat().st_size
        least = 0 if chance.random() < 0.5 else max(0, size - 64 * 1024)
        left = chance.randint(least, size)
        os.truncate(newest, left)
        return size - left


async def survive(root: Path, losses: int, seconds: float, seed: int) -> None:
    """Run speakers during several power losses, then check their results."""
    chance, enough, lost = random.Random(seed), asyncio.Event(), Counter[str]()
    with running_chain(root, quiet=True) as chain:
        machine = await asyncio.to_thread(Machine, chain)
        chain.worker("--engine", "checksum", "--set", "rtf=0.15")
        async with asyncio.TaskGroup() as people:
            speaking = [
                people.create_task(speak(machine.locate, CLIENT, seed + n, seconds, enough))
                for n in range(SPEAKERS)
            ]
            for number in range(losses):
                await asyncio.sleep(chance.uniform(0.5, 4.0))
                cut, segments = await machine.lose_power(chance, gateway_too=number % 3 == 0)
                lost += Counter(bytes=cut, segments=segments, felt=segments > 0)
            enough.set()
        await wait_until(machine.idle, "no job is left in the broker", 60)
    assert lost["bytes"], "each file was cut behind its end"
    took = f"{lost['bytes']:,} bytes and with them {lost['segments']} segments that were queued or ended"
    check(speaking, f"{losses} losses of power took {took} ({lost['felt']} took some)")


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


async def test_cut_broker_file_loses_no_segment(tmp_path: Path) -> None:
    await survive(tmp_path, losses=2, seconds=5.0, seed=1)


@pytest.mark.proof(minutes=5)
async def test_repeatedly_cut_broker_file_loses_no_segment(tmp_path: Path) -> None:
    await survive(tmp_path, losses=20, seconds=30.0, seed=20)
