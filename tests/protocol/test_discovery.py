import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.discovery import SERVICE, Announcement, decode_text, encode_text, service_name

ANNOUNCEMENT = Announcement("ab" * 32, "1.2")


def record(fields: dict[str, str]) -> dict[bytes, bytes | None]:
    return {name.encode(): value.encode() for name, value in fields.items()}


def test_txt_record_round_trips() -> None:
    assert decode_text(record(encode_text(ANNOUNCEMENT))) == ANNOUNCEMENT
    assert decode_text(record(encode_text(ANNOUNCEMENT) | {"new": "x"})) == ANNOUNCEMENT


def test_txt_record_has_only_known_fields() -> None:
    assert encode_text(ANNOUNCEMENT) == {"v": "1", "certificate": "ab" * 32, "version": "1.2"}


@pytest.mark.parametrize(
    "other", [{"v": "2"}, {"certificate": "ab"}, {"certificate": "AB" * 32}, {"certificate": "zz" * 32}]
)
def test_txt_record_of_another_program_is_ignored(other: dict[str, str]) -> None:
    assert decode_text(record(encode_text(ANNOUNCEMENT) | other)) is None


@given(st.dictionaries(st.binary(max_size=20), st.none() | st.binary(max_size=100), max_size=5))
def test_arbitrary_txt_record_is_decoded_or_ignored(fields: dict[bytes, bytes | None]) -> None:
    decode_text(fields)
    found = decode_text(record(encode_text(ANNOUNCEMENT)) | {b"version": fields.get(b"version")} | fields)
    assert found is None or found.version.isprintable()


@given(st.text(max_size=80))
def test_service_name_fits_into_dns_label(name: str) -> None:
    label = service_name(name.encode(errors="ignore").decode()).removesuffix("." + SERVICE)
    assert 1 <= len(label.encode()) <= 63
