"""Containers that declare their length: complete files lack nothing, truncated files report what they lack."""

from pathlib import Path
from struct import pack
from typing import cast

import av
import numpy as np
import pytest
import soundfile
from av.audio.stream import AudioStream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speech.audio_file import AvailableAudio
from speech.declared_size import missing_bytes
from tests.helpers.examples import examples

RATE = 16_000
NOISE = np.random.default_rng(2).normal(0, 2000, 4 * RATE).astype(np.int16)
MEDIA = {"a.m4a": "aac", "a.mp4": "aac", "a.mkv": "aac", "a.webm": "opus", "a.avi": "mp3", "a.wma": "wmav2"}


def media(path: Path, codec: str, **options: str) -> Path:
    with av.open(str(path), "w", options=options) as container:
        rate = 48_000 if codec == "opus" else RATE
        audio = cast(AudioStream, container.add_stream(codec, rate=rate, layout="mono"))
        audio.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(NOISE[np.newaxis], "s16", "mono")
        frame.sample_rate = RATE
        form = "s16p" if codec == "mp3" else "s16" if codec == "opus" else "fltp"
        size = 960 if codec == "opus" else 1152 if codec == "mp3" else 1024
        resampler = av.AudioResampler(form, "mono", rate, frame_size=size)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(audio.encode(piece))
    return path


def cut(path: Path, left: float) -> int:
    """Truncate a file to this share; return the number of bytes removed."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * left)])
    return len(whole) - path.stat().st_size


@pytest.mark.parametrize(("name", "codec"), MEDIA.items())
def test_media_file_says_how_much_of_it_is_missing(tmp_path: Path, name: str, codec: str) -> None:
    path = media(tmp_path / name, codec, movflags="faststart")
    assert missing_bytes(path) == 0
    gone = cut(path, 0.6)
    assert gone > 1000 and missing_bytes(path) in range(gone - 16, gone + 1)  # AVI ends with its own index


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.m4a", "aac", {"movflags": "faststart"}),
        ("a.mp4", "aac", {"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"}),
        ("a.mkv", "aac", {}),
        ("a.wma", "wmav2", {}),
    ],
)
def test_truncated_media_gives_its_beginning_and_reports_the_cut(
    tmp_path: Path, name: str, codec: str, options: dict[str, str]
) -> None:
    path = media(tmp_path / name, codec, **options)
    whole = AvailableAudio(path)
    length = sum(map(len, whole))
    assert whole.cut is None and length > 3.9 * RATE
    cut(path, 0.6)
    part = AvailableAudio(path)
    assert length / 3 < sum(map(len, part)) < length
    assert part.cut is not None and "breaks off after" in str(part.cut)


def test_live_matroska_promises_nothing(tmp_path: Path) -> None:
    path = media(tmp_path / "a.mkv", "aac", live="1")
    cut(path, 0.6)
    assert missing_bytes(path) == 0


@pytest.mark.parametrize("tag", [b"", b"ID3\x04\x00\x00\x00\x00\x02\x01" + bytes(257)])
def test_mp3_header_counts_from_its_first_frame(tmp_path: Path, tag: bytes) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, NOISE, RATE, format="MP3")
    path.write_bytes(tag + path.read_bytes())
    assert missing_bytes(path) == 0
    path.write_bytes(path.read_bytes()[:-100])
    assert missing_bytes(path) == 100


def test_vbri_header_counts_too(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    frame = b"\xff\xfb\x90\x00" + bytes(32) + b"VBRI" + bytes(6)
    path.write_bytes(frame + pack(">I", 1000) + bytes(400))
    assert missing_bytes(path) == 1000 - path.stat().st_size


@pytest.mark.parametrize(
    "head",
    [
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x80\x3e\0\0\0\x7d\0\0\2\0\x10\0data" + size
        for size in (bytes(4), b"\xff" * 4)
    ]
    + [
        b"FORM" + bytes(4) + b"AIFFSSND" + bytes(4),
        b".snd\0\0\0\x18\xff\xff\xff\xff",
        b"RIFF" + bytes(4) + b"AVI ",
    ],
)
def test_stream_promises_nothing(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head + bytes(1000))
    assert missing_bytes(path) == 0


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        [b"RIFF1234WAVE", b"RF641234WAVE", b"RIFX1234WAVE", b"riff\x2e\x91\xcf\x11", b"FORM1234AIFF", b".snd"]
        + [b"OggS", b"ID3", b"\xff\xfb", b"1234ftyp", b"\x1aE\xdf\xa3", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"]
        + [b"RIFF1234AVI ", b"nothing"]
    ),
    st.binary(max_size=200),
)
def test_arbitrary_headers_do_not_break_missing_bytes(tmp_path: Path, head: bytes, rest: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(head + rest)
    assert missing_bytes(path) >= 0
