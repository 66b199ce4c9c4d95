"""One code, from the moment it is shown until somebody is paired with it or nobody can be. Pure.

    waiting --begin--> (an exchange is open) --confirm--> paired
                                             --confirm, another certificate--> intercepted
                                             --confirm, wrong; or 10 s--> waiting, after the fifth time locked
    waiting --2 min--> expired

Each exchange that begins counts as a try, whether or not it is confirmed. One is open at a time, and each is
answered once: nothing that was said in one is of use in another. The time is passed in, codes and exchanges too.
"""

import hmac
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
    """``exchange_s``: how long a device may take between its two requests."""

    lifetime_s: float = 120.0
    exchange_s: float = 10.0
    tries: int = 5


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
        self._exchange: _Exchange | None = None
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

    def begin(self, asked: PairBegin, exchange: str, now: float) -> PairBegan | PairRefused:
        """A device begins; ``exchange`` is a name that nobody can guess. Raises ``MalformedMessage``."""
        if (refused := self._closed(now)) is not None:
            return refused
        if asked.kind is not self.kind:
            return self._refused(PairRefusal.OTHER_KIND)
        if self._is_open(now):
            return self._refused(PairRefusal.BUSY)
        self._tries += 1
        self._exchange = None
        device, gateway = identities(asked.name, asked.kind)
        side = SPAKE2_B(self.code.encode(), idA=device, idB=gateway)
        answer: bytes = side.start()
        try:
            shared: bytes = side.finish(asked.message)
        except (SPAKEError, NotOnCurve, ValueError) as error:
            raise MalformedMessage("this is no message of SPAKE2") from error
        keys = derive_keys(shared, asked.message, answer)
        self._exchange = _Exchange(exchange, now + self._rules.exchange_s, asked, answer, keys)
        return PairBegan(exchange, answer)

    def confirm(self, said: PairConfirm, now: float) -> Proven | PairRefused:
        """The device proves that it knows the code, once."""
        if (refused := self._closed(now)) is not None:
            return refused
        exchange = self._exchange
        if exchange is None or now >= exchange.until or not _same(exchange.id, said.exchange):
            return self._refused(PairRefusal.CLOSED)
        self._exchange = None
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
        return self._exchange is not None and now < self._exchange.until

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
