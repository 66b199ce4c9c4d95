"""Continuous audio in others' formats becomes mono PCM, wherever it is cut."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.dialects.audio_formats import IncomingFormat, MonoStream, NoWave, wave_header
from backend.dialects.g711 import decode

STEREO = np.array([[100, 200], [-100, -300], [32_767, 32_767], [-32_768, -32_768]], "<i2").tobytes()


def wave(
    tag: int = 1, channels: int = 1, rate: int = 16_000, bits: int = 16, before: bytes = b"", more: bytes = b""
) -> bytes:
    """Return a WAV header, with chunks before the format. ``more``: the end of the format."""
    described = struct.pack("<HHIIHH", tag, channels, rate, 0, 0, bits) + more
    start = b"RIFF\xff\xff\xff\xffWAVE" + before
    return start + b"fmt " + struct.pack("<I", len(described)) + described + b"data\xff\xff\xff\xff"


@given(st.lists(st.integers(0, 16), max_size=3))
def test_stereo_is_mixed_wherever_it_is_cut(cuts: list[int]) -> None:
    stream, places = MonoStream(IncomingFormat(16_000, 2)), [0, *sorted(cuts), 16]
    pieces = [stream.accept(STEREO[start:end]) for start, end in zip(places, places[1:], strict=False)]
    assert np.frombuffer(b"".join(pieces), "<i2").tolist() == [150, -200, 32_767, -32_768]


def test_channels_that_cancel_each_other_out_are_heard() -> None:
    """A wrongly connected plug inverts a channel; files are mixed in the same way."""
    samples = np.full(8_000, 1_000, np.int16)
    pair = np.stack([samples, -samples], axis=1).astype("<i2")
    mono = MonoStream(IncomingFormat(16_000, 2)).accept(pair.tobytes())
    assert np.frombuffer(mono, "<i2")[-1] == 1_000


@pytest.mark.parametrize("codes", [b"\x80", b"\0\x80\xff"])
def test_telephone_speech_is_decoded_at_once(codes: bytes) -> None:
    """A code is one byte: none waits for another."""
    assert MonoStream(IncomingFormat(8_000, 1, "mu-law")).accept(codes) == decode("mu-law", codes)


@pytest.mark.parametrize(
    ("header", "format"),
    [
        (wave(), IncomingFormat(16_000)),
        (wave(7, 1, 8_000, 8), IncomingFormat(8_000, 1, "mu-law")),
        (wave(0xFFFE, more=struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14)), IncomingFormat(16_000)),
        (wave(channels=2, rate=48_000, before=b"LIST\3\0\0\0abc\0"), IncomingFormat(48_000, 2)),
    ],
)
def test_header_reports_the_format_as_soon_as_it_is_there(header: bytes, format: IncomingFormat) -> None:
    assert wave_header(header + b"audio") == (format, len(header))
    assert all(wave_header(header[:size]) is None for size in range(len(header)))


@pytest.mark.parametrize(
    "data",
    [
        b"OggS",
        b"RIFF\0\0\0\0AVI ",
        wave(3, bits=32),
        wave(0xFFFE, more=struct.pack("<HHIH", 22, 16, 4, 3) + bytes(14)),
        wave(channels=6),
        wave(rate=1),
        wave().replace(b"fmt ", b"fmT "),
        b"RIFF\0\0\0\0WAVEjunk\xff\xff\xff\xff",
    ],
)
def test_other_beginnings_are_refused(data: bytes) -> None:
    with pytest.raises(NoWave):
        wave_header(data)
