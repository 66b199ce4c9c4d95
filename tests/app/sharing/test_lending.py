"""Lending as the user requests it; then a real worker at a real gateway."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from app.core.errors import Note
from app.gateways.store import GatewayStore, PairedGateway
from app.gateways.view import PairingProgress
from app.local_services.local_gateway import WorkerSeen
from app.local_services.local_worker import LocalWorkerSettings
from app.local_services.worker_limits import BATTERY
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.settings.sections import ChangeSetting
from app.sharing import owner_client
from app.sharing.lending import RESTS, Lending, lent_file
from app.sharing.view import EndEnlisting, Enlist, ForgetLent, Lend, LendingView
from backend.gateway import Gateway
from client.connection import Address
from client.errors import NotPaired
from client.pairing import NewPairing
from protocol.devices import DeviceKind
from protocol.pairing import PairRefusal
from tests.helpers.waiting import wait_until

DIGESTS = {f"https://10.0.0.{host}:8765": digest * 32 for host, digest in ((7, "ab"), (8, "cd"), (9, "ab"))}
AWAY = "https://127.0.0.1:1"
DIGESTS[AWAY] = "ef" * 32
CHECKSUM = LocalWorkerSettings((), ("--engine", "checksum"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))


@dataclass
class World:
    """Simulated gateways that give keys, and settings that accept changes."""

    view: LendingView = LendingView()
    kinds: list[DeviceKind] = field(default_factory=list)
    refusal: PairRefusal | None = None
    lending: Lending | None = None

    def post(self, view: LendingView) -> None:
        self.view = view

    def change(self, change: ChangeSetting) -> None:
        assert change.name == "worker.lend_to" and self.lending is not None
        self.lending.choose(tuple(str(change.value).split()))

    async def pair(self, url: str, code: str, name: str, kind: DeviceKind, digest: str) -> NewPairing:
        if self.refusal is not None:
            raise NotPaired("no", self.refusal)
        self.kinds.append(kind)
        return NewPairing(Address(url, f"key {code}", f"the {url[-6]}", DIGESTS[url]), "device")

    async def nobody(self, address: Address) -> tuple[WorkerSeen, ...]:
        return ()

    def states(self) -> dict[str, tuple[bool, LocalWorkerState]]:
        return {lent.name: (lent.on, lent.worker.state) for lent in self.view.lent}


async def waits(model: str, percent: object) -> None:
    await asyncio.Event().wait()


@asynccontextmanager
async def lending(world: World) -> AsyncIterator[Lending]:
    made = Lending(world.post, "tower", waits, world.pair, world.nobody)
    made.discover, made.change, world.lending = None, world.change, made
    async with made:
        yield made


async def test_worker_is_lent_to_a_gateway_that_gave_a_key() -> None:
    world = World()
    async with lending(world) as made:
        made.ask(Enlist(("https://10.0.0.7:8765",), "1234 5678"))
        await wait_until(lambda: world.view.pairing.stage is PairingProgress.PAIRED, "it has a key")
        assert world.kinds == [DeviceKind.WORKER] and world.view.pairing.name == "the 7"
        await wait_until(lambda: world.states() == {"the 7": (True, LocalWorkerState.STARTING)}, "it is lent to")
    assert lent_file().stat().st_mode & 0o077 == 0


async def test_lent_workers_are_switched_paused_and_forgotten_separately() -> None:
    world = World()
    async with lending(world) as made:
        for host in "78":
            made.ask(Enlist((f"https://10.0.0.{host}:8765",), "12345678"))
            await wait_until(lambda: world.view.pairing.stage is PairingProgress.PAIRED, "it has a key")
            made.ask(EndEnlisting())
        await wait_until(
            lambda: [lent.worker.state for lent in world.view.lent] == [LocalWorkerState.STARTING] * 2,
            "both are lent to",
        )
        first, second = world.view.lent
        made.ask(Lend(first.id, False))
        await wait_until(lambda: not world.view.lent[0].on and not world.view.lent[0].worker.works, "one is not")
        assert world.view.lent[1].worker.works
        made.rest(BATTERY)
        await wait_until(lambda: world.view.lent[1].worker == WorkerView(reason=RESTS), "it rests")
        assert world.view.lent[0].worker == WorkerView(), "the first worker stays off"
        made.rest(None)
        await wait_until(lambda: world.view.lent[1].worker.works, "it works again")
        made.ask(ForgetLent(second.id))
        await wait_until(lambda: [lent.id for lent in world.view.lent] == [first.id], "it is forgotten")
    async with lending(world):
        assert [(lent.id, lent.on) for lent in world.view.lent] == [(first.id, False)], "as it was kept"


async def test_new_key_stays_when_the_earlier_worker_reports_while_it_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, disk, write = World(), threading.Event(), GatewayStore.write

    def write_slowly(store: GatewayStore, gateways: tuple[PairedGateway, ...]) -> None:
        disk.wait(60)
        write(store, gateways)

    async with lending(world) as made:
        made.ask(Enlist(("https://10.0.0.7:8765",), "12345678"))
        await wait_until(lambda: world.view.lent and world.view.lent[0].worker.works, "it is lent to")
        monkeypatch.setattr(GatewayStore, "write", write_slowly)
        made.ask(Enlist(("https://10.0.0.9:8765",), "87654321"))
        await wait_until(lambda: made._registry.gateways[0].key == "key 87654321", "it has a new key")
        made.rest(BATTERY)
        await wait_until(lambda: world.view.lent[0].worker == WorkerView(reason=RESTS), "the worker rests")
        disk.set()
        await wait_until(lambda: world.view.pairing.stage is PairingProgress.PAIRED, "the key is stored")
    ((stored,), _) = GatewayStore(lent_file()).read()
    assert (stored.key, len(stored.urls)) == ("key 87654321", 2)


async def test_refusal_of_a_worker_key_is_reported() -> None:
    world = World(refusal=PairRefusal.OTHER_KIND)
    async with lending(world) as made:
        made.ask(Enlist(("https://10.0.0.7:8765",), "12345678"))
        await wait_until(lambda: world.view.pairing.stage is PairingProgress.REFUSED, "it has none")
        assert world.view.pairing.note == Note("lent-other-kind") and world.view.lent == ()


async def test_settings_may_name_a_gateway_instead_of_its_id() -> None:
    world = World()
    async with lending(world) as made:
        made.ask(Enlist(("https://10.0.0.7:8765",), "12345678"))
        await wait_until(lambda: world.view.lent and world.view.lent[0].worker.works, "it is lent to")
        made.choose((world.view.lent[0].name,))
        assert world.view.lent[0].on
        made.choose(("somebody else",))
        await wait_until(lambda: not world.view.lent[0].worker.works, "it is not")


async def test_real_worker_is_lent_listed_and_revoked(shared: Gateway, owned: Address) -> None:
    world = World()
    made = Lending(world.post, "tower")
    made.discover, made.change, world.lending = None, world.change, made
    made.use(CHECKSUM)
    async with made:
        state = await owner_client.begin_pairing(owned, DeviceKind.WORKER)
        made.ask(Enlist((f"https://127.0.0.1:{shared.tls_port}",), state.code))
        wanted = WorkerView(LocalWorkerState.IDLE, "cpu", model="checksum")
        await wait_until(lambda: [lent.worker for lent in world.view.lent] == [wanted], "it works there")
        (device,) = await owner_client.devices(owned)
        assert (device.name, device.kind) == ("tower", DeviceKind.WORKER) and device.connections
        key = lent_file().read_text()
        lines = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
        assert not any(part in line for line in lines for part in key.split('"') if len(part) == 43), "no key"
        await owner_client.revoke_device(owned, device.id)
        refused = WorkerView(LocalWorkerState.FAILED, reason=Note("lent-unknown", {"gateway": "desk"}))
        await wait_until(lambda: world.view.lent[0].worker == refused, "the refusal and the remedy are reported")


async def test_forgotten_gateway_revokes_the_key(shared: Gateway, owned: Address) -> None:
    world = World()
    made = Lending(world.post, "tower")
    made.discover, made.change, world.lending = None, world.change, made
    made.use(CHECKSUM)
    async with made:
        state = await owner_client.begin_pairing(owned, DeviceKind.WORKER)
        made.ask(Enlist((f"https://127.0.0.1:{shared.tls_port}",), state.code))
        await wait_until(lambda: world.view.lent and world.view.lent[0].worker.model == "checksum", "it works")
        made.ask(ForgetLent(world.view.lent[0].id))
        await wait_until(lambda: not shared.access.roster.devices, "its key is revoked")
        assert world.view.lent == () and world.view.problem is None


async def test_gateway_that_could_not_be_told_is_named() -> None:
    world = World()
    async with lending(world) as made:
        made.ask(Enlist((AWAY,), "12345678"))
        await wait_until(lambda: world.view.lent, "it has a key")
        made.ask(ForgetLent(world.view.lent[0].id))
        still_listed = Note("gateway-still-listed", {"gateway": "the ."})
        await wait_until(lambda: world.view == LendingView((), world.view.pairing, still_listed), "it is named")
