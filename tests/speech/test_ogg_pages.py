"""Faults between the pages of Ogg files: holes, damaged pages, and recordings that follow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech.audio_file import AvailableAudio
from speech.ogg_pages import fault_in_pages

NOISE = np.random.default_rng(3).normal(0, 2_000, 30 * 16_000).astype(np.int16)


@pytest.fixture(scope="module", params=["OPUS", "VORBIS"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("whole") / "whole.ogg"
    soundfile.write(file, NOISE, 16_000, format="OGG", subtype=request.param)
    return file.read_bytes()


def begins(data: bytes) -> list[int]:
    """Return where the pages begin."""
    found, at = list[int](), data.find(b"OggS")
    while at >= 0:
        found.append(at)
        at = data.find(b"OggS", at + 4)
    return found


def without_a_page(data: bytes) -> bytes:
    middle, end = begins(data)[len(begins(data)) // 2 :][:2]
    return data[:middle] + data[end:]


def with_a_wrong_byte(data: bytes) -> bytes:
    at = begins(data)[len(begins(data)) // 2] + 200
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_zeros_between(data: bytes) -> bytes:
    middle = begins(data)[len(begins(data)) // 2]
    return data[:middle] + bytes(5_000) + data[middle:]


@pytest.mark.parametrize("spoil", [without_a_page, with_a_wrong_byte, with_zeros_between])
def test_hole_is_reported_and_all_around_it_is_read(
    whole: bytes, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "hole.ogg"
    file.write_bytes(spoil(whole))
    audio = AvailableAudio(file)
    samples = sum(map(len, audio))
    assert str(audio.cut) == f"a part of {file} cannot be read (it has a hole): copy or record it again"
    assert samples > 0.8 * len(NOISE)


@pytest.mark.parametrize("tail", [b"", b"TAG" + bytes(125), b"Ogg"])
def test_whole_file_has_no_fault_even_with_a_tag_after_it(whole: bytes, tmp_path: Path, tail: bytes) -> None:
    file = tmp_path / "tagged.ogg"
    file.write_bytes(whole + tail)
    assert fault_in_pages(file) == ""


def test_missing_end_is_no_fault_of_the_pages(whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "cut.ogg"
    file.write_bytes(whole[:-100])
    assert fault_in_pages(file) == ""


def test_recording_that_follows_is_a_fault(whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "other.ogg"
    soundfile.write(file, NOISE[::2], 16_000, format="OGG", subtype="OPUS")
    file.write_bytes(whole + file.read_bytes())
    assert fault_in_pages(file) == "another recording follows in the same file: split them"
