"""State machine of one pairing code, from its display until a device is paired or the code is void. Pure.

    waiting --begin--> (an exchange is open) --confirm--> paired
                                             --confirm, another certificate--> intercepted
                                             --confirm, wrong; or 10 s--> waiting, after the fifth time locked
    waiting --2 min--> expired

Each exchange counts as a try when it begins; messages that are not SPAKE2 begin none. Several exchanges may be
open, but few of one address, so that devices do not block each other. Each exchange is answered once, and its
messages are useless in another. Time, codes and exchange ids are passed in.
"""

import hmac
from collections import Counter
from dataclasses import dataclass
from typing import Final

import msgspec

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

NONCE: Final = bytes(12)  # safe, because each key seals only one message


@dataclass(frozen=True)
class PairingRules:
    """Limits of a pairing. ``exchange_s``: time of a device between its two requests.

    ``open``: open exchanges in total; ``open_of_peer``: of one address; ``malformed_of_peer``: its malformed
    messages.
    """

    lifetime_s: float = 120.0
    exchange_s: float = 10.0
    tries: int = 5
    open: int = 4
    open_of_peer: int = 2
    malformed_of_peer: int = 20


@dataclass(frozen=True)
class Proven:
    """A device that has proven the code; the gateway may give it a key."""

    name: str
    kind: DeviceKind
    keys: PairingKeys
    proof: bytes

    def sealed(self, key: DeviceKey) -> Paired:
        """Return the reply with the encrypted key."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # late: see ``begin``

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
    """State of one code. ``certificate_sha256`` is the digest of the gateway's certificate."""

    def __init__(
        self, code: str, kind: DeviceKind, certificate_sha256: str, now: float, rules: PairingRules | None = None
    ) -> None:
        self._rules = rules or PairingRules()
        self._certificate = certificate_sha256
        self._until = now + self._rules.lifetime_s
        self._tries = 0
        self._exchanges: dict[str, _Exchange] = {}  # open and expired ones
        self._malformed: Counter[str] = Counter()  # by address, limited because each check costs time
        self._end: PairingStage | None = None
        self.code = code
        self.kind = kind

    def stage(self, now: float) -> PairingStage:
        """Return the current stage."""
        if self._end is None:
            if now >= self._until:
                return PairingStage.EXPIRED
            if not self.tries_left and not self._is_open(now):
                return PairingStage.LOCKED
        return self._end or PairingStage.WAITING

    def left_s(self, now: float) -> float:
        """Return the remaining validity of the code in seconds."""
        return max(0.0, self._until - now) if self.stage(now) is PairingStage.WAITING else 0.0

    @property
    def tries_left(self) -> int:
        """Number of exchanges that may still begin."""
        return max(0, self._rules.tries - self._tries)

    def begin(self, asked: PairBegin, exchange: str, now: float, peer: str = "") -> PairBegan | PairRefused:
        """Begin an exchange with a device at address ``peer``; ``exchange`` is an unguessable id.

        Raises ``MalformedMessage``.
        """
        if (refused := self._refusal_if_closed(now)) is not None:
            return refused
        if asked.kind is not self.kind:
            return self._refusal(PairRefusal.OTHER_KIND)
        self._exchanges = {one.id: one for one in self._exchanges.values() if now < one.until}
        of_peer = sum(one.peer == peer for one in self._exchanges.values())
        crowded = len(self._exchanges) >= self._rules.open or of_peer >= self._rules.open_of_peer
        if crowded or not self.tries_left or self._malformed[peer] >= self._rules.malformed_of_peer:
            return self._refusal(PairRefusal.BUSY)
        from spake2 import SPAKE2_B, SPAKEError  # late: a gateway starts sooner without, and seldom pairs
        from spake2.ed25519_basic import NotOnCurve

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
        """Check a device's proof that it knows the code. Each exchange allows one check."""
        if (refused := self._refusal_if_closed(now)) is not None:
            return refused
        open_ones = [one for one in self._exchanges.values() if now < one.until]
        exchange = next((one for one in open_ones if _same(one.id, said.exchange)), None)
        if exchange is None:
            return self._refusal(PairRefusal.CLOSED)
        del self._exchanges[exchange.id]
        asked, answer, keys = exchange.asked, exchange.answer, exchange.keys
        expected = prove(keys.client, asked.message, answer, said.certificate_sha256)
        if not hmac.compare_digest(expected, said.proof):
            return self._refusal(PairRefusal.WRONG_CODE)
        if not hmac.compare_digest(said.certificate_sha256, self._certificate):
            self._end = PairingStage.INTERCEPTED
            return self._refusal(PairRefusal.INTERCEPTED)
        self._end = PairingStage.PAIRED
        proof = prove(keys.gateway, asked.message, answer, self._certificate)
        return Proven(asked.name, asked.kind, keys, proof)

    def _is_open(self, now: float) -> bool:
        return any(now < one.until for one in self._exchanges.values())

    def _refusal_if_closed(self, now: float) -> PairRefused | None:
        match self.stage(now):
            case PairingStage.WAITING:
                return None
            case PairingStage.LOCKED:
                return self._refusal(PairRefusal.LOCKED)
            case _:
                return self._refusal(PairRefusal.CLOSED)

    def _refusal(self, reason: PairRefusal) -> PairRefused:
        return PairRefused(reason, self.tries_left)


def _same(ours: str, said: str) -> bool:
    """Compare in constant time; as bytes, because non-ASCII strings are not supported."""
    return hmac.compare_digest(ours.encode(), said.encode())
