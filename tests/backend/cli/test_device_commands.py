"""The ``kikipounamu-gateway devices`` commands."""

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backend.cli.main import app
from backend.devices.records import DeviceStore
from backend.http.certificates import own_certificate
from backend.http.modes import GatewayMode
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from protocol.devices import DeviceKind
from protocol.endpoint import ENDPOINT_FILE, Endpoint, encode_endpoint
from tests.backend.wire import connected
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until


@pytest.fixture
def store(tmp_path: Path) -> DeviceStore:
    return DeviceStore(tmp_path / "data" / "devices.json")


def command(store: DeviceStore, *words: str) -> Result:
    home = {"KIKIPOUNAMU_HOME": str(store.file.parent.parent)}
    return CliRunner().invoke(app, ["devices", *words], env=home)


def test_list_is_empty_at_first(store: DeviceStore) -> None:
    listed = command(store, "list")
    assert (listed.stdout, listed.exit_code) == ("", 0) and "`kikipounamu-gateway pair`" in listed.stderr
    assert command(store, "list", "--json").output == "[]\n"


def test_device_is_added_renamed_listed_and_revoked(store: DeviceStore) -> None:
    added, other = command(store, "add", "Anna"), command(store, "add", "--worker", "GPU")
    client, worker, key = added.stderr.splitlines()[0], other.stderr.splitlines()[0], added.stdout.strip()
    assert re.fullmatch(r"[0-9a-f]{12}  client  Anna", client) and worker.endswith("worker  GPU")
    assert [device.kind for device in store.read()] == [DeviceKind.CLIENT, DeviceKind.WORKER]
    assert key not in store.file.read_text()
    assert "Anne" in command(store, "name", "Anna", "Anne").output
    lines = command(store, "list").output.splitlines()
    assert re.fullmatch(r"[0-9a-f]{12}  client  \d{4}-\d\d-\d\d \d\d:\d\d  never {13}Anne", lines[0]), lines
    listed = json.loads(command(store, "list", "--json").output)
    keys = {"id", "name", "kind", "paired_s", "seen_s", "connections", "refused"}
    assert [set(one) == keys and one["name"] for one in listed] == ["Anne", "GPU"]
    assert (listed[0]["kind"], listed[0]["seen_s"], listed[0]["connections"]) == ("client", 0, 0)
    assert "revoked" in command(store, "revoke", client[:6]).output
    assert [device.name for device in store.read()] == ["GPU"]


def test_unwritable_output_is_reported_as_its_own_error(store: DeviceStore) -> None:
    store.add("Anna", DeviceKind.CLIENT, 1.0)
    program = [str(Path(sys.executable).parent / "kikipounamu-gateway"), "devices", "list"]
    home = os.environ | {"KIKIPOUNAMU_HOME": str(store.file.parent.parent)}
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as left, Path("/dev/full").open("wb") as full:
        for output, message in (
            (left, ""),
            (full, "standard output cannot be written: No space left on device\n"),
        ):
            done = subprocess.run(program, stdout=output, stderr=subprocess.PIPE, text=True, env=home, check=False)
            assert (done.stderr, done.returncode) == (message, 1)


@pytest.mark.parametrize("words", [("revoke", "nobody"), ("name", "nobody", "n"), ("add", " ")])
def test_invalid_command_is_reported(store: DeviceStore, words: tuple[str, ...]) -> None:
    done = command(store, *words)
    assert done.exit_code == 1 and done.output.strip() and done.exception is not None
    assert "Traceback" not in done.output


def test_refused_folder_is_reported_with_its_remedy(store: DeviceStore) -> None:
    store.file.parent.parent.joinpath("data").write_text("no folder")
    done = command(store, "add", "Anna")
    assert done.exit_code == 1 and "data cannot be used" in done.stderr and ": " in done.stderr


def test_damaged_device_file_is_reported(store: DeviceStore) -> None:
    store.file.parent.mkdir()
    store.file.write_text("{")
    done = command(store, "list")
    assert done.exit_code == 1 and "damaged" in done.output


async def test_connected_device_is_listed_as_now(broker: Broker, store: DeviceStore) -> None:
    store.add("tablet", DeviceKind.CLIENT, 2_000)
    _, key = store.add("laptop", DeviceKind.CLIENT, 1_000)
    endpoint = store.file.parent.parent / "run" / ENDPOINT_FILE
    settings = GatewaySettings(redis=broker.url, key="k" * 16, devices_file=store.file, endpoint_file=endpoint)
    async with running_gateway(settings) as gateway, connected(gateway.url, key):
        tablet, laptop = (await asyncio.to_thread(command, store, "list")).output.splitlines()
        assert "  now  " in laptop and "never" in tablet
        await wait_until(lambda: store.read()[1].seen_s > 1_000, "the file follows")
    output = (await asyncio.to_thread(command, store, "list")).output
    assert re.search(r"\d\d:\d\d  \d{4}-\d\d-\d\d \d\d:\d\d  laptop", output), output


async def test_added_key_is_printed_with_certificate_digest(
    broker: Broker, store: DeviceStore, tmp_path: Path
) -> None:
    certificate = own_certificate(tmp_path)
    endpoint = store.file.parent.parent / "run" / ENDPOINT_FILE
    settings = GatewaySettings(redis=broker.url, key="k" * 16, devices_file=store.file, endpoint_file=endpoint)
    shared = replace(settings, mode=GatewayMode.SHARED, certificate=certificate)
    async with running_gateway(shared):
        added = await asyncio.to_thread(command, store, "add", "Anna")
    assert added.stderr.splitlines()[1:] == [f"certificate: {certificate.sha256}"], (
        "other devices cannot use 127.0.0.1"
    )
    assert re.fullmatch(r"\S{32,}\n", added.stdout)
    async with running_gateway(settings):
        added = await asyncio.to_thread(command, store, "add", "Anna")
    assert (len(added.stdout.splitlines()), len(added.stderr.splitlines())) == (1, 1), (
        "a local gateway has no certificate"
    )
    added = await asyncio.to_thread(command, store, "add", "Anna")
    assert len(added.stdout.splitlines()) == 1 and "while the gateway runs" in added.stderr


def test_list_does_not_wait_for_killed_gateway(store: DeviceStore) -> None:
    store.add("tablet", DeviceKind.CLIENT, 2_000)
    endpoint = store.file.parent.parent / "run" / ENDPOINT_FILE
    endpoint.parent.mkdir()
    endpoint.write_bytes(encode_endpoint(Endpoint("http://127.0.0.1:1", "k", 1)))
    assert "never" in command(store, "list").output
