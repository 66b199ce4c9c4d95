"""The ``kikipounamu-gateway devices`` commands. A running gateway follows changes within a second."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, TypeVar

import aiohttp
import msgspec
import typer

from backend.cli.pair_command import running
from backend.core.errors import BackendError, PairingFailed
from backend.devices.records import DEVICES_FILE, Device, DeviceStore
from protocol.devices import DEVICES_PATH, DeviceKind, DeviceList, DeviceState
from protocol.endpoint import ENDPOINT_FILE
from protocol.pairing import PAIRING_PATH, PairingState
from runtime.command_line import AsJson, group
from runtime.folders import folders, refusal
from runtime.terminal import printable, reason, say

devices = group("Manage the devices that may use this gateway.")

Which = Annotated[str, typer.Argument(help="Device id, its beginning, or name.")]
_NEVER: Final = "never"
_NOW: Final = "now"
_ANSWER_S: Final = 2.0

_Answer = TypeVar("_Answer")


@devices.command("list")
def list_devices(as_json: AsJson = False) -> None:
    """List the paired devices, oldest first: id, kind, when paired, when last seen, name."""
    with _store() as store:
        listed = store.read()
    listing = asyncio.run(_ask_gateway(DEVICES_PATH, DeviceList)) if listed else None
    known = {device.id: device for device in listing.devices} if listing else {}  # the file lags by a minute
    if as_json:
        say(msgspec.json.encode([_facts(one, known.get(one.id)) for one in listed]).decode())
        return
    if not listed:
        say("no device is paired: `kikipounamu-gateway pair` shows a code for one", err=True)
    for one in listed:
        seen = _last_seen_text(one, known.get(one.id))
        say(f"{one.id}  {one.kind:6}  {_day(one.made_s)}  {seen:16}  {printable(one.name)}")
        if one.refused:
            say(f"    refused: a device is client or worker; `devices revoke {one.id}`, and pair it", err=True)


@devices.command("add")
def add_device(
    name: str, worker: Annotated[bool, typer.Option("--worker", help="Add a worker instead of a client.")] = False
) -> None:
    """Create a key where pairing is impossible; print it once, with the gateway's certificate digest.

    Standard output has the key alone, for scripts.
    """
    with _store() as store:
        made, key = store.add(name, DeviceKind.WORKER if worker else DeviceKind.CLIENT, time.time())
    say(f"{made.id}  {made.kind}  {made.name}", err=True)
    say(key)
    here = asyncio.run(_ask_gateway(PAIRING_PATH, PairingState))
    if here is None:
        say("while the gateway runs, its certificate's digest is shown here too", err=True)
    elif here.certificate_sha256:
        say(f"certificate: {here.certificate_sha256}", err=True)
        for url in here.urls:
            say(f"at: {url}", err=True)


@devices.command("name")
def name_device(device: Which, name: str) -> None:
    """Rename a paired device."""
    with _store() as store:
        renamed = store.rename(device, name)
    say(f"{renamed.id}  {renamed.name}")


@devices.command("revoke")
def revoke_device(device: Which) -> None:
    """Revoke a device's key and end its open connections."""
    with _store() as store:
        revoked = store.revoke(device)
    say(f"{revoked.id}  {revoked.name}  revoked")


@contextmanager
def _store() -> Iterator[DeviceStore]:
    try:
        yield DeviceStore(folders().data / DEVICES_FILE)
    except (BackendError, OSError) as error:
        say(refusal(error) if isinstance(error, OSError) else reason(error), err=True)
        raise typer.Exit(1) from None


async def _ask_gateway(path: str, kind: type[_Answer]) -> _Answer | None:
    """Ask the running gateway; ``None`` if no gateway runs or answers."""
    try:
        gateway = running(folders().runtime / ENDPOINT_FILE)
        bearer = {"Authorization": f"Bearer {gateway.key}"}
        timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
        async with (
            aiohttp.ClientSession(gateway.url, headers=bearer, timeout=timeout) as http,
            http.get(path, raise_for_status=True) as response,
        ):
            return msgspec.json.decode(await response.read(), type=kind)
    except (PairingFailed, aiohttp.ClientError, TimeoutError, OSError, msgspec.DecodeError):
        return None


def _facts(device: Device, known: DeviceState | None) -> dict[str, object]:
    """Return the JSON values of a device. Times are seconds since 1970; 0: never."""
    return {
        "id": device.id,
        "name": device.name,
        "kind": device.kind,
        "paired_s": device.made_s,
        "seen_s": _seen_s(device, known),
        "connections": known.connections if known else 0,
        "refused": device.refused,
    }


def _last_seen_text(device: Device, known: DeviceState | None) -> str:
    if known is not None and known.connections:
        return _NOW
    return _day(_seen_s(device, known))


def _seen_s(device: Device, known: DeviceState | None) -> int:
    """Return when a device was last seen: a running gateway has newer times than the file."""
    return max(device.seen_s, known.seen_s if known else 0)


def _day(moment_s: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment_s)) if moment_s else _NEVER
