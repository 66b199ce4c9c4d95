"""Pairing of a device: two ``POST /v1/pair`` requests over TLS; the owner controls it through ``/v1/pairing``.

The user carries an eight-digit code from the gateway's screen to the device. SPAKE2 (RFC 9382; group and
transcript are those of the library ``spake2``, version 0.9) derives from it a key that an eavesdropper can
neither learn nor guess. Both sides then prove that they have this key. The proof covers both messages and the
certificate that each side sees, which detects a man in the middle with a different certificate. Only then does
the gateway send the device's key, sealed.
"""

import hashlib
import hmac
from enum import StrEnum
from typing import Annotated, Final, NamedTuple, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from msgspec import Meta, Struct

from protocol.decoding import JsonDecoder
from protocol.devices import LONGEST_NAME, DeviceKind
from protocol.errors import ErrorCode, MalformedMessage
from protocol.forms import SHA256

PAIR_PATH: Final = "/v1/pair"
PAIRING_PATH: Final = "/v1/pairing"
CODE_DIGITS: Final = 8
LINK_SCHEME: Final = "kikipounamu"
LINKED_URLS: Final = 3
"""Most addresses in a link: with more, the QR code would be too dense for a camera."""

_VERSION: Final = "kikipounamu.pair.v1"
_HASH_BYTES: Final = 32

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Element = Annotated[bytes, Meta(min_length=33, max_length=33)]
Proof = Annotated[bytes, Meta(min_length=_HASH_BYTES, max_length=_HASH_BYTES)]
Fingerprint = Annotated[str, Meta(pattern=SHA256)]
Token = Annotated[str, Meta(min_length=1, max_length=64)]


# -- the device and the gateway ----------------------------------------------------------------------------


class PairBegin(Struct, frozen=True, tag="begin"):
    """First request of a device: the requested kind of key; ``message`` is its side of SPAKE2."""

    name: Name
    kind: DeviceKind
    message: Element


class PairConfirm(Struct, frozen=True, tag="confirm"):
    """Second request of a device: proof that it knows the code, and the certificate that it sees."""

    exchange: Token
    certificate_sha256: Fingerprint
    proof: Proof


PairRequest: TypeAlias = PairBegin | PairConfirm


class PairBegan(Struct, frozen=True, tag="began"):
    """The gateway's side of SPAKE2; the device repeats ``exchange`` once, in its confirmation."""

    exchange: Token
    message: Element


class Paired(Struct, frozen=True, tag="paired"):
    """Proof that the gateway knows the code, too; ``sealed`` is a ``DeviceKey`` that only this device can open."""

    proof: Proof
    sealed: Annotated[bytes, Meta(max_length=2048)]


class PairRefusal(StrEnum):
    """Reason why a device gets no key."""

    CLOSED = "closed"
    """No pairing is open, or its two minutes are over."""
    LOCKED = "locked"
    """Too many tries: the owner must start a new pairing."""
    BUSY = "busy"
    """Another device is pairing at the moment; it finishes within ten seconds."""
    OTHER_KIND = "other_kind"
    """The code is for another kind of device."""
    WRONG_CODE = "wrong_code"
    INTERCEPTED = "intercepted"
    """The device sees a certificate that is not the gateway's: a man in the middle."""


class PairRefused(Struct, frozen=True, tag="refused"):
    """Refusal of a pairing request, with the number of tries left."""

    reason: PairRefusal
    tries_left: int = 0


PairAnswer: TypeAlias = PairBegan | Paired | PairRefused


class DeviceKey(Struct, frozen=True):
    """Contents of ``Paired.sealed``. ``gateway`` is the gateway's display name."""

    device: str
    key: str
    gateway: str


decode_request: Final[JsonDecoder[PairRequest]] = JsonDecoder(PairRequest)
"""Parses a pairing request of a device."""
decode_answer: Final[JsonDecoder[PairAnswer]] = JsonDecoder(PairAnswer)
"""Parses a gateway's answer to a pairing request."""


# -- keys and proofs of both sides -------------------------------------------------------------------------


class PairingKeys(NamedTuple):
    """Keys derived from one exchange: one proof key for each side, and one that seals the device's key."""

    client: bytes
    gateway: bytes
    seal: bytes


def identities(name: str, kind: DeviceKind) -> tuple[bytes, bytes]:
    """Return ``idA`` and ``idB`` of SPAKE2. They bind the exchange to the name and kind shown to the owner."""
    return f"{_VERSION} {kind} {name}".encode(), f"{_VERSION} gateway".encode()


def derive_keys(shared: bytes, from_client: bytes, from_gateway: bytes) -> PairingKeys:
    """Derive the keys by HKDF-SHA-256 (RFC 5869) from SPAKE2's result; the salt covers both messages."""
    salt = hashlib.sha256(from_client + from_gateway).digest()
    key = hmac.digest(salt, shared, "sha256")
    labels = (f"{_VERSION} {label}".encode() for label in PairingKeys._fields)
    return PairingKeys(*(hmac.digest(key, label + b"\x01", "sha256") for label in labels))


def prove(key: bytes, from_client: bytes, from_gateway: bytes, certificate_sha256: str) -> bytes:
    """Compute the key confirmation: an HMAC over both messages and the certificate that this side sees."""
    return hmac.digest(key, from_client + from_gateway + bytes.fromhex(certificate_sha256), "sha256")


def clean_code(text: str) -> str:
    """Return the digits of a code, ignoring spaces and separators. Raises ``MalformedMessage``."""
    digits = "".join(sign for sign in text if not (sign.isspace() or sign in "-.·"))
    if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdigit()):
        raise MalformedMessage(f"a pairing code has {CODE_DIGITS} digits")
    return digits


# -- the owner and the gateway -----------------------------------------------------------------------------


class PairingStage(StrEnum):
    """State of a pairing, as the owner sees it."""

    NONE = "none"
    WAITING = "waiting"
    PAIRED = "paired"
    EXPIRED = "expired"
    LOCKED = "locked"
    INTERCEPTED = "intercepted"


class PairingWish(Struct, frozen=True):
    """Body of ``POST /v1/pairing``: the kind of device that the next code is for."""

    kind: DeviceKind = DeviceKind.CLIENT


class PairingProblem(Struct, frozen=True):
    """Reason why a device that knew the code still got no key: ``disk_full``, or another code with its message."""

    code: ErrorCode
    message: str


class PairingState(Struct, frozen=True):
    """The open pairing, or the last one. ``code`` is set only while it waits; ``device`` is the paired device.

    ``urls`` are addresses of this gateway, most likely first. ``problem``: why the last pairing failed.
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
    """Contents of a QR code: addresses, pairing code and the certificate to expect."""

    urls: tuple[str, ...]
    code: str
    certificate_sha256: str


def encode_link(link: PairingLink) -> str:
    """Encode a pairing link as a URL."""
    fields = [("at", url) for url in link.urls] + [("code", link.code), ("certificate", link.certificate_sha256)]
    return f"{LINK_SCHEME}://pair?{urlencode(fields)}"


def link_of(state: PairingState) -> str:
    """Return the link to show with the code; empty if no pairing waits or no address is known."""
    if not (state.code and state.urls):
        return ""
    return encode_link(PairingLink(state.urls[:LINKED_URLS], state.code, state.certificate_sha256))


def decode_link(text: str) -> PairingLink:
    """Parse a pairing link. Raises ``MalformedMessage``."""
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
