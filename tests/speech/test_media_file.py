"""Sound of m4a and video files with the extra, and a clear error without it."""

import re
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from errno import EIO
from io import BufferedReader, FileIO
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from speech.audio_file import check_audio, length_s, read_audio, sound_track
from speech.errors import AudioDamaged, AudioUnreadable, AudioUnsupported, MediaExtraMissing
from speech.media_file import media_format, open_media
from tests.helpers.recordings import samples_of
from tests.helpers.sound_tracks import with_tracks

RATE = 44_100
TITLE = "Minutes of the meeting"
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype(np.int16)


def media(path: Path, sound: NDArray[np.int16] | None, picture: bool) -> Path:
    """Write a file like those of a phone or a screen recorder."""
    with av.open(str(path), "w") as container:
        container.metadata["title"] = TITLE
        video = container.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p") if picture else None
        audio = container.add_stream("aac", rate=RATE, layout="mono") if sound is not None else None
        if video is not None:
            frames = [av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24") for _ in range(20)]
            for image in (*frames, None):
                container.mux(video.encode(image))
        if audio is not None and sound is not None:
            frame = av.AudioFrame.from_ndarray(sound[np.newaxis], "s16", "mono")
            frame.sample_rate = RATE
            for piece in (*av.AudioResampler("fltp", "mono", RATE).resample(frame), None):
                container.mux(audio.encode(piece))
    return path


@pytest.mark.parametrize(
    ("name", "picture"), [("a.m4a", False), ("a.mp4", True), ("a.mkv", True), ("a.mov", True)]
)
def test_media_sound_is_read_and_its_length_is_known_before(tmp_path: Path, name: str, picture: bool) -> None:
    path = media(tmp_path / name, TONE, picture)
    assert length_s(path) == pytest.approx(2.0, abs=0.1)
    samples = samples_of(path)
    assert len(samples) == pytest.approx(32_000, abs=1600)
    spectrum = np.abs(np.fft.rfft(samples[8000:24_000]))
    assert spectrum.argmax() == 440


def test_stereo_whose_channels_cancel_each_other_out_is_heard(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.stack([TONE, -TONE], axis=1).reshape(1, -1), "s16", "stereo")
        frame.sample_rate = RATE
        for piece in (frame, None):
            container.mux(stream.encode(piece))
    samples = samples_of(tmp_path / "a.mkv")
    assert len(samples) == pytest.approx(32_000, abs=100)
    assert np.abs(samples[4_000:28_000]).max() == pytest.approx(8_000, rel=0.05)


@pytest.mark.parametrize("read", [samples_of, length_s])
def test_video_without_sound_raises_unsupported(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(AudioUnsupported, match="no sound track"):
        read(media(tmp_path / "a.mp4", None, True))


@pytest.mark.parametrize(("marked", "read"), [((), 1), ((0,), 1), ((1,), 2), ((1, 2), 2)])
def test_track_that_is_marked_as_default_is_read(tmp_path: Path, marked: tuple[int, ...], read: int) -> None:
    times = np.arange(16_000) / 16_000
    tones = [(8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16) for hertz in (440, 880, 1320)]
    path = with_tracks(tmp_path / "a.mkv", *tones, default=marked)
    assert np.abs(np.fft.rfft(samples_of(path))).argmax() == 440 * read
    assert sound_track(path) == (read, 3)


@pytest.mark.parametrize("track", [1, 2, 3])
def test_named_track_is_read(tmp_path: Path, track: int) -> None:
    times = np.arange(16_000) / 16_000
    tones = [(8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16) for hertz in (440, 880, 1320)]
    path = with_tracks(tmp_path / "a.mkv", *tones, default=[1])
    assert np.abs(np.fft.rfft(np.concatenate(list(read_audio(path, track))))).argmax() == 440 * track
    assert check_audio(path, track) == (track, 3) and check_audio(path) == (2, 3)
    assert length_s(path, track) == pytest.approx(1.0, abs=0.1)


def test_track_that_is_not_there_raises_unsupported(tmp_path: Path) -> None:
    film, sound = media(tmp_path / "a.mkv", TONE, False), tmp_path / "a.wav"
    soundfile.write(sound, TONE, 16_000)
    for path in (film, sound):
        assert check_audio(path, 1) == (1, 1)
        with pytest.raises(AudioUnsupported, match="has no sound track 2: name one from 1 to 1"):
            check_audio(path, 2)
    with pytest.raises(AudioUnsupported, match="has no sound track 2"):
        length_s(film, 2)


def test_truncated_media_raises_damaged(tmp_path: Path) -> None:
    path = media(tmp_path / "a.m4a", TONE, False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioDamaged, match="copy it again"):
        samples_of(path)


@pytest.mark.parametrize("most", [0, 1000, 30_000])
def test_media_on_unplugged_drive_raises_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The drive fails after ``most`` bytes; 0: once the file is to be decoded."""

    class Unplugged(FileIO):
        def readinto(self, buffer: Any) -> int:
            if self.tell() > most and len(opened) > 2:
                raise OSError(EIO, "Input/output error")
            return super().readinto(buffer) or 0

    def opening(place: Path, *_: object) -> BinaryIO:
        opened.append(place)
        return BufferedReader(Unplugged(place))

    path, opened = media(tmp_path / "a.mkv", np.tile(TONE, 10), False), list[Path]()
    monkeypatch.setattr(Path, "open", opening)
    with pytest.raises(AudioUnreadable, match="Input/output error"):
        samples_of(path)


def test_media_title_in_unknown_encoding_is_ignored(tmp_path: Path) -> None:
    path = media(tmp_path / "a.m4a", TONE, False)
    named = path.read_bytes()
    assert TITLE.encode() in named
    path.write_bytes(named.replace(TITLE.encode(), b"\xff" * len(TITLE)))
    assert len(samples_of(path)) > 30_000


def test_media_without_extra_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = media(tmp_path / "a.m4a", TONE, False)
    monkeypatch.setitem(sys.modules, "av", None)  # makes the import fail as if not installed
    with pytest.raises(MediaExtraMissing, match=r"pip install 'kikipounamu\[media\]'"):
        list(read_audio(path))


@pytest.mark.parametrize(
    "head", [b"", b"#EXTM3U\n#EXT-X-V", b"ffconcat version", b"RIFF\0\0\0\0WAVEfmt ", b"########AVI "]
)
def test_playlists_and_plain_audio_are_not_passed_to_ffmpeg(head: bytes) -> None:
    assert media_format(head) is None


DESCRIPTION = b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 40404 RTP/AVP 0\n"
PLAYLIST = b"#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:PORT/a.ts\n#EXT-X-ENDLIST\n"


class Listener(socketserver.ThreadingTCPServer):
    """Listen on a port of this computer, and count who connects; each is sent away."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.came = 0

    def process_request(self, request: Any, client_address: Any) -> None:
        self.came += 1
        self.shutdown_request(request)

    def named(self, content: bytes, path: Path) -> Path:
        """Write a file that names its address."""
        path.write_bytes(content.replace(b"PORT", str(self.server_address[1]).encode()))
        return path


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listener:
        threading.Thread(target=listener.serve_forever, args=(0.01,)).start()
        yield listener
        listener.shutdown()


@pytest.mark.parametrize(
    "content",
    [
        b"########AVI \n" + DESCRIPTION,
        b"RIFF####AVI \n" + DESCRIPTION,
        b"####mdat\n" + DESCRIPTION,
        b"#!AMR\n" + DESCRIPTION,
        b"#EXTM3U\nAVI \n" + PLAYLIST,
        b"#EXTM3U\n" + PLAYLIST,
        b"ffconcat version 1.0\nfile http://127.0.0.1:PORT/a.wav\n",
    ],
)
def test_file_that_names_addresses_is_refused_without_connecting(
    tmp_path: Path, listener: Listener, content: bytes
) -> None:
    for name in ("a.avi", "a.m3u8"):
        with pytest.raises(AudioUnreadable):
            samples_of(listener.named(content, tmp_path / name))
    assert not listener.came


def test_playlist_that_is_taken_for_a_film_opens_nothing_else(
    tmp_path: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("speech.media_file.media_format", lambda head: "hls")
    path = listener.named(b"#EXTM3U\n" + PLAYLIST, tmp_path / "a.avi")
    with pytest.raises(AudioDamaged, match="it names another file"), open_media(path):
        pass
    assert not listener.came


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.avi", "mp3"),
        ("a.flv", "mp3"),
        ("a.wmv", "wmav2"),
        ("a.aac", "aac"),
        ("a.webm", "libopus"),
        ("a.3gp", "aac"),
    ],
)
def test_media_formats_are_read(tmp_path: Path, name: str, codec: str) -> None:
    path = encoded(tmp_path / name, codec)
    assert len(samples_of(path)) == pytest.approx(16_000, abs=2_000)


@pytest.mark.parametrize(
    ("name", "codec", "known", "unknown"),
    [("a.mov", "pcm_s16le", rb"sowt", b"apac"), ("a.avi", "mp3", rb"(?<=strf\x1e\0\0\0)\x55\0", b"\x34\x12")],
    ids=("mov", "avi"),
)
def test_sound_of_unknown_format_raises_unsupported(
    tmp_path: Path, name: str, codec: str, known: bytes, unknown: bytes
) -> None:
    path = encoded(tmp_path / name, codec)
    path.write_bytes(re.sub(known, unknown, path.read_bytes()))
    with pytest.raises(AudioUnsupported, match="convert it"):
        check_audio(path)


def encoded(path: Path, codec: str) -> Path:
    """Write a second of silence in a format."""
    with av.open(str(path), "w", format={"a.aac": "adts"}.get(path.name)) as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = 64_000
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), "s16", "mono")
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(stream.format.name, "mono", 48_000, frame_size=stream.frame_size)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(stream.encode(piece))
    return path
