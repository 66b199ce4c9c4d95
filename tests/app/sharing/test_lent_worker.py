"""A worker lent to a gateway: its address, and reports of problems."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.errors import Note
from app.gateways.store import PairedGateway
from app.local_services.local_gateway import WorkerSeen
from app.local_services.local_worker import LocalWorkerSettings, Percent
from app.local_services.worker_view import LocalWorkerState, WorkerView
from app.sharing.lent_worker import AWAY, Lent, workers_of
from backend.gateway import Gateway
from client.connection import Address
from client.discovery import DiscoveryEvent, GatewayFound, GatewayGone
from client.errors import GatewayError, Refused, Unauthorised, Unreachable, WrongCertificate
from tests.helpers.waiting import wait_until

DIGEST = "ab" * 32
OLD, NEW = "https://10.0.0.7:8765", "https://10.0.0.9:8765"
DESK = PairedGateway((OLD,), DIGEST, "device", "key", "desk")


class Away:
    """A query of workers that raises ``error`` at some addresses, and records all queried addresses."""

    def __init__(self, error: GatewayError | None, also: tuple[str, ...] = ()) -> None:
        self.error = error
        self.at = (OLD, *also)
        self.asked: list[str] = []

    async def __call__(self, address: Address) -> tuple[WorkerSeen, ...]:
        self.asked.append(address.url)
        if self.error is not None and address.url in self.at:
            raise self.error
        return ()


async def given(model: str, percent: Percent) -> None:
    return None


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalWorkerSettings:
    """Return the settings of a program that ends at once, as a worker that its gateway refuses."""
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    program = tmp_path / "refused"
    program.write_text("#!/bin/sh\nexit 4\n")
    program.chmod(0o700)
    return LocalWorkerSettings((), (), program=str(program))


@asynccontextmanager
async def lent(settings: LocalWorkerSettings, ask: Away) -> AsyncIterator[Lent]:
    made = Lent(DESK, settings, given, lambda: None, ask)
    made.check_s = 0.02
    try:
        yield made
    finally:
        await made.close()


async def test_workers_are_queried_with_the_worker_key(owned: Address, shared: Gateway) -> None:
    assert await workers_of(owned) == ()
    with pytest.raises(Unauthorised):
        await workers_of(Address(owned.url, "another key"))
    with pytest.raises(Unreachable):
        await workers_of(Address("http://127.0.0.1:9", "key"))


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (Unauthorised("no"), "lent-unknown"),
        (WrongCertificate("no"), "lent-other-certificate"),
        (Refused("no"), "lent-other-version"),
        (None, "lent-other-version"),
    ],
)
async def test_reason_for_a_refused_worker_is_found(
    error: GatewayError | None, key: str, refused: LocalWorkerSettings
) -> None:
    async with lent(refused, Away(error)) as made:
        await made.switch(on=True)
        wanted = WorkerView(LocalWorkerState.FAILED, reason=Note(key, {"gateway": "desk"}))
        await wait_until(lambda: made.view == wanted, "the reason and the remedy are reported")


async def test_missing_gateway_is_reported_searched_and_followed(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    heard = asyncio.Event()

    async def discover() -> AsyncGenerator[DiscoveryEvent, None]:
        yield GatewayGone("somebody")
        yield GatewayFound(
            "another", "desk", ("https://10.6.6.6:8765",), "cd" * 32, "1"
        )  # another gateway of the same name
        await heard.wait()
        yield GatewayFound("desk", "desk", (NEW,), DIGEST, "1")
        await asyncio.Event().wait()

    ask = Away(Unreachable("no"))
    running = LocalWorkerSettings((), ("--engine", "checksum"))
    async with lent(running, ask) as made:
        made.discover = discover
        await made.switch(on=True)
        await wait_until(lambda: made.view == WorkerView(LocalWorkerState.STARTING, reason=AWAY), "it is away")
        heard.set()
        await wait_until(lambda: made.paired.urls == (NEW, OLD), "it is heard of elsewhere")
        await wait_until(lambda: NEW in ask.asked and made.view.reason is None, "it is used there")
        assert "https://10.6.6.6:8765" not in ask.asked
        await made.switch(on=False, why=Note("rests-on-battery"))
        assert made.view == WorkerView(reason=Note("rests-on-battery"))


async def test_search_that_begins_while_the_worker_ends_is_ended_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    searching, ended, begun = asyncio.Event(), asyncio.Event(), tmp_path / "begun"

    async def discover() -> AsyncGenerator[DiscoveryEvent, None]:
        searching.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        yield GatewayGone("nobody")

    program = tmp_path / "slow"
    program.write_text(f"#!/bin/sh\ntrap '' TERM\ntouch {begun}\nexec sleep 1000\n")
    program.chmod(0o700)
    monkeypatch.setattr("app.local_services.local_worker._STOP_S", 3.0)
    monkeypatch.setattr("app.local_services.local_worker._CHECK_SOON_S", 0.02)
    ask = Away(None)
    async with lent(LocalWorkerSettings((), (), program=str(program)), ask) as made:
        made.discover = discover
        await made.switch(on=True)
        await wait_until(begun.exists, "it works, and will not end soon")
        closing = asyncio.create_task(made.close())
        await asyncio.sleep(0)
        ask.error = Unreachable("no")
        await closing
        assert searching.is_set(), "the gateway was missed meanwhile"
        assert ended.is_set(), "the search has ended"


OWN, FAR = "https://172.17.0.1:8765", "https://172.18.0.1:8765"
OTHER = Note("lent-other-certificate", {"gateway": "desk"})
VERSION = Note("lent-other-version", {"gateway": "desk"})


class Seen:
    """All states and reasons of a lent worker, in order."""

    def __init__(self, made: Lent) -> None:
        self.views: list[WorkerView] = []
        made._changed = lambda: self.views.append(made.view)

    def began_again_after(self, reason: Note) -> bool:
        refused = WorkerView(LocalWorkerState.FAILED, reason=reason)
        later = self.views[self.views.index(refused) :] if refused in self.views else []
        return next((view for view in later if view != refused), None) == WorkerView(LocalWorkerState.STARTING)


async def test_gateway_whose_address_another_computer_got_is_found(refused: LocalWorkerSettings) -> None:
    heard = asyncio.Event()

    async def discover() -> AsyncGenerator[DiscoveryEvent, None]:
        await heard.wait()
        yield GatewayFound("desk", "desk", (OWN, FAR, NEW), DIGEST, "1")
        await asyncio.Event().wait()

    ask = Away(WrongCertificate("no"), also=(FAR,))
    async with lent(refused, ask) as made:
        made.discover, made.own_addresses, seen = discover, lambda: ("172.17.0.1",), Seen(made)
        await made.switch(on=True)
        await wait_until(lambda: made.view == WorkerView(LocalWorkerState.FAILED, reason=OTHER), "it is told so")
        asked = len(ask.asked)
        await wait_until(lambda: len(ask.asked) > asked, "it is asked for on")
        heard.set()
        await wait_until(lambda: seen.began_again_after(OTHER), "a worker begins there")
        assert made.paired.urls == (NEW, FAR, OLD), "where it was found is tried first"
        await wait_until(lambda: made.view.reason == VERSION, "refused there too, for another reason")


async def test_worker_restarts_when_the_gateway_is_back_at_its_address(refused: LocalWorkerSettings) -> None:
    ask = Away(WrongCertificate("no"))
    async with lent(refused, ask) as made:
        seen = Seen(made)
        await made.switch(on=True)
        result = WorkerView(LocalWorkerState.FAILED, reason=OTHER)
        await wait_until(lambda: made.view == result, "another gateway has the address")
        ask.error = Unreachable("no")
        await wait_until(
            lambda: made.view == WorkerView(LocalWorkerState.FAILED, reason=AWAY), "no gateway has the address"
        )
        ask.error = None
        await wait_until(lambda: seen.began_again_after(AWAY), "a worker begins anew")


async def test_worker_tries_again_because_a_gateway_of_another_version_may_be_updated(
    refused: LocalWorkerSettings,
) -> None:
    waited = list[int]()

    def pause(refusals: int) -> float:
        waited.append(refusals)
        return 0.0

    async with lent(refused, Away(None)) as made:
        made.retry_pause = pause
        seen = Seen(made)
        await made.switch(on=True)
        await wait_until(lambda: seen.began_again_after(VERSION), "a worker begins anew")
        await wait_until(lambda: waited[:3] == [1, 2, 3], "each refusal makes the next pause longer")


async def test_worker_does_not_try_again_where_its_key_is_unknown(refused: LocalWorkerSettings) -> None:
    async with lent(refused, Away(Unauthorised("no"))) as made:
        made.retry_pause = lambda refusals: 0.0
        seen = Seen(made)
        await made.switch(on=True)
        unknown = Note("lent-unknown", {"gateway": "desk"})
        await wait_until(lambda: made.view.reason == unknown, "the reason is reported")
        await wait_until(
            lambda: "lent/explain" not in map(asyncio.Task.get_name, asyncio.all_tasks()), "that is all"
        )
        assert not seen.began_again_after(unknown)


async def test_gateway_is_not_searched_after_lending_was_switched_off(refused: LocalWorkerSettings) -> None:
    looking = list[int]()

    async def discover() -> AsyncGenerator[DiscoveryEvent, None]:
        looking.append(1)
        try:
            await asyncio.Event().wait()
            yield GatewayGone("nobody")
        finally:
            looking.clear()

    async with lent(refused, Away(WrongCertificate("no"))) as made:
        made.discover = discover
        await made.switch(on=True)
        result = WorkerView(LocalWorkerState.FAILED, reason=OTHER)
        await wait_until(lambda: made.view == result and looking, "it is looked for")
        await made.switch(on=False)
        await wait_until(lambda: not looking, "it is not any more")
        assert made.view == WorkerView()
