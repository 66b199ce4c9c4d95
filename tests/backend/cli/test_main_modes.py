"""Modes of a gateway as a process: its listeners, its certificate, and invalid settings."""

import ipaddress
import json
from pathlib import Path

import aiohttp
import psutil
import pytest
from typer.testing import CliRunner

from backend.cli.main import app
from backend.devices.records import DeviceStore
from client.connection import Address, connect
from client.errors import WrongCertificate
from protocol.devices import DeviceKind
from tests.backend.gateway_process import GatewayProcess, gateway_process
from tests.helpers.waiting import wait_until, wait_until_sync


def listening(gateway: GatewayProcess) -> list[tuple[int, str]]:
    """Return ports and addresses of all sockets that the gateway and its children listen on, sorted."""
    root = psutil.Process(gateway.process.pid)
    sockets = [found for one in (root, *root.children(recursive=True)) for found in one.net_connections("inet")]
    states = (psutil.CONN_LISTEN, psutil.CONN_NONE)  # the latter: UDP
    return sorted({(found.laddr.port, found.laddr.ip) for found in sockets if found.status in states})


def logged(home: Path, what: str) -> dict[str, str]:
    """Wait for a log line with this event and return it."""
    log = home / "logs" / "gateway.jsonl"

    def found() -> dict[str, str]:
        lines = log.read_text().splitlines() if log.exists() else []
        return next((dict(line) for line in map(json.loads, lines) if line["event"] == what), {})

    return dict(wait_until_sync(found, f"the log says: {what}"))


async def test_gateway_listens_only_on_loopback_until_shared(home: Path) -> None:
    async with gateway_process(home) as gateway:
        addresses = [address for _, address in listening(gateway)]
        assert addresses and all(ipaddress.ip_address(address).is_loopback for address in addresses)
        assert not (home / "data" / "gateway.pem").exists()


async def test_shared_gateway_uses_certificate_only_for_other_devices(home: Path) -> None:
    store = DeviceStore(home / "data" / "devices.json")
    _, key = store.add("n", DeviceKind.CLIENT, 0)
    (home / "config").mkdir()
    (home / "config" / "gateway.toml").write_text('mode = "shared"\nport = 0\nannounce = false\n')
    async with gateway_process(home) as gateway:
        line = logged(home, "gateway.shared")
        assert gateway.endpoint.certificate_sha256 == line["certificate"]
        port, certificate = int(line["port"]), line["certificate"]
        found = listening(gateway)
        assert [address for at, address in found if at == port] == ["0.0.0.0", "::"]
        assert all(ipaddress.ip_address(address).is_loopback for at, address in found if at != port)
        url = f"https://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as http:
            connection = await connect(http, Address(url, key, certificate_sha256=certificate), 10, 20)
            await connection.close()
            with pytest.raises(WrongCertificate):
                await connect(http, Address(url, key, certificate_sha256="00" * 32), 10, 20)
            connection = await connect(http, Address(gateway.endpoint.url, gateway.endpoint.key), 10, 20)
            await connection.close()
        assert logged(home, "audit.stream_opened")["device"]
    log = (home / "logs" / "gateway.jsonl").read_text()
    assert "audit.stream_opened" in log and key not in log and gateway.endpoint.key not in log


async def test_running_gateway_refuses_key_revoked_in_the_device_file(home: Path) -> None:
    store = DeviceStore(home / "data" / "devices.json")
    device, key = store.add("n", DeviceKind.CLIENT, 0)
    async with gateway_process(home) as gateway, aiohttp.ClientSession() as http:
        bearer = {"Authorization": f"Bearer {key}"}

        async def status() -> int:
            async with http.get(gateway.endpoint.url + "/v1/models", headers=bearer) as response:
                return response.status

        assert await status() == 200
        store.revoke(device.id)

        async def is_refused() -> bool:
            return await status() == 401

        await wait_until(is_refused, "the key is refused")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--host", "0.0.0.0"), "--mode shared"),
        (("--mode", "server", "--host", "0.0.0.0"), "--trusted-proxy"),
        (("--config", "/nowhere.toml"), "/nowhere.toml"),
        (("--redis", "http://x"), "http://x is not the address of a broker"),
    ],
)
def test_invalid_options_end_gateway_with_reason(home: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = CliRunner().invoke(app, ["serve", *arguments], env={"KIKIPOUNAMU_HOME": str(home)})
    assert done.exit_code == 2
    line = logged(home, "gateway.cannot_run")
    assert reason in line["reason"] and "exception" not in line


def test_gateway_without_its_certificate_ends_with_reason(home: Path) -> None:
    arguments = ["serve", "--mode", "shared", "--certificate", "/nowhere.pem"]
    done = CliRunner().invoke(app, arguments, env={"KIKIPOUNAMU_HOME": str(home)})
    assert done.exit_code == 1 and "/nowhere.pem" in logged(home, "gateway.cannot_run")["reason"]


@pytest.mark.parametrize(
    ("arguments", "variables", "reason"),
    [
        ((), {}, "on 10.0.0.9 without TLS"),
        ((), {"HOST": "10.0.0.8"}, "on 10.0.0.8 without TLS"),
        (("--host", "10.0.0.7"), {"HOST": "10.0.0.8"}, "on 10.0.0.7 without TLS"),
        ((), {"MODE": "local"}, "10.0.0.9 is not this computer"),
        ((), {"PORT": "x"}, "KIKIPOUNAMU_GATEWAY_PORT"),
    ],
)
def test_option_overrides_environment_which_overrides_file(
    home: Path, arguments: tuple[str, ...], variables: dict[str, str], reason: str
) -> None:
    (home / "config").mkdir()
    (home / "config" / "gateway.toml").write_text('mode = "server"\nhost = "10.0.0.9"\n')
    variables_set = {f"KIKIPOUNAMU_GATEWAY_{name}": text for name, text in variables.items()}
    done = CliRunner().invoke(app, ["serve", *arguments], env=variables_set | {"KIKIPOUNAMU_HOME": str(home)})
    assert done.exit_code == 2 and reason in logged(home, "gateway.cannot_run")["reason"]


@pytest.mark.parametrize(
    ("option", "value", "limit"),
    [
        ("--port", "99999", "0<=x<=65535"),
        ("--port", "-1", "0<=x<=65535"),
        ("--shards", "1001", "1<=x<=1000"),
        ("--processes", "0", "1<=x<=64"),
        ("--processes", "65", "1<=x<=64"),
    ],
)
def test_number_out_of_range_is_wrong_usage(home: Path, option: str, value: str, limit: str) -> None:
    done = CliRunner().invoke(app, ["serve", option, value], env={"KIKIPOUNAMU_HOME": str(home)})
    assert done.exit_code == 2
    assert f"'{option}': {value} is not in the range {limit}" in done.stderr
