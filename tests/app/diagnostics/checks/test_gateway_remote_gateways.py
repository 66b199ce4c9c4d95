"""Remote gateways: fine, away, without a worker, or with another key, certificate or version."""

import asyncio

from app.core.errors import Note
from app.diagnostics.checks.gateway import RemoteGateway, elsewhere, refusal_finding
from client.connection import Address
from client.errors import Refused, Unauthorised, Unreachable, WrongCertificate
from runtime.tasks import cancel_and_wait
from tests.app.diagnostics.checks.found import keys
from tests.app.diagnostics.checks.gateways import KEY, READY, gateway
from tests.helpers.waiting import wait_until

AWAY = Address("http://127.0.0.1:9", KEY)


def at(*addresses: Address, chosen: bool = False, needed: bool = False) -> RemoteGateway:
    return RemoteGateway("the desk", addresses, chosen, needed)


async def test_first_address_that_answers_counts() -> None:
    async with gateway(version="1.0") as url:
        found = await elsewhere([at(AWAY, Address(url, KEY)), at(AWAY)], "1.0")
    assert keys(found) == ["ok elsewhere-well", "advice elsewhere-away"]
    assert found[0].values["name"] == "the desk" and found[0].values["workers"] == "1"


async def test_all_addresses_of_a_gateway_are_tried_concurrently() -> None:
    asked, all_asked = 0, asyncio.Event()

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer no connection before all three are open."""
        nonlocal asked
        asked += 1
        if asked == 3:
            all_asked.set()
        await all_asked.wait()
        writer.close()

    async with await asyncio.start_server(hold, "127.0.0.1", 0) as server:
        address = Address(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", KEY)
        examined = asyncio.create_task(elsewhere([at(address, address, address)], "1.0", answer_s=600.0))
        try:
            await wait_until(all_asked.is_set, "each is asked")
            assert keys(await examined) == ["advice elsewhere-away"]
        finally:
            await cancel_and_wait([examined])
            all_asked.set()


async def test_gateway_without_worker_is_a_problem_only_when_needed() -> None:
    async with gateway({**READY, "ready": False}, version="0.9") as url:
        found = await elsewhere([at(Address(url, KEY))], "1.0")
        needed = await elsewhere([at(Address(url, KEY), needed=True)], "1.0")
    assert keys(found) == ["advice elsewhere-nobody", "advice elsewhere-version"]
    assert keys(needed)[0] == "problem elsewhere-nobody"


async def test_gateway_that_refuses_sessions_is_unhealthy() -> None:
    full = {**READY, "accepting": False, "reasons": [{"code": "memory", "message": "full"}]}
    async with gateway(full) as url:
        found = await elsewhere([at(Address(url, KEY)), at(Address(url, KEY), needed=True)], "")
    assert keys(found) == ["advice elsewhere-not-accepting", "problem elsewhere-not-accepting"]
    assert found[0].reason == Note("gateway-queue-full")


async def test_refusal_wins_over_unreachable_address() -> None:
    async with gateway() as url:
        found = await elsewhere([at(Address(url, "another"), AWAY, chosen=True)], "1.0")
    assert keys(found) == ["problem elsewhere-key"]


def test_severity_depends_on_use_of_gateway() -> None:
    certificate = WrongCertificate("another")
    assert keys([refusal_finding(at(AWAY), certificate)]) == ["problem elsewhere-certificate"]
    assert keys([refusal_finding(at(AWAY), Refused("no"))]) == ["advice elsewhere-refuses"]
    assert keys([refusal_finding(at(AWAY), Unauthorised("no"))]) == ["advice elsewhere-key"]
    assert keys([refusal_finding(at(AWAY, chosen=True), Unreachable("no"))]) == ["advice elsewhere-away"]
    assert keys([refusal_finding(at(AWAY, chosen=True, needed=True), Unreachable("no"))]) == [
        "problem elsewhere-away"
    ]
