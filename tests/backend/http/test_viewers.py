"""Admission of viewers, and viewers that do not read."""

import asyncio
import socket
from collections import Counter
from contextlib import AsyncExitStack, closing, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.refusal import RefusalReason
from backend.devices.records import DeviceStore
from backend.http.viewers import refuse_viewer, write_pieces
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.devices import DeviceKind
from protocol.monitor import MONITOR_PATH
from protocol.session import Final
from tests.backend.conclusions import concluded
from tests.backend.conftest import KEY
from tests.helpers.logs import capture_logs
from tests.helpers.valkey import Broker
from tests.helpers.waiting import DEADLINE_S, wait_until

OWNERS: list[str | None] = [None, "a", "b", "c", "d", "e"]


@given(st.integers(1, 80), st.lists(st.sampled_from(OWNERS), max_size=200))
def test_owner_always_has_reserved_places(most: int, arrivals: list[str | None]) -> None:
    watching: Counter[str | None] = Counter()
    for owner in arrivals:
        if refuse_viewer(watching, owner, most) is None:
            watching[owner] += 1
    others = watching.total() - watching[None]
    assert watching.total() <= most and others <= max(1, most - most // 4)
    assert all(watching[owner] <= max(1, most // 4) for owner in OWNERS[1:])
    if watching[None] < most // 4:
        assert refuse_viewer(watching, None, most) is None


def test_refusal_distinguishes_key_limit_and_total_limit() -> None:
    watching: Counter[str | None] = Counter({"a": 16, "b": 16, "c": 15, "d": 1, None: 3})
    of_key, of_all = refuse_viewer(watching, "a", 64), refuse_viewer(watching, "c", 64)
    assert of_key is not None and (of_key.status, of_key.reason) == (429, RefusalReason.KEY_STREAMS)
    assert of_all is not None and (of_all.status, of_all.reason) == (429, RefusalReason.CONNECTIONS)
    assert refuse_viewer(watching, None, 64) is None


async def test_key_gets_part_of_places_and_owner_gets_reserved_one(broker: Broker, tmp_path: Path) -> None:
    store = DeviceStore(tmp_path / "devices.json")
    keys = [store.add(name, DeviceKind.CLIENT, 0)[1] for name in "abcd"]
    settings = GatewaySettings(redis=broker.url, key=KEY, devices_file=store.file, viewers=8)
    async with running_gateway(settings) as gateway, AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession(gateway.url))

        async def watch(key: str) -> int:
            request = http.get(MONITOR_PATH, headers={"Authorization": f"Bearer {key}"})
            return (await stack.enter_async_context(request)).status

        statuses = [[await watch(key) for _ in range(3)] for key in keys]
        assert statuses == [[200, 200, 429]] * 3 + [[429, 429, 429]]
        assert [await watch(KEY) for _ in range(3)] == [200, 200, 429]
        assert gateway.monitor.viewers == 8


class Stuck:
    """Response whose peer accepts only ``takes`` pieces."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.written: list[bytes] = []

    async def write(self, data: bytes) -> None:
        if len(self.written) == self.takes:
            await asyncio.Event().wait()
        self.written.append(data)


async def test_each_written_piece_has_own_deadline() -> None:
    events = bytes(range(256)) * 1_000
    reads = Stuck(takes=99)
    await write_pieces(cast(Any, reads), events, 30.0)
    assert b"".join(reads.written) == events and max(map(len, reads.written)) == 65_536
    stuck = Stuck(takes=2)
    with pytest.raises(TimeoutError):
        await write_pieces(cast(Any, stuck), events, 0.01)
    assert len(stuck.written) == 2


def until_closed(connection: socket.socket) -> bytes:
    """Read everything. Raises ``TimeoutError`` if the connection stays open."""
    read = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            read += piece
    return read


async def test_viewer_that_never_reads_is_disconnected(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, viewers=1, viewer_s=0.1)
    async with running_gateway(settings) as gateway:
        where = urlsplit(gateway.url)
        with closing(socket.socket()) as silent, capture_logs() as logged:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            silent.connect((where.hostname, where.port))
            silent.sendall(
                f"GET {MONITOR_PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
            )
            await wait_until(lambda: gateway.monitor.viewers == 1, "it watches")

            def gone() -> bool:
                gateway.monitor.concluded(concluded(Final(0, "text", worker="w" * 50_000)))
                return gateway.monitor.viewers == 0

            await wait_until(gone, "it is sent away")
            silent.settimeout(DEADLINE_S)
            read = await asyncio.to_thread(until_closed, silent)
            assert not read.endswith(b"\r\n0\r\n\r\n"), "a response that was cut off does not look complete"
        assert any(line["event"] == "viewer.cut_off" and line["device"] == "owner" for line in logged)
        headers = {"Authorization": f"Bearer {KEY}"}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(gateway.url + MONITOR_PATH) as again:
            assert again.status == 200
