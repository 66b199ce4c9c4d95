"""One code, from the moment it is shown until somebody is paired with it or nobody can be. Pure.

    waiting --begin--> (an exchange is open) --confirm--> paired
                                             --confirm, another certificate--> intercepted
                                             --confirm, wrong; or 10 s--> waiting, after the fifth time locked
    waiting --2 min--> expired

Each exchange that begins counts as a try, whether or not it is confirmed; a message that is none of SPAKE2 begins
none. Several are open at a time, few of one address, so that no device waits for another one's. Each is answered
once: nothing that was said in one is of use in another. The time is passed in, codes and exchanges too.
"""

import hmac
from collections import Counter
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from spake2 import SPAKE2_B, SPAKEError
from spake2.ed25519_basic import NotOnCurve

from protocol.devices import DeviceKind
from protocol.errors import MalformedMessage
from protocol.pairing import (
    DeviceKey,
    PairBegan,
    PairBegin,
    PairConfirm,
    Paired,
    PairingKeys,
    PairingStage,
    PairRefusal,
    PairRefused,
    derive_keys,
    identities,
    prove,
)

NONCE: Final = bytes(12)  # each key seals one message


@dataclass(frozen=True)
class PairingRules:
    """``exchange_s``: how long a device may take between its two requests. ``open``: exchanges at a time, and
    ``open_of_peer`` of one address, of which so many malformed messages are looked at.
    """

    lifetime_s: float = 120.0
    exchange_s: float = 10.0
    tries: int = 5
    open: int = 4
    open_of_peer: int = 2
    malformed_of_peer: int = 20


@dataclass(frozen=True)
class Proven:
    """A device that knows the code: give it a key."""

    name: str
    kind: DeviceKind
    keys: PairingKeys
    proof: bytes

    def sealed(self, key: DeviceKey) -> Paired:
        """The answer."""
        sealed = ChaCha20Poly1305(self.keys.seal).encrypt(NONCE, msgspec.json.encode(key), self.proof)
        return Paired(self.proof, sealed)


@dataclass(frozen=True)
class _Exchange:
    id: str
    peer: str
    until: float
    asked: PairBegin
    answer: bytes
    keys: PairingKeys


class Pairing:
    """``certificate_sha256`` is of the certificate that the gateway shows."""

    def __init__(
        self, code: str, kind: DeviceKind, certificate_sha256: str, now: float, rules: PairingRules | None = None
    ) -> None:
        self._rules = rules or PairingRules()
        self._certificate = certificate_sha256
        self._until = now + self._rules.lifetime_s
        self._tries = 0
        self._exchanges: dict[str, _Exchange] = {}  # that are open, or were
        self._malformed: Counter[str] = Counter()  # by address: looking at them costs time
        self._end: PairingStage | None = None
        self.code = code
        self.kind = kind

    def stage(self, now: float) -> PairingStage:
        """How it stands."""
        if self._end is None:
            if now >= self._until:
                return PairingStage.EXPIRED
            if not self.tries_left and not self._is_open(now):
                return PairingStage.LOCKED
        return self._end or PairingStage.WAITING

    def left_s(self, now: float) -> float:
        """For how long the code is good."""
        return max(0.0, self._until - now) if self.stage(now) is PairingStage.WAITING else 0.0

    @property
    def tries_left(self) -> int:
        """How many exchanges may begin."""
        return max(0, self._rules.tries - self._tries)

    def begin(self, asked: PairBegin, exchange: str, now: float, peer: str = "") -> PairBegan | PairRefused:
        """A device at the address ``peer`` begins; ``exchange`` is a name that cannot be guessed.

        Raises ``MalformedMessage``.
        """
        if (refused := self._closed(now)) is not None:
            return refused
        if asked.kind is not self.kind:
            return self._refused(PairRefusal.OTHER_KIND)
        self._exchanges = {one.id: one for one in self._exchanges.values() if now < one.until}
        of_peer = sum(one.peer == peer for one in self._exchanges.values())
        crowded = len(self._exchanges) >= self._rules.open or of_peer >= self._rules.open_of_peer
        if crowded or not self.tries_left or self._malformed[peer] >= self._rules.malformed_of_peer:
            return self._refused(PairRefusal.BUSY)
        device, gateway = identities(asked.name, asked.kind)
        side = SPAKE2_B(self.code.encode(), idA=device, idB=gateway)
        answer: bytes = side.start()
        try:
            shared: bytes = side.finish(asked.message)
        except (SPAKEError, NotOnCurve, ValueError) as error:
            self._malformed[peer] += 1
            raise MalformedMessage("this is no message of SPAKE2") from error
        keys = derive_keys(shared, asked.message, answer)
        self._tries += 1
        self._exchanges[exchange] = _Exchange(exchange, peer, now + self._rules.exchange_s, asked, answer, keys)
        return PairBegan(exchange, answer)

    def confirm(self, said: PairConfirm, now: float) -> Proven | PairRefused:
        """The device proves that it knows the code, once."""
        if (refused := self._closed(now)) is not None:
            return refused
        open_ones = [one for one in self._exchanges.values() if now < one.until]
        exchange = next((one for one in open_ones if _same(one.id, said.exchange)), None)
        if exchange is None:
            return self._refused(PairRefusal.CLOSED)
        del self._exchanges[exchange.id]
        asked, answer, keys = exchange.asked, exchange.answer, exchange.keys
        expected = prove(keys.client, asked.message, answer, said.certificate_sha256)
        if not hmac.compare_digest(expected, said.proof):
            return self._refused(PairRefusal.WRONG_CODE)
        if not hmac.compare_digest(said.certificate_sha256, self._certificate):
            self._end = PairingStage.INTERCEPTED
            return self._refused(PairRefusal.INTERCEPTED)
        self._end = PairingStage.PAIRED
        proof = prove(keys.gateway, asked.message, answer, self._certificate)
        return Proven(asked.name, asked.kind, keys, proof)

    def _is_open(self, now: float) -> bool:
        return any(now < one.until for one in self._exchanges.values())

    def _closed(self, now: float) -> PairRefused | None:
        match self.stage(now):
            case PairingStage.WAITING:
                return None
            case PairingStage.LOCKED:
                return self._refused(PairRefusal.LOCKED)
            case _:
                return self._refused(PairRefusal.CLOSED)

    def _refused(self, reason: PairRefusal) -> PairRefused:
        return PairRefused(reason, self.tries_left)


def _same(ours: str, said: str) -> bool:
    """Takes as long whatever is said; in bytes, because strings that are not ASCII cannot be compared so."""
    return hmac.compare_digest(ours.encode(), said.encode())
