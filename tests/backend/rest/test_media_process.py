"""Test the frames that the reader reports about a file."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.rest.media_frames import Frame, MediaBroken, MediaEnded, MediaOpened, MediaProgress, MediaSegment
from backend.rest.media_process import LONGEST_S, read_file
from protocol.audio import SAMPLE_RATE
from protocol.errors import ErrorCode
from speech.vad import open_vad
from tests.helpers.digits import DATA
from tests.helpers.recordings import samples_of
from tests.helpers.sound_tracks import with_tracks

DIGITS = sorted((DATA / "digits").glob("*.flac"))


def frames_of(path: Path, longest_s: float = LONGEST_S) -> list[Frame]:
    frames: list[Frame] = []
    read_file(path, open_vad(None), frames.append, longest_s)
    return frames


def test_named_sound_track_is_read_and_a_missing_one_is_reported(tmp_path: Path) -> None:
    speech = samples_of(DIGITS[0])
    film = with_tracks(tmp_path / "film.mkv", np.zeros_like(speech), speech)
    found: dict[int, list[Frame]] = {track: [] for track in (0, 1, 2, 3)}
    for track, frames in found.items():
        read_file(film, open_vad(None), frames.append, track=track)
    pieces = {track: [one for one in frames if isinstance(one, MediaSegment)] for track, frames in found.items()}
    assert not pieces[0] and not pieces[1] and b"".join(one.pcm for one in pieces[2]) in speech.tobytes()
    assert pieces[2] and found[3] == [
        MediaBroken(ErrorCode.UNSUPPORTED, "the file has no sound track 3: name one from 1 to 2")
    ]


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """Write a file of four strings of digits, each followed by three seconds of silence."""
    pause = np.zeros(3 * SAMPLE_RATE, np.int16)
    sounds = [part for path in DIGITS[:4] for part in (samples_of(path), pause)]
    path = tmp_path / "long.wav"
    soundfile.write(path, np.concatenate(sounds), SAMPLE_RATE)
    return path


def test_pieces_equal_samples_of_the_file(long_file: Path) -> None:
    whole = samples_of(long_file)
    opened, *rest, ended = frames_of(long_file)
    pieces = [frame for frame in rest if isinstance(frame, MediaSegment)]
    assert opened == MediaOpened("webrtc-vad", len(whole) / SAMPLE_RATE)
    assert len(pieces) >= 4 and ended == MediaEnded(len(pieces), len(whole))
    assert [piece.segment for piece in pieces] == list(range(len(pieces)))
    for piece in pieces:
        samples = np.frombuffer(piece.pcm, "<i2")
        assert np.array_equal(samples, whole[piece.at : piece.at + len(samples)])
    assert any(isinstance(frame, MediaProgress) for frame in rest)
    assert frames_of(long_file) == [opened, *rest, ended]


def test_truncated_file_is_read_to_its_last_sample(long_file: Path) -> None:
    whole = long_file.read_bytes()
    long_file.write_bytes(whole[: len(whole) // 2 + 1])
    opened, *rest, ended = frames_of(long_file)
    pieces = [frame for frame in rest if isinstance(frame, MediaSegment)]
    samples = (len(whole) // 2 + 1 - 44) // 2
    assert isinstance(opened, MediaOpened) and pieces and ended == MediaEnded(len(pieces), samples, truncated=True)


def test_silence_has_no_pieces(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(SAMPLE_RATE, np.int16), SAMPLE_RATE)
    assert frames_of(tmp_path / "silence.wav")[1:] == [MediaEnded(0, SAMPLE_RATE)]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", ErrorCode.AUDIO_INVALID),
        (b"no sound at all, but words", ErrorCode.UNSUPPORTED),
        (b"\0\0\0\x18ftypmp42 and nothing behind it", ErrorCode.AUDIO_INVALID),
    ],
)
def test_unreadable_file_reports_reason_without_its_place(tmp_path: Path, content: bytes, code: ErrorCode) -> None:
    (tmp_path / "file").write_bytes(content)
    (broken,) = frames_of(tmp_path / "file")
    assert isinstance(broken, MediaBroken) and broken.code is code
    assert "the file" in broken.message and str(tmp_path) not in broken.message


def test_damaged_file_is_read_up_to_the_damage(tmp_path: Path) -> None:
    whole = DIGITS[0].read_bytes()
    (tmp_path / "half.flac").write_bytes(whole[: len(whole) // 2])
    opened, piece, ended = frames_of(tmp_path / "half.flac")
    assert isinstance(opened, MediaOpened) and isinstance(piece, MediaSegment)
    assert piece.pcm in samples_of(DIGITS[0]).tobytes()
    assert isinstance(ended, MediaEnded) and ended.truncated and ended.samples > 8_000


def test_file_that_is_damaged_before_its_first_sample_is_broken(tmp_path: Path) -> None:
    (tmp_path / "head.flac").write_bytes(DIGITS[0].read_bytes()[:90])
    opened, broken = frames_of(tmp_path / "head.flac")
    assert isinstance(opened, MediaOpened)
    assert isinstance(broken, MediaBroken) and broken.code is ErrorCode.AUDIO_INVALID


def test_file_above_maximum_length_is_refused(long_file: Path, tmp_path: Path) -> None:
    (broken,) = frames_of(long_file, longest_s=3.0)
    assert isinstance(broken, MediaBroken) and broken.code is ErrorCode.TOO_LARGE
    live = tmp_path / "live.flac"
    soundfile.write(live, samples_of(long_file), SAMPLE_RATE)
    content = bytearray(live.read_bytes())
    content[21] &= 0xF0  # number of samples: 36 zero bits, as in a live stream
    content[22:26] = bytes(4)
    live.write_bytes(content)
    opened, *_, broken = frames_of(live, longest_s=3.0)
    assert opened == MediaOpened("webrtc-vad", None)
    assert isinstance(broken, MediaBroken) and broken.code is ErrorCode.TOO_LARGE
