"""Tests of a gateway's life: its broker, its address, and the drain at its end."""

import asyncio
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest

from backend.admission.admission import AdmissionLimits
from backend.dialects.spool import open_spool
from backend.http.modes import GatewayMode, networks
from backend.rest.file_settings import FileSettings
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.errors import CloseCode, ErrorCode
from protocol.session import Done, Error, Final, Finish, Hello, Received
from tests.backend.conftest import KEY
from tests.backend.fake_worker import working
from tests.backend.test_gateway import PCM, TEXT
from tests.backend.wire import Wire, connected
from tests.helpers.valkey import Broker, running_broker
from tests.helpers.waiting import wait_until


async def test_texts_of_finished_session_leave_broker_file(tmp_path: Path) -> None:
    arguments = ("--dir", str(tmp_path), "--appendonly", "yes", "--appendfsync", "always")
    with running_broker(None, *arguments) as broker:
        settings = GatewaySettings(redis=broker.url, key=KEY, keep_s=0.1)
        async with running_gateway(settings) as gateway, working(broker.url):
            async with connected(gateway.url, KEY) as wire:
                await wire.segment(0, PCM)
                assert (await wire.expect(Final)).text == TEXT
                assert any_has(tmp_path, TEXT)
                await wire.say(Received(0))
                await wire.say(Finish(1))
                await wire.expect(Done)
            await wait_until(lambda: not gateway.hub.hosted, "the session goes")

            async def gone() -> bool:
                await gateway.hub._jobs.compact()
                try:
                    return not any_has(tmp_path, TEXT)
                except FileNotFoundError:  # the broker replaces its file at the end of a rewrite
                    return False

            await wait_until(gone, "no file has it")


def any_has(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::1", "[::1]")])
async def test_url_is_reachable_from_this_computer(broker: Broker, host: str, shown: str) -> None:
    anywhere = networks(["0.0.0.0/0", "::/0"])
    settings = GatewaySettings(GatewayMode.SERVER, host=host, key=KEY, redis=broker.url, proxies=anywhere)
    async with running_gateway(settings) as gateway, connected(gateway.url, KEY):
        assert gateway.url.startswith(f"http://{shown}:")


async def test_files_of_requests_to_a_killed_gateway_are_removed_at_the_next_start(
    tmp_path: Path, broker: Broker
) -> None:
    files = FileSettings(tmp_path / "submitted")
    left, used = (open_spool(files.requests_folder, 0) for _ in range(2))
    parts = [left.part(), used.part()]
    left.claim.release()  # as the kernel does for a killed process
    async with running_gateway(GatewaySettings(key=KEY, redis=broker.url, files=files)):
        await wait_until(lambda: not left.folder.exists(), "the folder is removed")
    assert parts[1].path.exists()
    for part in parts:
        part.drop()


async def test_connections_are_refused_without_broker(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, attach_s=0.3, drain_s=0.3)
    async with running_gateway(settings) as gateway, Wire(gateway.url, KEY) as waiting:
        broker.process.kill()
        await waiting.say(Hello(uuid4()))
        assert (await waiting.expect(Error)).code == ErrorCode.BROKER_UNAVAILABLE
        assert await waiting.until_closed() == CloseCode.TRY_AGAIN_LATER
        await wait_until(lambda: not gateway.monitor.up, "the loss of the broker is seen")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with Wire(gateway.url, KEY):
                pass
        assert refused.value.status == 503


async def test_drain_sends_going_away_and_keeps_complete_segments(broker: Broker) -> None:
    settings = GatewaySettings(redis=broker.url, key=KEY, admission=AdmissionLimits(sessions=3))
    async with running_gateway(settings) as gateway, connected(gateway.url, KEY) as wire:
        await wire.segment(0, PCM)
        await wait_until(lambda: gateway.hub.hosted[str(wire.session)].session.live, "the segment")
        leaving = asyncio.create_task(wire.until_closed())
        await gateway.drain()
        await gateway.drain()
        assert await leaving == CloseCode.GOING_AWAY
        with pytest.raises(aiohttp.ClientConnectorError):
            async with Wire(gateway.url, KEY):
                pass
    async with (
        running_gateway(settings) as gateway,
        working(broker.url),
        connected(gateway.url, KEY, wire.session, resume=True) as again,
    ):
        assert (await again.expect(Final)).text == TEXT
