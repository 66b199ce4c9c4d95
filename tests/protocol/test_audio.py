import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.audio import HEADER_BYTES, decode_frame, encode_frame, samples_to_ms, samples_to_seconds
from protocol.errors import MalformedMessage

U32 = st.integers(0, 2**32 - 1)


@given(U32, U32, st.binary(max_size=64).filter(lambda pcm: len(pcm) % 2 == 0))
def test_frame_round_trips(segment: int, offset: int, pcm: bytes) -> None:
    frame = decode_frame(encode_frame(segment, offset, pcm))
    assert (frame.segment, frame.offset, bytes(frame.pcm)) == (segment, offset, pcm)
    assert frame.samples == len(pcm) // 2


def test_frame_header_is_two_little_endian_words() -> None:
    assert encode_frame(1, 0x0203, b"\x05\x06") == b"\x01\0\0\0\x03\x02\0\0\x05\x06"


@given(st.binary(max_size=HEADER_BYTES - 1))
def test_frame_without_header_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match="header"):
        decode_frame(data)


def test_frame_with_half_a_sample_is_malformed() -> None:
    with pytest.raises(MalformedMessage, match="whole"):
        decode_frame(bytes(HEADER_BYTES + 3))
    with pytest.raises(MalformedMessage, match="whole"):
        encode_frame(0, 0, b"\0")


@pytest.mark.parametrize(("segment", "offset"), [(-1, 0), (0, 2**32)])
def test_frame_numbers_over_32_bits_are_malformed(segment: int, offset: int) -> None:
    with pytest.raises(MalformedMessage, match="32 bits"):
        encode_frame(segment, offset, b"")


def test_samples_convert_to_durations() -> None:
    assert samples_to_ms(16_015) == 1_000
    assert samples_to_seconds(8_000) == 0.5
