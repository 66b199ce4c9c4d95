import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.discovery import SERVICE, Announcement, decode_text, encode_text, service_name

SAID = Announcement("ab" * 32, "1.2")


def record(said: dict[str, str]) -> dict[bytes, bytes | None]:
    return {name.encode(): value.encode() for name, value in said.items()}


def test_a_record_survives_the_network() -> None:
    assert decode_text(record(encode_text(SAID))) == SAID
    assert decode_text(record(encode_text(SAID) | {"new": "x"})) == SAID


def test_it_says_nothing_else() -> None:
    assert encode_text(SAID) == {"v": "1", "certificate": "ab" * 32, "version": "1.2"}


@pytest.mark.parametrize(
    "other", [{"v": "2"}, {"certificate": "ab"}, {"certificate": "AB" * 32}, {"certificate": "zz" * 32}]
)
def test_what_is_not_ours(other: dict[str, str]) -> None:
    assert decode_text(record(encode_text(SAID) | other)) is None


@given(st.dictionaries(st.binary(max_size=20), st.none() | st.binary(max_size=100), max_size=5))
def test_anything_may_be_said_on_a_network(said: dict[bytes, bytes | None]) -> None:
    decode_text(said)
    found = decode_text(record(encode_text(SAID)) | {b"version": said.get(b"version")} | said)
    assert found is None or found.version.isprintable()


@given(st.text(max_size=80))
def test_a_name_fits_into_a_label(name: str) -> None:
    label = service_name(name.encode(errors="ignore").decode()).removesuffix("." + SERVICE)
    assert 1 <= len(label.encode()) <= 63
