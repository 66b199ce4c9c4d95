"""Reader of protocol buffers, on messages made by hand."""

import pytest

from speech.protobuf import embedded_ranges

# field 1: 300, field 2: "ab", field 3: 4 bytes, field 4: 8 bytes, field 2: ""
MESSAGE = b"\x08\xac\x02" + b"\x12\x02ab" + b"\x1d" + bytes(4) + b"\x21" + bytes(8) + b"\x12\x00"


def test_texts_of_one_number_are_found_between_fields_of_every_kind() -> None:
    assert [MESSAGE[start:end] for start, end in embedded_ranges(MESSAGE, 2)] == [b"ab", b""]
    assert list(embedded_ranges(MESSAGE, 1)) == []


def test_only_the_given_part_is_read() -> None:
    outer = b"\x0a\x04" + b"\x12\x02ab" + b"\x12\x01c"
    ((start, end),) = embedded_ranges(outer, 1)
    assert [outer[slice(*found)] for found in embedded_ranges(outer, 2, start, end)] == [b"ab"]


@pytest.mark.parametrize(
    ("data", "fault"),
    [(b"\x0b", "kind 3"), (b"\x0a", "too early"), (b"\x0a\x05abcd", "too early"), (b"\x80", "too early")],
)
def test_data_that_is_no_message_is_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        list(embedded_ranges(data, 1))
