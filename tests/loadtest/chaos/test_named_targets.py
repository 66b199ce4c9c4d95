"""Processes and brokers that an operator names."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from client.connection import Address
from loadtest.chaos.events import FaultTarget
from loadtest.chaos.named_targets import NamedProcess, named_process, open_named_targets, process_kind
from loadtest.chaos.targets import Absent
from loadtest.core.errors import LoadTestError
from protocol.endpoint import Endpoint, encode_endpoint
from tests.helpers.ports import free_port
from tests.loadtest.chaos.sleepers import sleeper
from tests.loadtest.chaos.test_proxy import caller, echo_behind_a_proxy, say

HERE = Address("http://127.0.0.1:9", "key")


def test_process_is_found_by_id_and_by_files(tmp_path: Path) -> None:
    plain, endpoint = tmp_path / "worker.pid", tmp_path / "gateway.json"
    with sleeper("pass", "kikipounamu-worker") as worker, sleeper("pass", "kikipounamu-gateway") as gateway:
        plain.write_text(f"{worker.pid}\n")
        endpoint.write_bytes(encode_endpoint(Endpoint("http://127.0.0.1:9", "key", gateway.pid)))
        assert named_process(f"worker={worker.pid}").process == worker
        assert named_process(f"worker={plain}").process == worker
        assert named_process(f"gateway={endpoint}").process == gateway
        assert not named_process(f"gateway={endpoint}").companions()


def test_process_of_another_kind_is_left_alone() -> None:
    with sleeper("pass", "kikipounamu-worker") as worker:
        with pytest.raises(Absent, match="is not a broker"):
            _ = NamedProcess(FaultTarget.BROKER, str(worker.pid)).process
        worker.kill()
        worker.wait()
        with pytest.raises(Absent, match="is not running"):
            _ = NamedProcess(FaultTarget.WORKER, str(worker.pid)).process


def test_file_without_an_id_names_no_process(tmp_path: Path) -> None:
    (tmp_path / "pid").write_text("soon")
    for place in ("pid", "none"):
        named = NamedProcess(FaultTarget.WORKER, str(tmp_path / place))
        with pytest.raises(Absent, match="no process id"):
            _ = named.process
        assert not named.companions()


@pytest.mark.parametrize("text", ["gateway", "gateway=", "sshd=1", "client link=1", "=1"])
def test_unclear_name_is_refused(text: str) -> None:
    with pytest.raises(LoadTestError):
        named_process(text)


@pytest.mark.parametrize("text", ["1", "x=127.0.0.1:1", "1=127.0.0.1:x", "1=:1", "1=127.0.0.1"])
async def test_unclear_link_is_refused(text: str) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(LoadTestError, match=r"PORT=HOST:PORT"):
            await open_named_targets(stack, HERE, [], [text])


def test_kinds_of_processes_are_known_by_name() -> None:
    assert process_kind("broker") is FaultTarget.BROKER
    with pytest.raises(LoadTestError, match="gateway, worker, broker"):
        process_kind("broker link")


async def test_world_of_named_targets_reaches_gateway_and_broker_through_proxies() -> None:
    listen = free_port()
    async with (
        echo_behind_a_proxy() as (_, gateway),
        echo_behind_a_proxy() as (_, broker),
        AsyncExitStack() as stack,
    ):
        address = Address(f"http://127.0.0.1:{gateway.port}", "key")
        links = [f"{listen}=127.0.0.1:{broker.port}"]
        targets = await open_named_targets(stack, address, [NamedProcess(FaultTarget.WORKER, "1")], links)
        assert targets.locate().key == "key" and targets.locate().url != address.url
        assert len(targets.processes[FaultTarget.WORKER]) == len(targets.networks[FaultTarget.BROKER_LINK]) == 1
        async with caller(targets.networks[FaultTarget.CLIENT_LINK][0].proxy) as streams:
            assert await say(streams, b"hello") == b"hello"
        assert targets.networks[FaultTarget.BROKER_LINK][0].proxy.port == listen
        reader, writer = await asyncio.open_connection("127.0.0.1", listen)
        assert await say((reader, writer), b"hello") == b"hello"
        writer.transport.abort()
        assert targets.gateways() == []


@pytest.mark.parametrize(
    ("url", "advice"),
    [("https://example.org", "--certificate-sha256"), ("ftp://example.org", "https://HOST:PORT")],
)
async def test_unusable_address_is_refused(url: str, advice: str) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(LoadTestError, match=advice):
            await open_named_targets(stack, Address(url), [], [])
