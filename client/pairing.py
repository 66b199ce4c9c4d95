"""Pairing: get a key for this device with the code that the gateway shows.

    paired = await pair("https://192.168.1.4:8765", "0123 4567", "Anna's laptop")
    await connect(http, paired.address, …)

``Exchange`` is the pure part: it builds the requests and checks the answers. The shell carries them over TLS
without checking who signed the certificate. The exchange itself proves that the certificate is the gateway's;
from then on it is pinned.
"""

import asyncio
import hmac
import ssl
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Final

import aiohttp
import msgspec
from yarl import URL

from client.connection import Address, convert_errors, refusal, ssl_argument
from client.errors import (
    DeviceNotKept,
    GatewayError,
    Intercepted,
    NotPaired,
    Refused,
    WrongCertificate,
    WrongGateway,
)
from client.request import read_bounded
from protocol.devices import DeviceKind, clean_name
from protocol.errors import ErrorCode, MalformedMessage
from protocol.pairing import (
    PAIR_PATH,
    DeviceKey,
    PairAnswer,
    PairBegan,
    PairBegin,
    PairConfirm,
    Paired,
    PairingKeys,
    PairRefusal,
    PairRefused,
    PairRequest,
    clean_code,
    decode_answer,
    derive_keys,
    identities,
    prove,
)
from runtime.tls import abort

ANSWER_S: Final = 10.0
_MOST_BYTES: Final = 16 * 1024
_NONCE: Final = bytes(12)  # each key seals one message

_NOT_KEPT: Final = (HTTPStatus.CONFLICT, HTTPStatus.INSUFFICIENT_STORAGE)
_BETWEEN: Final = (
    "another computer intercepts the connection to the gateway: nothing was given away. Use another network"
)
_WHY: Final = {
    PairRefusal.CLOSED: "the gateway shows no code now: show a new one there, it is good for two minutes",
    PairRefusal.LOCKED: "the code was tried too often: show a new one at the gateway; if that was not you, "
    "another device on this network guesses it",
    PairRefusal.BUSY: "another device is just being paired: try again in a moment",
    PairRefusal.OTHER_KIND: "the code is for the other kind of device: show one for this kind at the gateway",
    PairRefusal.WRONG_CODE: "the code is wrong, or the connection is intercepted: compare the digits; if they "
    "are right, use another network",
    PairRefusal.INTERCEPTED: _BETWEEN,
}


@dataclass(frozen=True)
class NewPairing:
    """Result of a pairing. ``address`` has key and pinned certificate; ``device`` is this device's id there."""

    address: Address
    device: str


class Exchange:
    """Single pairing attempt: call ``begin``, ``confirm``, ``finish`` once each. Raises ``MalformedMessage``."""

    def __init__(self, code: str, name: str, kind: DeviceKind = DeviceKind.CLIENT) -> None:
        from spake2 import SPAKE2_A  # late: the app starts sooner without, and seldom pairs

        self._asked = (clean_name(name) or "device", kind)
        device, gateway = identities(*self._asked)
        self._side = SPAKE2_A(clean_code(code).encode(), idA=device, idB=gateway)
        self._message: bytes = self._side.start()
        self._answer = b""
        self._certificate = ""
        self._keys: PairingKeys | None = None

    def begin(self) -> PairBegin:
        """Return the first request."""
        return PairBegin(*self._asked, self._message)

    def confirm(self, began: PairBegan, certificate_sha256: str) -> PairConfirm:
        """Return the second request, made from the gateway's message and the certificate that this device sees."""
        from spake2 import SPAKEError
        from spake2.ed25519_basic import NotOnCurve

        self._answer, self._certificate = began.message, certificate_sha256
        try:
            shared: bytes = self._side.finish(began.message)
        except (SPAKEError, NotOnCurve, ValueError) as error:
            raise MalformedMessage("this is no message of SPAKE2") from error
        self._keys = derive_keys(shared, self._message, self._answer)
        proof = prove(self._keys.client, self._message, self._answer, certificate_sha256)
        return PairConfirm(began.exchange, certificate_sha256, proof)

    def finish(self, paired: Paired) -> DeviceKey:
        """Return the device's key. Raises ``Intercepted`` if the peer is not the gateway."""
        if self._keys is None:
            raise RuntimeError("confirm first")
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        expected = prove(self._keys.gateway, self._message, self._answer, self._certificate)
        try:
            if not hmac.compare_digest(expected, paired.proof):
                raise Intercepted(_BETWEEN)
            opened = ChaCha20Poly1305(self._keys.seal).decrypt(_NONCE, paired.sealed, expected)
        except InvalidTag as error:
            raise Intercepted(_BETWEEN) from error
        try:
            return msgspec.json.decode(opened, type=DeviceKey)
        except (ValueError, RecursionError) as error:
            raise Refused("the gateway gives a key that cannot be read: update one of the two") from error


async def pair(
    url: str,
    code: str,
    name: str,
    kind: DeviceKind = DeviceKind.CLIENT,
    certificate_sha256: str = "",
    deadline_s: float = ANSWER_S,
) -> NewPairing:
    """Pair this device. If ``certificate_sha256`` (from a QR code) does not match, raises ``WrongGateway``.

    Raises ``NotPaired``, ``Intercepted``, ``Unreachable`` or ``Refused``; ``MalformedMessage`` for an invalid
    code.
    """
    exchange = Exchange(code, name, kind)
    place = Address(url.rstrip("/"), certificate_sha256=await _shown_certificate(_where(url), deadline_s))
    if certificate_sha256 not in ("", place.certificate_sha256):
        raise WrongGateway(_BETWEEN)
    timeout = aiohttp.ClientTimeout(total=deadline_s)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http:
        began = _began(await _say(http, place, exchange.begin()))
        try:
            confirmation = exchange.confirm(began, place.certificate_sha256)
        except MalformedMessage as error:
            raise Refused(f"{url} does not pair as this version does: update one of the two") from error
        paired = await _say(http, place, confirmation)
    if not isinstance(paired, Paired):
        raise _not_paired(paired)
    made = exchange.finish(paired)
    return NewPairing(replace(place, key=made.key, name=made.gateway), made.device)


def _where(url: str) -> URL:
    with suppress(ValueError):
        place = URL(url)
        if place.scheme == "https" and place.host:
            return place
    raise Refused(f"{url} is no place to pair at: give it as https://host:port")


async def _shown_certificate(place: URL, deadline_s: float) -> str:
    """Return the digest of the server's certificate, to pin it for the exchange. Sends no data to the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with convert_errors("pair"):
        async with asyncio.timeout(deadline_s):
            _, writer = await asyncio.open_connection(place.host, place.port, ssl=context)
        try:
            tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
            shown = tls.getpeercert(binary_form=True)
        finally:
            abort(writer.transport)
    return sha256(shown or b"").hexdigest()


async def _say(http: aiohttp.ClientSession, place: Address, said: PairRequest) -> PairAnswer:
    body, url = msgspec.json.encode(said), place.url + PAIR_PATH
    try:
        with convert_errors("pair"):
            async with http.post(url, data=body, ssl=ssl_argument(place), allow_redirects=False) as response:
                if response.status != HTTPStatus.OK:
                    raise await _refusal_error(place, response)
                return decode_answer(await read_bounded(response.content, _MOST_BYTES))
    except WrongCertificate as error:
        raise Intercepted(_BETWEEN) from error
    except MalformedMessage as error:
        raise Refused(f"{place.url} does not pair as this version does: update one of the two") from error


async def _refusal_error(place: Address, response: aiohttp.ClientResponse) -> GatewayError:
    """Return the error of a refusal. ``DeviceNotKept`` holds for all addresses of the gateway: try no others."""
    if response.status in _NOT_KEPT:
        with suppress(ValueError, RecursionError, MalformedMessage):
            why = msgspec.json.decode(await read_bounded(response.content, _MOST_BYTES), type=_Refusal).error
            return DeviceNotKept(f"{place.url}: {why.message}", why.code)
    return refusal(place, PAIR_PATH, response.status, response.headers)


def _began(answer: PairAnswer) -> PairBegan:
    if not isinstance(answer, PairBegan):
        raise _not_paired(answer)
    return answer


def _not_paired(answer: PairAnswer) -> Refused:
    if not isinstance(answer, PairRefused):
        return Refused("the gateway answers out of order: update one of the two")
    if answer.reason is PairRefusal.INTERCEPTED:
        return Intercepted(_BETWEEN)
    return NotPaired(_WHY[answer.reason], answer.reason, answer.tries_left)


class _Error(msgspec.Struct, frozen=True):
    code: ErrorCode
    message: Annotated[str, msgspec.Meta(max_length=200)]


class _Refusal(msgspec.Struct, frozen=True):
    error: _Error
