"""How a device gets a key: ``POST /v1/pair``, twice, over the TLS port; how the owner lets it: ``/v1/pairing``.

A person carries a code of eight digits from the gateway's screen to the device. SPAKE2 (RFC 9382; group and
transcript are those of the library ``spake2``, version 0.9) makes a key of it that nobody between the two can
learn or guess. Both then prove that they have it, over both messages and over the certificate that each of them
sees: whoever stands between with a certificate of his own is noticed. Only then the device's key travels, sealed.
"""

import hashlib
import hmac
from enum import StrEnum
from typing import Annotated, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from msgspec import Meta, Struct

from protocol.devices import LONGEST_NAME, DeviceKind
from protocol.errors import NOT_JSON, ErrorCode, MalformedMessage

PAIR_PATH: Final = "/v1/pair"
PAIRING_PATH: Final = "/v1/pairing"
CODE_DIGITS: Final = 8
LINK_SCHEME: Final = "kikipounamu"
LINKED_URLS: Final = 3
"""Addresses in a link, at most: of more, a camera could not read the dots."""

_VERSION: Final = "kikipounamu.pair.v1"
_HASH_BYTES: Final = 32

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Element = Annotated[bytes, Meta(min_length=33, max_length=33)]
Proof = Annotated[bytes, Meta(min_length=_HASH_BYTES, max_length=_HASH_BYTES)]
Fingerprint = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Token = Annotated[str, Meta(min_length=1, max_length=64)]


# -- the device and the gateway ----------------------------------------------------------------------------


class PairBegin(Struct, frozen=True, tag="begin"):
    """A device would like a key of this kind; ``message`` is its side of SPAKE2."""

    name: Name
    kind: DeviceKind
    message: Element


class PairConfirm(Struct, frozen=True, tag="confirm"):
    """The device knows the code, and this is the certificate that it sees."""

    exchange: Token
    certificate_sha256: Fingerprint
    proof: Proof


PairRequest: TypeAlias = PairBegin | PairConfirm


class PairBegan(Struct, frozen=True, tag="began"):
    """The gateway's side of SPAKE2; ``exchange`` is named in what follows, once."""

    exchange: Token
    message: Element


class Paired(Struct, frozen=True, tag="paired"):
    """The gateway knows the code too; ``sealed`` is a ``DeviceKey``, which only the device can open."""

    proof: Proof
    sealed: Annotated[bytes, Meta(max_length=2048)]


class PairRefusal(StrEnum):
    """Why a device gets no key."""

    CLOSED = "closed"
    """Nobody pairs now, or the two minutes are over."""
    LOCKED = "locked"
    """Too many tries: the owner has to begin again."""
    BUSY = "busy"
    """Another device is just trying: in ten seconds at the latest it is done."""
    OTHER_KIND = "other_kind"
    """The code is for the other kind of device."""
    WRONG_CODE = "wrong_code"
    INTERCEPTED = "intercepted"
    """The device sees a certificate that is not the gateway's: somebody stands between."""


class PairRefused(Struct, frozen=True, tag="refused"):
    """No key."""

    reason: PairRefusal
    tries_left: int = 0


PairAnswer: TypeAlias = PairBegan | Paired | PairRefused


class DeviceKey(Struct, frozen=True):
    """What is sealed. ``gateway``: what people call it."""

    device: str
    key: str
    gateway: str


_request_decoder = msgspec.json.Decoder(PairRequest)
_answer_decoder = msgspec.json.Decoder(PairAnswer)


def decode_request(data: bytes) -> PairRequest:
    """Read what a device says. Raises ``MalformedMessage``."""
    try:
        request: PairRequest = _request_decoder.decode(data)
        return request
    except NOT_JSON as error:
        raise MalformedMessage(str(error)) from error


def decode_answer(data: bytes) -> PairAnswer:
    """Read what a gateway answered. Raises ``MalformedMessage``."""
    try:
        answer: PairAnswer = _answer_decoder.decode(data)
        return answer
    except NOT_JSON as error:
        raise MalformedMessage(str(error)) from error


# -- what both compute -------------------------------------------------------------------------------------


class PairingKeys(NamedTuple):
    """Out of one exchange: what each side proves itself with, and what the device's key is sealed with."""

    client: bytes
    gateway: bytes
    seal: bytes


def identities(name: str, kind: DeviceKind) -> tuple[bytes, bytes]:
    """``idA`` and ``idB`` of SPAKE2: what the owner will see in the list is what the device asked for."""
    return f"{_VERSION} {kind} {name}".encode(), f"{_VERSION} gateway".encode()


def derive_keys(shared: bytes, from_client: bytes, from_gateway: bytes) -> PairingKeys:
    """HKDF-SHA-256 (RFC 5869) of SPAKE2's result; the salt is of both messages."""
    salt = hashlib.sha256(from_client + from_gateway).digest()
    key = hmac.digest(salt, shared, "sha256")
    labels = (f"{_VERSION} {label}".encode() for label in PairingKeys._fields)
    return PairingKeys(*(hmac.digest(key, label + b"\x01", "sha256") for label in labels))


def prove(key: bytes, from_client: bytes, from_gateway: bytes, certificate_sha256: str) -> bytes:
    """Key confirmation: an HMAC over both messages and the certificate that this side sees."""
    return hmac.digest(key, from_client + from_gateway + bytes.fromhex(certificate_sha256), "sha256")


def clean_code(text: str) -> str:
    """The digits, however they were typed or read out. Raises ``MalformedMessage``."""
    digits = "".join(sign for sign in text if not (sign.isspace() or sign in "-.·"))
    if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise MalformedMessage(f"a pairing code has {CODE_DIGITS} digits")
    return digits


# -- the owner and the gateway -----------------------------------------------------------------------------


class PairingStage(StrEnum):
    """How a pairing stands."""

    NONE = "none"
    WAITING = "waiting"
    PAIRED = "paired"
    EXPIRED = "expired"
    LOCKED = "locked"
    INTERCEPTED = "intercepted"


class PairingWish(Struct, frozen=True):
    """Body of ``POST /v1/pairing``: for what the next code is."""

    kind: DeviceKind = DeviceKind.CLIENT


class PairingProblem(Struct, frozen=True):
    """Why a device that knew the code has no key all the same: ``disk_full``, or another code with its words."""

    code: ErrorCode
    message: str


class PairingState(Struct, frozen=True):
    """The pairing that is open, or the last one. ``code`` only while it waits; ``device``: who was paired.

    ``urls`` are where this gateway may be reached, the likeliest first. ``problem``: what ended the last one.
    """

    stage: PairingStage = PairingStage.NONE
    kind: DeviceKind = DeviceKind.CLIENT
    code: str = ""
    left_s: float = 0.0
    tries_left: int = 0
    device: str = ""
    gateway: str = ""
    certificate_sha256: str = ""
    urls: tuple[str, ...] = ()
    problem: PairingProblem | None = None


class PairingLink(NamedTuple):
    """What a QR code says: where, which code, and which certificate will be there."""

    urls: tuple[str, ...]
    code: str
    certificate_sha256: str


def encode_link(link: PairingLink) -> str:
    """As text."""
    fields = [("at", url) for url in link.urls] + [("code", link.code), ("certificate", link.certificate_sha256)]
    return f"{LINK_SCHEME}://pair?{urlencode(fields)}"


def link_of(state: PairingState) -> str:
    """What is shown beside the code; empty where none waits, or no address is known."""
    if not (state.code and state.urls):
        return ""
    return encode_link(PairingLink(state.urls[:LINKED_URLS], state.code, state.certificate_sha256))


def decode_link(text: str) -> PairingLink:
    """Read it. Raises ``MalformedMessage``."""
    try:
        parts = urlsplit(text.strip())
        fields = parse_qs(parts.query, strict_parsing=True, max_num_fields=32)
        named = {"urls": fields["at"], "code": fields["code"][0], "certificate_sha256": fields["certificate"][0]}
        found = msgspec.convert(named, _Link)
    except (ValueError, KeyError, msgspec.ValidationError) as error:
        raise MalformedMessage("this is no pairing code of kikipounamu") from error
    if (parts.scheme, parts.netloc) != (LINK_SCHEME, "pair"):
        raise MalformedMessage("this is no pairing code of kikipounamu")
    return PairingLink(found.urls, clean_code(found.code), found.certificate_sha256)


class _Link(Struct, frozen=True):
    urls: tuple[Annotated[str, Meta(pattern="^https://[^/@?#]+$", max_length=256)], ...]
    code: str
    certificate_sha256: Fingerprint
