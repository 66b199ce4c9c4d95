"""Messages, links and codes of pairing, and the key derivation that both sides compute."""

import hashlib
import hmac

import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.devices import DeviceKind
from protocol.errors import MalformedMessage
from protocol.pairing import (
    LINKED_URLS,
    PairBegan,
    PairBegin,
    PairConfirm,
    Paired,
    PairingLink,
    PairingState,
    PairRefusal,
    PairRefused,
    PairRequest,
    clean_code,
    decode_answer,
    decode_link,
    decode_request,
    derive_keys,
    encode_link,
    identities,
    link_of,
    prove,
)

CERTIFICATE = "ab" * 32


@pytest.mark.parametrize(
    "message",
    [
        PairBegin("n", DeviceKind.WORKER, b"A" + bytes(32)),
        PairConfirm("e", CERTIFICATE, bytes(32)),
    ],
)
def test_pairing_requests_round_trip(message: PairRequest) -> None:
    assert decode_request(msgspec.json.encode(message)) == message


@pytest.mark.parametrize(
    "message",
    [PairBegan("e", b"B" + bytes(32)), Paired(bytes(32), b"x" * 99), PairRefused(PairRefusal.WRONG_CODE, 3)],
)
def test_pairing_answers_round_trip(message: PairBegan | Paired | PairRefused) -> None:
    assert decode_answer(msgspec.json.encode(message)) == message


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b'{"type": "begin", "name": "n", "kind": "client", "message": ""}',
        b'{"type": "begin", "name": "", "kind": "client", "message": "' + b"A" * 44 + b'"}',
        b'{"type": "begin", "name": "n", "kind": "king", "message": "' + b"A" * 44 + b'"}',
        b'{"type": "confirm", "exchange": "e", "certificate_sha256": "AB", "proof": "' + b"A" * 43 + b'="}',
        b'{"type": "begin", "x": ' + b"[" * 4_000,
    ],
)
def test_invalid_pairing_requests_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_request(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"type": "granted"}',
        b'{"type": "began", "exchange": "e", "message": "QUE="}',
        b'{"type": "began", "exchange": "", "message": "' + b"A" * 44 + b'"}',
        b'{"type": "refused", "reason": "whim"}',
        b"\xff",
        b'{"type": "began", "x": ' + b"[" * 4_000,
    ],
)
def test_invalid_pairing_answers_are_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_answer(data)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=40), st.binary(max_size=40))
def test_pairing_keys_match_hkdf(shared: bytes, one: bytes, two: bytes) -> None:
    salt = hashlib.sha256(one + two).digest()
    keys = derive_keys(shared, one, two)
    assert len(set(keys)) == 3
    for name, key in zip(keys._fields, keys, strict=True):
        info = f"kikipounamu.pair.v1 {name}".encode()
        assert HKDF(SHA256(), 32, salt, info).derive(shared) == key


def test_pairing_proof_covers_key_messages_and_certificate() -> None:
    proof = prove(b"k" * 32, b"x", b"y", CERTIFICATE)
    assert proof == hmac.digest(b"k" * 32, b"xy" + bytes.fromhex(CERTIFICATE), "sha256")
    others = [
        prove(b"l" * 32, b"x", b"y", CERTIFICATE),
        prove(b"k" * 32, b"z", b"y", CERTIFICATE),
        prove(b"k" * 32, b"x", b"z", CERTIFICATE),
        prove(b"k" * 32, b"x", b"y", "ac" * 32),
    ]
    assert len({proof, *others}) == 5


def test_spake2_identities_differ_by_name_and_kind() -> None:
    names = [identities(name, kind)[0] for name in ("a", "b") for kind in (DeviceKind.CLIENT, DeviceKind.WORKER)]
    assert len({*names, identities("a", DeviceKind.CLIENT)[1]}) == 5


@pytest.mark.parametrize("text", ["01234567", " 0123 4567\n", "0123-4567", "0123·4567", "01.23.45.67"])
def test_pairing_code_may_be_typed_in_groups(text: str) -> None:
    assert clean_code(text) == "01234567"


@pytest.mark.parametrize("text", ["", "1234567", "123456789", "1234567a", "１２３４５６７８", "-1234567"])
def test_invalid_pairing_code_is_malformed(text: str) -> None:
    with pytest.raises(MalformedMessage, match="8 digits"):
        clean_code(text)


def test_pairing_link_round_trips_and_fits_into_qr_code() -> None:
    link = PairingLink(("https://192.168.1.4:8765", "https://[fd00::4]:8765"), "01234567", CERTIFICATE)
    assert decode_link(encode_link(link)) == link
    assert len(encode_link(link)) < 300  # capacity of a QR code that a camera can read from a screen


def test_pairing_has_link_only_with_code_and_address() -> None:
    urls = tuple(f"https://h:{n}" for n in range(9))
    waiting = PairingState(code="01234567", certificate_sha256=CERTIFICATE, urls=urls)
    assert decode_link(link_of(waiting)) == PairingLink(waiting.urls[:LINKED_URLS], "01234567", CERTIFICATE)
    assert link_of(replace(waiting, code="")) == link_of(replace(waiting, urls=())) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.org",
        "kikipounamu://pair",
        f"kikipounamu://pair?at=https%3A%2F%2Fh&code=1&certificate={CERTIFICATE}",
        f"kikipounamu://pair?at=http%3A%2F%2Fh&code=12345678&certificate={CERTIFICATE}",
        f"kikipounamu://pair?at=https%3A%2F%2Fu%40h&code=12345678&certificate={CERTIFICATE}",
        "kikipounamu://pair?at=https%3A%2F%2Fh&code=12345678&certificate=00",
        f"other://pair?at=https%3A%2F%2Fh&code=12345678&certificate={CERTIFICATE}",
        "kikipounamu://[",
    ],
)
def test_invalid_pairing_link_is_malformed(text: str) -> None:
    with pytest.raises(MalformedMessage):
        decode_link(text)
