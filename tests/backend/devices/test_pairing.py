"""Pairing in every order of events, with real SPAKE2 on both sides."""

from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from spake2 import SPAKE2_A, SPAKE2_B

from backend.devices.pairing import Pairing, PairingRules, Proven
from client.errors import Intercepted
from client.pairing import Exchange
from protocol.devices import DeviceKind
from protocol.errors import MalformedMessage
from protocol.pairing import (
    DeviceKey,
    PairBegan,
    PairBegin,
    PairConfirm,
    Paired,
    PairingStage,
    PairRefusal,
    PairRefused,
    derive_keys,
    identities,
    prove,
)
from tests.helpers.examples import examples

CODE, WRONG = "01234567", "76543210"
OWN, OTHER = "aa" * 32, "bb" * 32
KEY = DeviceKey("d", "a key", "desk")
CLIENT, WORKER = DeviceKind.CLIENT, DeviceKind.WORKER


def pairing(rules: PairingRules | None = None) -> Pairing:
    return Pairing(CODE, CLIENT, OWN, 0.0, rules)


def reason(answer: object) -> PairRefusal:
    assert isinstance(answer, PairRefused), answer
    return answer.reason


@dataclass
class Device:
    """A device on which a code is typed."""

    desk: Pairing
    code: str = CODE
    kind: DeviceKind = CLIENT
    sees: str = OWN
    name: str = "laptop"
    exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.code, self.name, self.kind)

    def begin(self, now: float = 1.0, id: str = "e") -> PairBegan:
        answer = self.desk.begin(self.exchange.begin(), id, now)
        assert isinstance(answer, PairBegan), answer
        return answer

    def confirm(self, began: PairBegan, now: float = 2.0) -> Proven | PairRefused:
        return self.desk.confirm(self.exchange.confirm(began, self.sees), now)


def test_right_code_gets_key_that_only_the_device_can_decrypt() -> None:
    desk = pairing()
    device = Device(desk)
    proven = device.confirm(device.begin())
    assert isinstance(proven, Proven) and (proven.name, proven.kind) == ("laptop", CLIENT)
    answer = proven.sealed(KEY)
    assert device.exchange.finish(answer) == KEY
    assert KEY.key.encode() not in msgspec.json.encode(answer)
    assert desk.stage(3.0) is PairingStage.PAIRED and desk.left_s(3.0) == 0.0
    late = Device(desk)
    assert reason(desk.begin(late.exchange.begin(), "f", 3.0)) is PairRefusal.CLOSED


def test_wrong_code_is_refused_with_remaining_tries() -> None:
    desk = pairing()
    for left in (4, 3, 2, 1, 0):
        device = Device(desk, WRONG)
        refused = device.confirm(device.begin())
        assert refused == PairRefused(PairRefusal.WRONG_CODE, left)
    assert desk.stage(2.0) is PairingStage.LOCKED
    assert reason(desk.begin(Device(desk).exchange.begin(), "e", 3.0)) is PairRefusal.LOCKED


def test_fifth_try_may_succeed() -> None:
    desk = pairing()
    for _ in range(4):
        device = Device(desk, WRONG)
        device.confirm(device.begin())
    device = Device(desk)
    began = device.begin()
    assert desk.stage(1.5) is PairingStage.WAITING and desk.tries_left == 0
    assert isinstance(device.confirm(began), Proven)


@pytest.mark.parametrize(("now", "open"), [(119.9, True), (120.0, False), (1e9, False)])
def test_code_is_valid_for_two_minutes(now: float, open: bool) -> None:
    desk = pairing()
    device = Device(desk)
    answer = desk.begin(device.exchange.begin(), "e", now)
    assert isinstance(answer, PairBegan) is open
    assert (desk.stage(now) is PairingStage.EXPIRED) is not open


def test_code_that_expires_during_exchange_is_refused() -> None:
    desk = pairing()
    device = Device(desk)
    began = device.begin(now=115.0)
    assert reason(device.confirm(began, now=120.0)) is PairRefusal.CLOSED
    assert desk.stage(120.0) is PairingStage.EXPIRED


def test_silent_device_does_not_block_another() -> None:
    desk = pairing()
    silent, second = Device(desk), Device(desk)
    silent.begin(now=1.0, id="silent")
    began = second.begin(now=1.1, id="second")
    assert desk.tries_left == 3
    assert isinstance(second.confirm(began, now=1.2), Proven)
    assert desk.stage(1.3) is PairingStage.PAIRED


def test_open_exchanges_are_independent() -> None:
    desk = pairing()
    first, second = Device(desk, code="00000000"), Device(desk)
    theirs, ours = first.begin(now=1.0, id="first"), second.begin(now=1.0, id="second")
    assert reason(first.confirm(theirs, now=1.1)) is PairRefusal.WRONG_CODE
    assert reason(desk.confirm(PairConfirm("first", OWN, bytes(32)), 1.2)) is PairRefusal.CLOSED
    assert isinstance(second.confirm(ours, now=1.3), Proven)


def test_open_exchanges_are_limited_in_total_and_per_address() -> None:
    desk = pairing(PairingRules(tries=50))
    message = Device(desk).exchange.begin()

    def begin(peer: str, now: float) -> bool:
        return isinstance(desk.begin(message, f"{peer} {now}", now, peer), PairBegan)

    assert [begin("a", 1.0 + n / 100) for n in range(3)] == [True, True, False]
    assert [begin(peer, 2.0) for peer in "bcd"] == [True, True, False]
    assert desk.tries_left == 46
    assert begin("a", 11.5) and begin("d", 11.5), "two of them are over"


@pytest.mark.parametrize(("now", "in_time"), [(10.9, True), (11.0, False), (12.0, False)])
def test_exchange_expires_after_ten_seconds(now: float, in_time: bool) -> None:
    device = Device(pairing())
    assert isinstance(device.confirm(device.begin(now=1.0), now), Proven) is in_time


def test_unconfirmed_exchange_counts_as_try() -> None:
    desk = pairing()
    for n in range(5):
        Device(desk).begin(now=n * 11.0)
    assert desk.stage(50.0) is PairingStage.WAITING
    assert desk.stage(54.0) is PairingStage.LOCKED


def test_interceptor_with_own_certificate_ends_pairing() -> None:
    desk = pairing()
    device = Device(desk, sees=OTHER)
    assert reason(device.confirm(device.begin())) is PairRefusal.INTERCEPTED
    assert desk.stage(3.0) is PairingStage.INTERCEPTED
    again = Device(desk)
    assert reason(desk.begin(again.exchange.begin(), "f", 3.0)) is PairRefusal.CLOSED


def test_interceptor_cannot_replace_certificate_in_proof() -> None:
    desk = pairing()
    device = Device(desk, sees=OTHER)
    said = device.exchange.confirm(device.begin(), OTHER)
    forged = msgspec.structs.replace(said, certificate_sha256=OWN)
    assert reason(desk.confirm(forged, 2.0)) is PairRefusal.WRONG_CODE


def test_proof_cannot_be_replayed() -> None:
    desk = pairing()
    device = Device(desk, WRONG)
    said = device.exchange.confirm(device.begin(), OWN)
    assert reason(desk.confirm(said, 2.0)) is PairRefusal.WRONG_CODE
    assert reason(desk.confirm(said, 2.0)) is PairRefusal.CLOSED
    honest = Device(desk)
    began = honest.begin(id="next")
    assert reason(desk.confirm(said, 2.0)) is PairRefusal.CLOSED  # and the next exchange is unaffected
    good = honest.exchange.confirm(began, OWN)
    assert isinstance(desk.confirm(good, 3.0), Proven)
    assert reason(desk.confirm(good, 3.0)) is PairRefusal.CLOSED


def test_recorded_exchange_is_useless_in_another_pairing() -> None:
    first, second = pairing(), pairing()
    device = Device(first)
    asked = device.exchange.begin()
    began = first.begin(asked, "e", 1.0)
    assert isinstance(began, PairBegan)
    said = device.exchange.confirm(began, OWN)
    assert isinstance(first.confirm(said, 2.0), Proven)
    second.begin(asked, "e", 1.0)
    assert reason(second.confirm(said, 2.0)) is PairRefusal.WRONG_CODE


def test_proof_is_bound_to_kind_and_name() -> None:
    desk = pairing()
    worker = Device(desk, kind=WORKER)
    assert desk.begin(worker.exchange.begin(), "e", 1.0) == PairRefused(PairRefusal.OTHER_KIND, 5)
    for asked in (
        PairBegin("another", CLIENT, Device(desk).exchange.begin().message),
        msgspec.structs.replace(worker.exchange.begin(), kind=CLIENT),
    ):
        began = desk.begin(asked, "e", 1.0)
        assert isinstance(began, PairBegan)
        assert reason(worker.confirm(began)) is PairRefusal.WRONG_CODE
        worker = Device(desk, kind=WORKER)


OFF_THE_CURVE = b"A\x02" + bytes(31)


@pytest.mark.parametrize(
    "message", [bytes(33), b"A" + bytes(32), b"B" + bytes(32), b"A\x01" + bytes(31), OFF_THE_CURVE]
)
def test_malformed_messages_are_no_tries_and_are_limited(message: bytes) -> None:
    desk = pairing(PairingRules(malformed_of_peer=3))
    for _ in range(3):
        with pytest.raises(MalformedMessage):
            desk.begin(PairBegin("n", CLIENT, message), "e", 1.0, "a")
    assert desk.tries_left == 5
    assert reason(desk.begin(PairBegin("n", CLIENT, message), "e", 1.0, "a")) is PairRefusal.BUSY
    assert isinstance(desk.begin(Device(desk).exchange.begin(), "f", 1.0, "b"), PairBegan)
    assert reason(desk.confirm(PairConfirm("e", OWN, bytes(32)), 1.0)) is PairRefusal.CLOSED


@given(
    message=st.one_of(st.binary(min_size=33, max_size=33), st.binary(min_size=32, max_size=32).map(b"A".__add__))
)
@settings(max_examples=examples(50))
def test_any_first_message_is_answered(message: bytes) -> None:
    with suppress(MalformedMessage):
        assert isinstance(pairing().begin(PairBegin("n", CLIENT, message), "e", 1.0), PairBegan)


@given(exchange=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64), proof=st.binary())
@example(exchange="\u00e9", proof=b"")
@settings(max_examples=examples(50))
def test_any_unknown_confirmation_is_refused(exchange: str, proof: bytes) -> None:
    desk = pairing()
    Device(desk).begin(id="one that nobody guesses")
    assert reason(desk.confirm(PairConfirm(exchange, OWN, proof), 2.0)) is PairRefusal.CLOSED


def test_reflected_message_proves_nothing() -> None:
    desk = pairing()
    began = Device(desk).begin()
    assert reason(desk.confirm(PairConfirm("e", OWN, bytes(32)), 1.5)) is PairRefusal.WRONG_CODE
    with pytest.raises(MalformedMessage):
        desk.begin(PairBegin("n", CLIENT, began.message), "f", 2.0)


def test_device_rejects_forged_reply() -> None:
    desk = pairing()
    device = Device(desk)
    proven = device.confirm(device.begin())
    assert isinstance(proven, Proven)
    answer = proven.sealed(KEY)
    flipped = bytes([answer.sealed[0] ^ 1]) + answer.sealed[1:]
    for forged in (Paired(bytes(32), answer.sealed), Paired(answer.proof, flipped), Paired(answer.proof, b"")):
        with pytest.raises(Intercepted):
            device.exchange.finish(forged)


def test_spake2_values_equal_those_of_earlier_versions() -> None:
    """A library release with other results could not pair with older devices."""
    device, gateway = identities("laptop", CLIENT)
    ends = [
        side(CODE.encode(), idA=device, idB=gateway, entropy_f=lambda size, last=last: bytes(size - 1) + last)
        for side, last in ((SPAKE2_A, b"\x01"), (SPAKE2_B, b"\x02"))
    ]
    x, y = (end.start() for end in ends)
    assert x.hex() == "417d24bf23a9c827729268dc075a0a57aa0b0abf999d2b60a62c7eb5fec97f354d"
    assert y.hex() == "426fcff5f7b77d6da4af0fb0fbae482ea4d209a7fd379f29d923d10a3017b92944"
    (key,) = {ends[0].finish(y), ends[1].finish(x)}
    assert key.hex() == "d5d7d773c2a18a061299eac2f99c8e4b23922a3a31b794d940f6cc437bc00eda"
    proof = prove(derive_keys(key, x, y).client, x, y, OWN)
    assert proof.hex() == "e4e1f473ffcf8e7dfe9588c79549e5667536e55716e41616febf5ee8b7fc0526"


class World(RuleBasedStateMachine):
    """Devices with right and wrong codes and certificates in any order, and the invariants."""

    confirmations = Bundle("confirmations")

    def __init__(self) -> None:
        super().__init__()
        self.terms = PairingRules(lifetime_s=60.0, exchange_s=10.0, tries=3)
        self.desk = Pairing(CODE, CLIENT, OWN, 0.0, self.terms)
        self.now = 0.0
        self.count = 0
        self.begun = 0
        self.paired = 0

    @rule(seconds=st.sampled_from([0.5, 4.0, 11.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(
        target=confirmations,
        code=st.sampled_from([CODE, WRONG]),
        sees=st.sampled_from([OWN, OTHER]),
        kind=st.sampled_from([CLIENT, WORKER]),
    )
    def begin(self, code: str, sees: str, kind: DeviceKind) -> object:
        exchange = Exchange(code, "n", kind)
        self.count += 1
        answer = self.desk.begin(exchange.begin(), str(self.count), self.now)
        if isinstance(answer, PairRefused):
            return multiple()
        assert kind is CLIENT
        self.begun += 1
        return exchange.confirm(answer, sees), code == CODE, sees == OWN, self.now

    @rule(said=confirmations)
    def confirm(self, said: tuple[PairConfirm, bool, bool, float]) -> None:
        self._confirm(*said)

    @rule(said=consumes(confirmations))
    def confirm_once(self, said: tuple[PairConfirm, bool, bool, float]) -> None:
        self._confirm(*said)

    def _confirm(self, said: PairConfirm, right: bool, own: bool, begun: float) -> None:
        before = self.desk.stage(self.now)
        answer = self.desk.confirm(said, self.now)
        if isinstance(answer, Proven):
            assert right and own and before is PairingStage.WAITING
            assert self.now < begun + self.terms.exchange_s
            self.paired += 1
        else:
            assert answer.reason is not PairRefusal.INTERCEPTED or (right and not own)

    @invariant()
    def holds(self) -> None:
        assert self.paired <= 1 and self.begun <= self.terms.tries
        stage = self.desk.stage(self.now)
        assert (stage is PairingStage.PAIRED) == bool(self.paired)
        if self.now >= self.terms.lifetime_s:
            assert stage is not PairingStage.WAITING


TestWorld = World.TestCase
TestWorld.settings = settings(max_examples=examples(25), stateful_step_count=15)
