"""Files of which only the beginning is left: each is called damaged, with a reason that does not mislead."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from speech.audio_file import read_audio
from speech.errors import AudioDamaged
from tests.speech.test_media_file import media

SOUND = np.random.default_rng(1).normal(0, 3000, 96_000).astype(np.int16)
MEDIA = ("m4a", "mkv", "mov")
TAG = b"ID3\x03\x00\x00\x00\x00\x02\x00" + bytes(256)


def whole(folder: Path, kind: str) -> Path:
    place = folder / f"whole.{kind}"
    if kind in MEDIA:
        return media(place, SOUND, picture=False)
    soundfile.write(place, SOUND, 48_000, format=kind.upper())
    return place


@pytest.mark.parametrize("size", [20, 30, 100, 400])
@pytest.mark.parametrize("kind", ["wav", "w64", "aiff", "au", "rf64", "caf", "flac", "ogg", "mp3", *MEDIA])
def test_beginning_of_a_file_is_damaged(
    tmp_path: Path, kind: str, size: int, capfd: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / f"cut.{kind}"
    place.write_bytes(whole(tmp_path, kind).read_bytes()[:size])
    is_damaged(place)
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("size", [10, 100, len(TAG) + 100])
def test_beginning_of_an_mp3_with_a_tag_is_damaged(tmp_path: Path, size: int) -> None:
    place = tmp_path / "cut.mp3"
    place.write_bytes((TAG + whole(tmp_path, "mp3").read_bytes())[:size])
    is_damaged(place)


def test_film_that_ends_after_its_header_is_damaged(tmp_path: Path) -> None:
    film = whole(tmp_path, "mkv").read_bytes()
    place = tmp_path / "cut.mkv"
    place.write_bytes(film[: film.index(b"\x1f\x43\xb6\x75")])  # the first cluster, which has the sound
    is_damaged(place)


def is_damaged(place: Path) -> None:
    with pytest.raises(AudioDamaged) as raised:
        list(read_audio(place))
    said = str(raised.value)
    assert "not exist" not in said and "output error" not in said and "again" in said, said
    assert "decoder" not in said and "Supported" not in said, f"a text of the library that decodes: {said}"
