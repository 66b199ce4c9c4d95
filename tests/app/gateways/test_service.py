"""Destination of speech, display state and user actions, on a simulated network."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from app.core.errors import Note
from app.gateways.route import RouteTimes
from app.gateways.service import GatewayParts, Gateways
from app.gateways.store import GatewayStore, PairedGateway
from app.gateways.view import (
    EndPairing,
    ForgetGateway,
    FoundView,
    GatewayHealth,
    GatewaysView,
    GatewayView,
    PairGateway,
    PairingProgress,
    QueryResult,
    RenameGateway,
    WatchGateways,
)
from app.settings.sections import GatewaySection
from client.connection import Address
from client.discovery import DiscoveryEvent, GatewayFound
from client.pairing import NewPairing
from protocol.devices import DeviceKind
from tests.helpers.waiting import DEADLINE_S, wait_until

HERE = Address("http://127.0.0.1:1", "owner")
DESK = PairedGateway(("https://10.0.0.4:8765",), "a" * 64, "device-1", "key-1", "desk")
TEAM = PairedGateway(("https://10.0.0.5:8765",), "b" * 64, "device-2", "key-2", "team")
OWN = "f" * 64
SOON = RouteTimes(0.02, 0.02, 0.02, 0.1, 10.0, 3_600.0, 0.002, 0.002, 0.0)


@dataclass
class Network:
    """A simulated network: reachable gateways and announcements."""

    well: set[str] = field(default_factory=lambda: {*DESK.urls, *TEAM.urls})
    asked: list[Address] = field(default_factory=list)
    announced: asyncio.Queue[DiscoveryEvent] = field(default_factory=asyncio.Queue)
    discovering: bool = False
    pairs: NewPairing | None = None
    nobody: bool = False
    refuses: bool = False

    async def ask(self, address: Address) -> QueryResult:
        self.asked.append(address)
        if self.nobody:
            return QueryResult(GatewayHealth.NO_WORKER)
        if self.refuses:
            return QueryResult(GatewayHealth.REFUSED, note=Note("gateway-unauthorised"))
        if address.url in self.well:
            return QueryResult(GatewayHealth.WELL, 2.0, ("GPU · model",))
        return QueryResult(GatewayHealth.AWAY, note=Note("gateway-unreachable"))

    async def discover(self) -> AsyncGenerator[DiscoveryEvent, None]:
        self.discovering = True
        try:
            while True:
                yield await self.announced.get()
        finally:
            self.discovering = False

    async def pair(self, url: str, code: str, name: str, kind: DeviceKind, certificate: str) -> NewPairing:
        assert self.pairs is not None
        return replace(self.pairs, address=replace(self.pairs.address, url=url))


@dataclass
class Bench:
    """Running gateways and the values they reported."""

    gateways: Gateways
    network: Network
    views: list[GatewaysView]
    unchosen: list[int]
    moves: list[str]

    def of(self, gateway: str) -> GatewayView:
        return next(one for one in self.views[-1].gateways if one.id == gateway)

    def problem(self) -> Note | None:
        return self.gateways.problem

    async def until(self, seen: Callable[[GatewaysView], object], what: str) -> None:
        await wait_until(lambda: seen(self.views[-1]), what)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    network, store = Network(), GatewayStore(tmp_path / "gateways.json")
    store.write((DESK, TEAM))
    world = GatewayParts(
        store,
        lambda: HERE,
        network.ask,
        network.discover,
        network.pair,
        SOON,
        lambda: ("10.0.0.9",),
        check_s=0.01,
        quiet_s=0.01,
        own_certificate=lambda: OWN,
    )
    views, unchosen, moves = list[GatewaysView](), list[int](), list[str]()
    made = Gateways(views.append, lambda: unchosen.append(1), lambda: moves.append(made.destination), "env", world)
    async with made:
        yield Bench(made, network, views, unchosen, moves)
    assert not network.discovering


async def test_speech_stays_on_this_computer_by_default(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection())
    assert (bench.gateways.locate(), bench.gateways.destination, bench.gateways.here) == (HERE, "", True)
    assert [one.name for one in bench.views[-1].gateways] == ["desk", "team"]
    assert not bench.network.asked and not bench.network.discovering, "no part of the app needs an answer"


async def test_own_server_is_asked_again_soon_whatever_it_asks_for(bench: Bench) -> None:
    """An estimate of a minute is wrong as soon as the text that was waited for has come."""
    bench.gateways.choose(GatewaySection())
    assert bench.gateways.retry(1, 0.0, 75.0) <= 2.0
    assert bench.gateways.retry(1, 0.0, 0.5) == 0.5
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    assert bench.gateways.retry(1, 0.0, 40.0) == 40.0, "others have many clients"


async def test_this_computer_substitutes_while_the_chosen_gateway_is_away(bench: Bench) -> None:
    gateways = bench.gateways
    gateways.choose(GatewaySection(chosen=DESK.id))
    assert gateways.locate() == DESK.addresses[0] and gateways.destination == "desk"
    await bench.until(lambda view: bench.of(DESK.id).answer.health is GatewayHealth.WELL, "it is well")
    assert bench.of(DESK.id).chosen and bench.problem() is None
    bench.network.well.clear()
    gateways.locate()  # the user wants to speak
    await bench.until(lambda view: view.here, "this computer is in its place")
    assert (gateways.locate(), gateways.destination, gateways.instead_of) == (HERE, "", "desk")
    assert bench.problem() == Note("gateway-instead", {"gateway": "desk"})
    bench.network.well.update(DESK.urls)
    await bench.until(lambda view: not view.here, "back by itself")
    assert gateways.locate() == DESK.addresses[0] and bench.problem() is None
    assert bench.moves == ["desk", "", "desk"]


async def test_gateway_that_refuses_this_computer_is_not_said_to_be_away(bench: Bench) -> None:
    bench.network.refuses = True
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    await bench.until(lambda view: view.instead_of, "this computer is in its place")
    assert bench.problem() == Note("gateway-refused-instead", {"gateway": "desk"})


async def test_chosen_gateway_is_awaited_when_fallback_is_off(bench: Bench) -> None:
    bench.network.well.clear()
    bench.gateways.choose(GatewaySection(chosen=DESK.id, fall_back=False))
    await wait_until(lambda: len(bench.network.asked) > 20, "it is asked again and again")
    assert bench.gateways.locate() == DESK.addresses[0] and not bench.gateways.here


async def test_gateway_at_another_address_is_found_by_its_certificate(bench: Bench) -> None:
    bench.network.well.clear()
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    await bench.until(lambda view: view.here and bench.network.discovering, "it is looked for")
    moved = "https://10.0.0.77:8765"
    bench.network.well.add(moved)
    bench.network.announced.put_nowait(GatewayFound("x", "somebody", ("https://10.0.0.6:1",), "c" * 64, "1"))
    bench.network.announced.put_nowait(GatewayFound("y", "desk", (moved,), DESK.certificate_sha256, "1"))
    await bench.until(lambda view: not view.here, "it is back")
    assert bench.gateways.locate() == replace(DESK.addresses[0], url=moved)
    await wait_until(lambda: not bench.network.discovering, "the search has ended")
    assert bench.of(DESK.id).where == "10.0.0.77:8765"


async def test_own_addresses_are_not_tried_for_a_paired_gateway(bench: Bench) -> None:
    """Container bridges have equal addresses.

    This computer's own gateway would answer there with another certificate.
    """
    bench.network.well.clear()
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    await bench.until(lambda view: bench.network.discovering, "it is looked for")
    moved = "https://10.0.0.77:8765"
    bench.network.well.add(moved)
    both = ("https://10.0.0.9:8765", moved)
    bench.network.announced.put_nowait(GatewayFound("y", "desk", both, DESK.certificate_sha256, "1"))
    await bench.until(lambda view: bench.of(DESK.id).answer.health is GatewayHealth.WELL, "it is found")
    assert both[0] not in {address.url for address in bench.network.asked}


async def test_own_gateway_is_not_listed_as_found(bench: Bench) -> None:
    bench.gateways.ask(WatchGateways(True))
    for service, certificate in (("x", OWN), ("y", "c" * 64)):
        bench.network.announced.put_nowait(
            GatewayFound(service, service, ("https://10.0.0.6:1",), certificate, "1")
        )
    await bench.until(lambda view: [one.name for one in view.found] == ["y"], "only the other one is found")


async def test_running_take_moves_to_the_new_address_of_its_gateway(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection(chosen=DESK.id, fall_back=False))
    await bench.until(lambda view: bench.of(DESK.id).answer.health is GatewayHealth.WELL, "it is well")
    connection = asyncio.create_task(bench.gateways.until_moved(DESK.addresses[0]))
    await wait_until(lambda: bench.network.discovering, "where it is now is listened for")
    moved = "https://10.0.0.77:8765"
    bench.network.well = {moved}
    bench.network.announced.put_nowait(GatewayFound("y", "desk", (moved,), DESK.certificate_sha256, "1"))
    await asyncio.wait_for(connection, DEADLINE_S)
    assert bench.gateways.locate().url == moved
    await wait_until(lambda: not bench.network.discovering, "the search has ended")


async def test_running_take_falls_back_once_and_stays_there(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    await bench.until(lambda view: bench.of(DESK.id).answer.health is GatewayHealth.WELL, "it is well")
    connection = asyncio.create_task(bench.gateways.until_moved(DESK.addresses[0]))
    await asyncio.sleep(0)
    bench.network.nobody = True
    bench.gateways.locate()  # like a user who wants to speak
    await asyncio.wait_for(connection, DEADLINE_S)
    assert bench.gateways.locate() == HERE
    here = asyncio.create_task(bench.gateways.until_moved(HERE))
    bench.network.nobody = False
    await bench.until(lambda view: not view.here, "back by itself")
    await asyncio.sleep(0.05)
    assert not here.done(), "a take does not change back and forth"
    here.cancel()
    await asyncio.gather(here, return_exceptions=True)


async def test_gateway_by_url_gets_the_key_of_the_environment(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection("http://gpu:1"))
    assert bench.gateways.locate() == Address("http://gpu:1", "env", "http://gpu:1")
    await bench.until(lambda view: view.here, "it is away")
    assert not bench.network.discovering, "it has no certificate to be known by"
    assert bench.of("").chosen
    bench.gateways.choose(GatewaySection("http://gpu:1", TEAM.id))
    assert bench.gateways.destination == "team" and not bench.of("").chosen


async def test_unknown_chosen_gateway_means_this_computer(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection("http://gpu:1", chosen="no such"))
    assert bench.gateways.locate() == HERE and bench.gateways.problem == Note("gateway-unknown")


async def test_watched_gateways_are_queried_and_others_searched(bench: Bench) -> None:
    bench.gateways.ask(WatchGateways(True))
    bench.gateways.ask(WatchGateways(True, "tray"))
    await bench.until(lambda view: all(one.answer.latency_ms for one in view.gateways), "all answered")
    bench.network.announced.put_nowait(GatewayFound("x", "new", ("https://10.0.0.6:1",), "c" * 64, "1"))
    await bench.until(lambda view: view.found == (FoundView("new", ("https://10.0.0.6:1",), "c" * 64),), "found")
    bench.gateways.ask(WatchGateways(False, "tray"))
    asked = len(bench.network.asked)
    await wait_until(lambda: len(bench.network.asked) > asked + 4, "all are asked again")
    assert bench.network.discovering, "the panel still looks"
    bench.gateways.ask(WatchGateways(False))
    await wait_until(lambda: not bench.network.discovering, "the search has ended")


async def test_paired_gateway_can_be_chosen(bench: Bench) -> None:
    bench.network.pairs = NewPairing(Address("", "key-3", "attic", "d" * 64), "device-3")
    bench.gateways.ask(PairGateway(("https://10.0.0.8:1",), "12345678", "laptop"))
    await bench.until(lambda view: view.pairing.stage is PairingProgress.PAIRED, "it is paired")
    pairing = bench.views[-1].pairing
    bench.gateways.choose(GatewaySection(chosen=pairing.gateway))
    assert bench.gateways.locate() == Address("https://10.0.0.8:1", "key-3", "attic", "d" * 64)
    bench.gateways.ask(EndPairing())
    assert bench.views[-1].pairing.stage is PairingProgress.NONE


async def test_chosen_gateway_uses_its_new_key_after_pairing_again(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    bench.network.pairs = NewPairing(Address("", "key-9", "desk", "a" * 64), "device-9")
    bench.gateways.ask(PairGateway(DESK.urls, "12345678", "laptop"))
    await bench.until(lambda view: view.pairing.stage is PairingProgress.PAIRED, "it is paired")
    assert bench.gateways.locate().key == "key-9" and len(bench.views[-1].gateways) == 2


async def test_renamed_gateway_is_the_destination_by_its_new_name(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    bench.gateways.ask(RenameGateway(DESK.id, " under  the stairs\n"))
    await wait_until(lambda: bench.gateways.locate().name == "under the stairs", "it is called that")
    assert bench.gateways.destination == bench.moves[-1] == "under the stairs"
    bench.gateways.ask(RenameGateway(DESK.id, ""))
    await wait_until(lambda: bench.gateways.destination == "desk", "as it calls itself")


async def test_gateway_that_is_forgotten_is_not_renamed(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.gateways.choose(GatewaySection(chosen=TEAM.id))
    bench.gateways.ask(ForgetGateway(TEAM.id))
    bench.gateways.ask(RenameGateway(TEAM.id, "upstairs"))
    await bench.until(lambda view: [one.id for one in view.gateways] == [DESK.id], "it is gone")
    bench.gateways.ask(RenameGateway(DESK.id, "downstairs"))
    await bench.until(lambda view: view.gateways[0].name == "downstairs", "the other one is renamed")
    assert "task.failed" not in caplog.text


async def test_gateway_that_moves_while_it_is_renamed_keeps_its_new_name(bench: Bench) -> None:
    bench.gateways.ask(WatchGateways(True))
    await wait_until(lambda: bench.network.discovering, "others are searched for")
    moved = GatewayFound("x", "desk", ("https://10.0.0.77:8765",), DESK.certificate_sha256, "1")
    bench.network.announced.put_nowait(moved)
    bench.gateways.ask(RenameGateway(DESK.id, "upstairs"))
    await bench.until(lambda view: bench.of(DESK.id).where == "10.0.0.77:8765", "it has moved")
    assert bench.of(DESK.id).name == "upstairs"


async def test_forgotten_gateway_is_no_longer_chosen(bench: Bench) -> None:
    bench.network.well.clear()
    bench.gateways.choose(GatewaySection(chosen=TEAM.id))
    bench.gateways.ask(ForgetGateway(TEAM.id))
    bench.gateways.ask(ForgetGateway("no such"))
    await bench.until(lambda view: view.result, "it is reported")
    assert bench.views[-1].result == Note("gateway-still-listed", {"gateway": "team"}), "the gateway was away"
    assert [one.name for one in bench.views[-1].gateways] == ["desk"] and bench.unchosen == [1]
    assert bench.gateways.locate() == HERE


async def test_chosen_gateway_is_queried_at_once_after_sleep(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    await wait_until(lambda: bench.network.asked, "it was asked")
    count = len(bench.network.asked)
    bench.gateways.handle_wake()
    await wait_until(lambda: len(bench.network.asked) > count, "once more")


async def test_sharing_settings_do_not_move_speech(bench: Bench) -> None:
    bench.gateways.choose(GatewaySection(chosen=DESK.id))
    moves = len(bench.moves)
    bench.gateways.choose(GatewaySection(chosen=DESK.id, share=True))
    assert len(bench.moves) == moves
