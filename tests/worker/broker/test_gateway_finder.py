"""Search for a gateway whose address changed, over real multicast on loopback."""

from uuid import uuid4

from zeroconf.asyncio import AsyncServiceInfo

from backend.devices.announcement import Announced, announcing
from protocol.discovery import SERVICE, Announcement, encode_text
from worker.broker.gateway_finder import _places, find_gateway

LOOPBACK = ["127.0.0.1"]


def announced() -> Announced:
    return Announced(f"desk {uuid4().hex[:6]}", 8765, Announcement(uuid4().hex * 2))


async def test_gateway_is_found_by_its_certificate() -> None:
    one, other = announced(), announced()
    async with announcing(one, lambda: ("127.0.0.1",)), announcing(other, lambda: ("127.0.0.1",)):
        for there in (one, other):
            digest = bytes.fromhex(there.said.certificate_sha256)
            assert await find_gateway(digest, 30.0, LOOPBACK) == ("127.0.0.1:8765",)


async def test_search_is_empty_without_announcement() -> None:
    assert await find_gateway(bytes(32), 0.05, LOOPBACK) == ()


def test_found_addresses_are_formatted_as_host_and_port() -> None:
    said = encode_text(Announcement("ab" * 32))
    addresses = ["fd00::4", "192.168.1.4", "fe80::1"]
    info = AsyncServiceInfo(SERVICE, f"n.{SERVICE}", port=7, parsed_addresses=addresses, properties=said)
    assert _places(info, b"\xab" * 32) == ("192.168.1.4:7", "[fd00::4]:7")
    assert _places(info, b"\xcd" * 32) == ()
