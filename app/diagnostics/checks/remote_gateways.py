"""Checks of the remote gateways that this computer uses: reachability, latency and identity."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.core.problem_notes import note_of
from app.diagnostics.checks.finding import Area, Finding, advice, ok, wrong
from app.diagnostics.checks.gateway import GatewayReplies, answers
from app.gateways.store import PairedGateway, decode
from client.connection import Address
from client.errors import GatewayError, Unauthorised, Unreachable, WrongCertificate

_ANSWER_S: Final = 4.0


@dataclass(frozen=True)
class RemoteGateway:
    """A remote gateway to check.

    ``addresses``: where it may be, the likeliest first. ``chosen``: speech goes there while it can. ``needed``:
    speech can go nowhere else.
    """

    name: str
    addresses: tuple[Address, ...]
    chosen: bool = False
    needed: bool = False


def paired(file: Path) -> tuple[PairedGateway, ...] | None:
    """Return the gateways in ``gateways.json`` and leave the file alone; ``None``: it is unreadable. Blocks."""
    try:
        return decode(file.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValueError):
        return None


async def elsewhere(gateways: Sequence[RemoteGateway], version: str, answer_s: float = _ANSWER_S) -> list[Finding]:
    """Check all gateways, and all addresses of each, concurrently.

    ``version``: this program's version.
    """
    found = await asyncio.gather(*(_one(gateway, version, answer_s) for gateway in gateways))
    return [finding for findings in found for finding in findings]


async def _one(gateway: RemoteGateway, version: str, answer_s: float) -> list[Finding]:
    found = await asyncio.gather(*(_asked(address, answer_s) for address in gateway.addresses))
    for address, answer in zip(gateway.addresses, found, strict=True):
        if isinstance(answer, GatewayReplies):
            return told(gateway, address, answer, version)
    errors = [answer for answer in found if isinstance(answer, GatewayError)]
    errors.sort(key=lambda error: isinstance(error, Unreachable))  # a refusal says more than silence
    return [refused(gateway, errors[0] if errors else Unreachable("it has no address"))]


async def _asked(address: Address, answer_s: float) -> GatewayReplies | GatewayError:
    try:
        return await answers(address, answer_s)
    except GatewayError as error:
        return error


def told(gateway: RemoteGateway, address: Address, found: GatewayReplies, version: str) -> list[Finding]:
    """Return the findings about a gateway that answers. Pure."""
    area, name = Area.ELSEWHERE, gateway.name
    workers, ms = str(found.ready.get("workers", "?")), f"{found.ms:.0f}"
    if not found.ready.get("ready"):
        finding = wrong if gateway.needed else advice
        findings = [finding(area, "elsewhere-nobody", name=name, ms=ms)]
    elif address.certificate_sha256:
        findings = [ok(area, "elsewhere-pinned", name=name, ms=ms, workers=workers)]
    else:
        findings = [ok(area, "elsewhere-well", name=name, ms=ms, workers=workers)]
    if found.version and found.version != version:
        findings.append(advice(area, "elsewhere-version", name=name, version=found.version, own=version))
    return findings


def refused(gateway: RemoteGateway, error: GatewayError) -> Finding:
    """Return the finding about a gateway that cannot be used. Pure."""
    area, name = Area.ELSEWHERE, gateway.name
    if isinstance(error, WrongCertificate):
        return wrong(area, "elsewhere-certificate", name=name)
    finding = wrong if gateway.needed or (gateway.chosen and not isinstance(error, Unreachable)) else advice
    if isinstance(error, Unauthorised):
        return finding(area, "elsewhere-key", name=name)
    if isinstance(error, Unreachable):
        return finding(area, "elsewhere-away", name=name)
    return finding(area, "elsewhere-refuses", name=name).because(note_of(error))
