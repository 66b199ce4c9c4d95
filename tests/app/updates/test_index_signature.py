"""Only the owner of the key can sign, and only for this purpose."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.updates.index import PREFIX, is_key, is_signed
from tests.helpers.signed_index import KEY, PUBLIC

CONTENT = b'{"made_s": 1}'
SIGNATURE = base64.b64encode(KEY.sign(PREFIX + CONTENT)).decode()


def test_signature_of_the_owner_is_accepted() -> None:
    assert is_signed(CONTENT, SIGNATURE, PUBLIC)


@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_signature_is_refused_for_any_changed_byte(place: int, change: int) -> None:
    changed = bytearray(CONTENT)
    changed[place] ^= change
    assert not is_signed(bytes(changed), SIGNATURE, PUBLIC)


def test_signature_for_another_purpose_is_refused() -> None:
    assert not is_signed(CONTENT, base64.b64encode(KEY.sign(CONTENT)).decode(), PUBLIC)


@pytest.mark.parametrize("key", ["", "AAAA", "not base64!", "é" * 44, PUBLIC[:-1]])
def test_key_must_be_32_bytes(key: str) -> None:
    assert not is_key(key) and not is_signed(CONTENT, SIGNATURE, key)


@given(st.text(max_size=120))
def test_signature_of_any_other_form_is_refused(signature: str) -> None:
    assert is_key(PUBLIC) and not is_signed(CONTENT, signature, PUBLIC)
