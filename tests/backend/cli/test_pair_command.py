"""``kikipounamu-gateway pair``: the output for the user at the gateway."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import segno
from msgspec.structs import replace
from typer.testing import CliRunner

from backend.cli.main import app
from backend.cli.pair_command import drawing, let_in, running, show
from backend.core.errors import PairingFailed
from backend.gateway import Gateway
from backend.http.certificates import own_certificate
from backend.http.modes import GatewayMode
from backend.running_gateway import running_gateway
from backend.settings import GatewaySettings
from client.errors import DeviceNotKept, NotPaired
from client.pairing import pair
from protocol.devices import DeviceKind
from protocol.endpoint import Endpoint
from protocol.pairing import PairingLink, PairingState, decode_link, encode_link
from tests.backend.conftest import KEY
from tests.helpers.ports import free_port
from tests.helpers.tmpfs import fill, small_disk
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

UseOfCode = Callable[[Gateway, str], Awaitable[object]]


@pytest.fixture
async def shared(broker: Broker, tmp_path: Path) -> AsyncIterator[Gateway]:
    settings = GatewaySettings(
        GatewayMode.SHARED,
        "desk",
        key=KEY,
        redis=broker.url,
        devices_file=tmp_path / "devices.json",
        certificate=own_certificate(tmp_path),
        announce=False,
    )
    async with running_gateway(settings) as gateway:
        yield gateway


async def run_command(gateway: Gateway, use_code: UseOfCode, kind: DeviceKind = DeviceKind.CLIENT) -> list[str]:
    """Run the command while a device uses the code; return the printed lines."""
    printed: list[str] = []
    command = asyncio.create_task(let_in(Endpoint(gateway.url, KEY, 0), kind, printed.append, look_s=0.01))
    try:
        await wait_until(lambda: printed, "the code")
        await use_code(gateway, printed[0].removeprefix("code: "))
        await command
    finally:
        command.cancel()
        with suppress(asyncio.CancelledError, PairingFailed):
            await command
    return printed


async def use(gateway: Gateway, code: str) -> None:
    await pair(f"https://127.0.0.1:{gateway.tls_port}", code, "n")


async def guess(gateway: Gateway, code: str) -> None:
    for _ in range(5):
        with pytest.raises(NotPaired):
            await pair(f"https://127.0.0.1:{gateway.tls_port}", "0" * 8 if code[0] != "0" else "1" * 8, "n")


async def begin_another(gateway: Gateway, code: str) -> None:
    printed: list[str] = []
    other = asyncio.create_task(let_in(Endpoint(gateway.url, KEY, 0), DeviceKind.CLIENT, printed.append))
    await wait_until(lambda: printed, "the other code")
    other.cancel()
    with suppress(asyncio.CancelledError):
        await other


async def test_command_shows_code_and_paired_device(shared: Gateway) -> None:
    printed = await run_command(shared, use)
    (device,) = shared.access.roster.devices
    assert printed[0].startswith("code: ") and "gateway: desk" in printed and printed[-1] == f"paired: {device.id}"
    assert not any("worker" in line for line in printed)


def test_command_shows_link_and_certificate() -> None:
    state = PairingState(
        code="01234567",
        gateway="desk",
        certificate_sha256="ab" * 32,
        urls=tuple(f"https://192.168.1.{n}:8765" for n in range(4)),
    )
    printed: list[str] = []
    show(state, printed.append)
    assert f"certificate: {state.certificate_sha256}" in printed and printed[-1].startswith("link: ")
    link = printed[-1].removeprefix("link: ")
    assert decode_link(link) == PairingLink(state.urls[:3], "01234567", "ab" * 32)
    again: list[str] = []
    show(state, again.append, qr=True)
    assert again[:-1] == [*printed, drawing(link)] and "camera" in again[-1]
    show(replace(state, urls=()), again.append, qr=True)
    assert again[-1].startswith("certificate: "), "where there is no address there is no link"


def test_drawing_equals_qr_code_with_light_border() -> None:
    text = encode_link(PairingLink(("https://192.168.100.104:8765",) * 3, "01234567", "ab" * 32))
    dark = {" ": (1, 1), "▀": (0, 1), "▄": (1, 0), "█": (0, 0)}
    rows: list[list[int]] = []
    for line in drawing(text).splitlines():
        assert line.startswith("\x1b[97;40m") and line.endswith("\x1b[0m")
        pairs = [dark[sign] for sign in line.removeprefix("\x1b[97;40m").removesuffix("\x1b[0m")]
        rows += [[top for top, _ in pairs], [bottom for _, bottom in pairs]]
    matrix = [list(row) for row in segno.make(text, error="l", micro=False).matrix]
    side = len(matrix)
    assert [row[4 : 4 + side] for row in rows[4 : 4 + side]] == matrix
    assert not any(sum(rows[:4], [])) and not any(any(row[:4]) or any(row[4 + side :]) for row in rows[: side + 8])
    assert len(rows[0]) <= 80, "a terminal has room for it"


@pytest.mark.parametrize(("words", "encoding", "why"), [(["--qr"], "ascii", "no QR code"), ([], "ascii", "serve")])
def test_missing_support_for_drawing_is_reported_only_with_qr(
    tmp_path: Path, words: list[str], encoding: str, why: str
) -> None:
    runner = CliRunner(charset=encoding)
    done = runner.invoke(app, ["pair", *words], env={"KIKIPOUNAMU_HOME": str(tmp_path)})
    assert done.exit_code == 1 and why in done.output


async def test_pairing_a_worker_shows_warning(shared: Gateway) -> None:
    async def lend(gateway: Gateway, code: str) -> None:
        await pair(f"https://127.0.0.1:{gateway.tls_port}", code, "GPU", DeviceKind.WORKER)

    printed = await run_command(shared, lend, DeviceKind.WORKER)
    assert any("only computers that you trust" in line for line in printed)
    assert shared.access.roster.devices[0].kind is DeviceKind.WORKER


@pytest.mark.parametrize(("use_code", "why"), [(guess, "too often"), (begin_another, "another one was begun")])
async def test_reason_of_failed_pairing_is_reported(shared: Gateway, use_code: UseOfCode, why: str) -> None:
    with pytest.raises(PairingFailed, match=why):
        await run_command(shared, use_code)


async def test_full_disk_is_reported_as_reason(broker: Broker, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        (disk / "devices.json").write_bytes(b'{"devices": [], "version": 1}')
        settings = GatewaySettings(
            *(GatewayMode.SHARED, "desk"),
            key=KEY,
            redis=broker.url,
            devices_file=disk / "devices.json",
            certificate=own_certificate(tmp_path),
            announce=False,
        )

        async def use_while_it_is_full(gateway: Gateway, code: str) -> None:
            fill(disk)
            with pytest.raises(DeviceNotKept):
                await use(gateway, code)

        async with running_gateway(settings) as gateway:
            with pytest.raises(PairingFailed, match="could not be stored: the disk is full"):
                await run_command(gateway, use_while_it_is_full)


async def test_interrupted_command_ends_pairing(shared: Gateway) -> None:
    printed: list[str] = []
    command = asyncio.create_task(let_in(Endpoint(shared.url, KEY, 0), DeviceKind.CLIENT, printed.append))
    await wait_until(lambda: printed, "the code")
    command.cancel()
    with suppress(asyncio.CancelledError):
        await command
    with pytest.raises(NotPaired, match="shows no code"):
        await pair(f"https://127.0.0.1:{shared.tls_port}", printed[0].removeprefix("code: "), "n")


async def test_unsuitable_gateway_is_reported(gateway: Gateway) -> None:
    with pytest.raises(PairingFailed, match="--mode shared"):
        await let_in(Endpoint(gateway.url, KEY, 0), DeviceKind.CLIENT, print)
    with pytest.raises(PairingFailed, match="key"):
        await let_in(Endpoint(gateway.url, "wrong", 0), DeviceKind.CLIENT, print)
    with pytest.raises(PairingFailed, match="does not answer"):
        await let_in(Endpoint("http://127.0.0.1:9", KEY, 0), DeviceKind.CLIENT, print)


def test_missing_gateway_is_reported_with_remedy(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["pair"], env={"KIKIPOUNAMU_HOME": str(tmp_path)})
    assert done.exit_code == 1 and "kikipounamu-gateway serve" in done.output
    (tmp_path / "broken").write_text("{")
    with pytest.raises(PairingFailed):
        running(tmp_path / "broken")


async def test_ended_gateway_is_reported(tmp_path: Path) -> None:
    ended = Endpoint(f"http://127.0.0.1:{free_port()}", "k", 1)
    with pytest.raises(PairingFailed, match="it has ended. Start it again"):
        await let_in(ended, DeviceKind.CLIENT, lambda line: None)
