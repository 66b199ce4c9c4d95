"""The index is trusted only if it is signed, readable, valid and not older than the last one."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.updates.index import PREFIX, IndexRefused, IndexStale, newest, read_index
from tests.helpers.signed_index import DAY_S, KEY, MADE_S, PUBLIC, index_of, signed

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def told(**changes: Any) -> bytes:
    """Return a signed file whose content is changed before it is signed."""
    content = json.loads(json.loads(signed("0.2.0"))["content"]) | changes
    text = json.dumps(content)
    signature = base64.b64encode(KEY.sign(PREFIX + text.encode())).decode()
    return json.dumps({"content": text, "signatures": [signature]}).encode()


def test_signed_index_is_read() -> None:
    assert read_index(signed("0.1.0", "0.2.0"), [PUBLIC], MADE_S) == index_of("0.1.0", "0.2.0")


def test_index_is_trusted_if_one_of_several_keys_signed_it() -> None:
    both = signed("0.2.0", keys=(OTHER, KEY))
    assert read_index(both, [PUBLIC], MADE_S).releases[0].version == "0.2.0"
    with pytest.raises(IndexRefused):
        read_index(signed("0.2.0", keys=(OTHER,)), [PUBLIC], MADE_S)
    with pytest.raises(IndexRefused):
        read_index(both, [], MADE_S)


def test_changed_index_is_refused() -> None:
    changed = signed("0.2.0").replace(b"get.example", b"bad.example")
    with pytest.raises(IndexRefused, match="no known key"):
        read_index(changed, [PUBLIC], MADE_S)


@given(st.binary(max_size=200))
def test_any_other_file_is_refused(raw: bytes) -> None:
    with pytest.raises(IndexRefused):
        read_index(raw, [PUBLIC], MADE_S)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"made_s": "soon"},
        {"releases": [{"version": "0.2.0"}] * 201},
        {"releases": [{"version": "0.2.0", "page": "http://get.example"}]},
        {"releases": [{"version": "0.2.0", "page": "javascript:alert(1)"}]},
        {"releases": [{"version": "0.2.0", "page": "https://a b"}]},
        {"releases": [{"version": "9" * 101}]},
    ],
)
def test_signed_index_in_another_form_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(IndexRefused):
        read_index(told(**changes), [PUBLIC], MADE_S)


def test_fields_of_later_versions_are_ignored() -> None:
    assert read_index(told(mirrors=["x"]), [PUBLIC], MADE_S).made_s == MADE_S


def test_index_older_than_the_last_one_is_stale() -> None:
    with pytest.raises(IndexStale, match="newer one"):
        read_index(signed("0.2.0"), [PUBLIC], MADE_S, seen_s=MADE_S + 1)
    assert read_index(signed("0.2.0"), [PUBLIC], MADE_S, seen_s=MADE_S).made_s == MADE_S


def test_index_that_no_one_renews_is_stale() -> None:
    assert read_index(signed("0.2.0"), [PUBLIC], MADE_S + 365 * DAY_S).made_s == MADE_S
    with pytest.raises(IndexStale, match="renewed"):
        read_index(signed("0.2.0"), [PUBLIC], MADE_S + 365 * DAY_S + 1)


def test_newest_is_the_highest_version_that_is_offered() -> None:
    index = index_of("0.9.0", "0.10.0", "0.2.0", "1.0.0rc1", "odd")
    found = newest(index, "0.2.0")
    assert found is not None and found.version == "0.10.0"
    assert newest(index, "0.10.0") is None
