"""Pairing: a code gives a key, or a note about the failure."""

import asyncio

import pytest

from app.core.errors import Note
from app.gateways.pairing import PairingAttempt
from app.gateways.store import GatewaysNotKept
from app.gateways.view import PairGateway, PairingProgress, PairingView
from client.connection import Address
from client.errors import Intercepted, NotPaired, Unreachable, WrongCertificate, WrongGateway
from client.pairing import NewPairing
from protocol.devices import DeviceKind
from protocol.errors import MalformedMessage
from protocol.pairing import PairRefusal
from tests.helpers.waiting import wait_until

MADE = NewPairing(Address("https://b:1", "key", "desk", "a" * 64), "device")
WANTED = PairGateway(("https://a:1", "https://b:1"), "1234 5678", "laptop", "c" * 64)


class World:
    """A simulated network and store. ``answers``: the result at each address."""

    def __init__(self, **answers: Exception | NewPairing) -> None:
        self.answers = answers
        self.said: list[tuple[str, ...]] = []
        self.kept: list[NewPairing] = []
        self.refusal: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.views: list[PairingView] = []
        self.attempt = PairingAttempt(self.keep, lambda: self.views.append(self.attempt.view), self.pair)

    async def pair(self, url: str, code: str, name: str, kind: DeviceKind, certificate: str) -> NewPairing:
        self.said.append((url, code, name, kind, certificate))
        await self.gate.wait()
        answer = self.answers[url[8]]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def keep(self, made: NewPairing) -> str:
        if self.refusal:
            raise self.refusal
        self.kept.append(made)
        return "its-id"

    async def over(self) -> PairingView:
        def ended() -> bool:
            return self.attempt.view.stage in {PairingProgress.PAIRED, PairingProgress.REFUSED}

        await wait_until(ended, "it has ended")
        await self.attempt.close()
        return self.views[-2]


async def test_pairing_uses_the_first_address_that_answers() -> None:
    world = World(a=Unreachable("nobody"), b=MADE)
    world.attempt.begin(WANTED)
    assert world.attempt.view == PairingView(PairingProgress.ASKING)
    assert await world.over() == PairingView(PairingProgress.PAIRED, "its-id", "desk")
    assert world.said[-1] == ("https://b:1", "1234 5678", "laptop", "client", "c" * 64)
    assert world.kept == [MADE]


async def test_pairing_skips_an_address_with_another_certificate() -> None:
    world = World(a=WrongGateway(""), b=MADE)
    world.attempt.begin(WANTED)
    assert (await world.over()).stage is PairingProgress.PAIRED and world.kept == [MADE]


@pytest.mark.parametrize("last", [WrongGateway(""), Unreachable("")])
async def test_interception_is_reported_when_no_address_has_the_certificate(last: Exception) -> None:
    world = World(a=WrongGateway(""), b=last)
    world.attempt.begin(WANTED)
    assert (await world.over()).note == Note("pair-intercepted")
    assert [said[0] for said in world.said] == ["https://a:1", "https://b:1"] and not world.kept


@pytest.mark.parametrize(
    ("error", "note"),
    [
        *((NotPaired("", reason), f"pair-{reason.replace('_', '-')}") for reason in PairRefusal),
        (Intercepted(""), "pair-intercepted"),
        (MalformedMessage(""), "pair-no-code"),
        (WrongCertificate(""), "gateway-other-certificate"),
    ],
)
async def test_refusal_is_reported_and_no_other_address_tried(error: Exception, note: str) -> None:
    world = World(a=error, b=MADE)
    world.attempt.begin(WANTED)
    view = await world.over()
    assert view.stage is PairingProgress.REFUSED and view.note is not None and view.note.key == note
    assert [said[0] for said in world.said] == ["https://a:1"] and not world.kept


async def test_same_code_refused_twice_gets_another_note() -> None:
    world = World(a=NotPaired("", PairRefusal.WRONG_CODE, 3))
    keys = []
    for code in ("1234 5678", "1234 5679", "12345679", "1234 5678"):
        world.attempt.begin(PairGateway(("https://a:1",), code, "laptop"))
        note = (await world.over()).note
        assert note is not None and note.values == {"tries": "3"}
        keys.append(note.key)
    assert keys == ["pair-wrong-code", "pair-wrong-code", "pair-wrong-again", "pair-wrong-code"]


async def test_pairing_fails_when_no_address_answers() -> None:
    world = World(a=Unreachable(""), b=Unreachable(""))
    world.attempt.begin(WANTED)
    assert (await world.over()).note == Note("gateway-unreachable")
    world = World()
    world.attempt.begin(PairGateway((), "", ""))
    assert (await world.over()).note == Note("gateway-unreachable")


async def test_pairing_reports_that_the_key_cannot_be_stored() -> None:
    world = World(a=MADE)
    world.refusal = GatewaysNotKept("no room")
    world.attempt.begin(WANTED)
    assert (await world.over()).note == Note("gateways-not-kept")


async def test_unexpected_error_ends_the_pairing() -> None:
    world = World(a=MADE)
    world.refusal = RuntimeError("can't start new thread")
    world.attempt.begin(WANTED)
    assert (await world.over()).note == Note("unexpected", {"error": "RuntimeError"})


async def test_cancelled_pairing_has_no_effect_on_the_next_one() -> None:
    world = World(a=MADE)
    world.gate.clear()
    world.attempt.begin(WANTED)
    await wait_until(lambda: world.said, "it is asked")
    world.attempt.end()
    assert world.attempt.view == PairingView()
    world.attempt.begin(WANTED)
    await wait_until(lambda: len(world.said) == 2, "it is asked again")
    world.gate.set()
    await world.over()
    assert world.kept == [MADE]
