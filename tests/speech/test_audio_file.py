"""Recordings of every format and with every kind of damage: read, or rejected with a typed error."""

import os
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from speech.audio_file import AvailableAudio, check_audio, length_s, read_audio
from speech.errors import (
    AudioDamaged,
    AudioEmpty,
    AudioMissing,
    AudioTruncated,
    AudioUnreadable,
    AudioUnsupported,
)
from tests.helpers.examples import examples
from tests.helpers.recordings import samples_of, synthetic

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)).astype(np.int16)
PCM = TONE.tobytes()
SPEECH = np.random.default_rng(1).normal(0, 2000, 80_000).astype(np.int16)
KINDS = [
    ("WAV", "PCM_16"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
]


def wav(data: bytes = PCM, size: int | None = None, **header: Any) -> bytes:
    """Return a WAV file with the header that the test wants."""
    size = len(data) if size is None else size
    channels, rate, bits = header.get("channels", 1), header.get("rate", 16_000), header.get("bits", 16)
    frame = channels * bits // 8
    form = pack("<HHIIHH", header.get("format", 1), channels, rate, rate * frame & 0xFFFFFFFF, frame, bits)
    head = b"WAVEfmt " + pack("<I", len(form)) + form + b"data" + pack("<I", size)
    return b"RIFF" + pack("<I", min(size + len(head), 0xFFFFFFFF)) + head + data


def written(tmp_path: Path, data: bytes, name: str = "a.wav") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def encoded(tmp_path: Path, kind: str, subtype: str, samples: Any = TONE, rate: int = 16_000) -> Path:
    path = tmp_path / f"a.{kind.lower()}"
    soundfile.write(path, samples, rate, format=kind, subtype=subtype)
    return path


# -- readable files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("WAV", "PCM_24")])
def test_lossless_files_give_identical_samples(tmp_path: Path, kind: str, subtype: str) -> None:
    assert np.array_equal(samples_of(encoded(tmp_path, kind, subtype)), TONE)


@pytest.mark.parametrize(("kind", "subtype"), [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")])
def test_lossy_files_give_nearly_identical_samples(tmp_path: Path, kind: str, subtype: str) -> None:
    speech = samples_of(synthetic()[0].path)
    samples = samples_of(encoded(tmp_path, kind, subtype, speech))
    assert len(samples) == len(speech)
    assert np.corrcoef(samples, speech)[0, 1] > 0.98


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_audio_of_other_rates_and_channels_becomes_16_khz_mono(tmp_path: Path, rate: int) -> None:
    left = 0.4 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    samples = samples_of(encoded(tmp_path, "WAV", "PCM_24", np.stack([left, np.zeros(rate)], axis=1), rate))
    assert len(samples) == 16_000
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() == 440
    assert spectrum[440] == pytest.approx(0.2 * 32768 * 8000, rel=0.01)


@pytest.mark.parametrize(
    ("odd", "silent", "said"),
    [(np.nan, 0, "a part of {path} cannot be read (1 of its values are no numbers)"), (np.inf, 32767, "None")],
)
def test_float_audio_with_nan_or_infinity_is_read_and_nan_reported(
    tmp_path: Path, odd: float, silent: int, said: str
) -> None:
    path = encoded(tmp_path, "WAV", "FLOAT", np.array([0.5, odd, -np.inf, 3e38], np.float32))
    samples, cut = available(path)
    assert samples.tolist() == [16384, silent, -32768, 32767]
    assert str(cut).startswith(said.format(path=path))


def test_audio_of_five_milliseconds_is_read(tmp_path: Path) -> None:
    assert np.array_equal(samples_of(written(tmp_path, wav(PCM[:160]))), TONE[:80])


def test_silent_audio_is_read(tmp_path: Path) -> None:
    assert samples_of(written(tmp_path, wav(bytes(3200)))).tolist() == [0] * 1600


def test_audio_blocks_are_small_for_long_files(tmp_path: Path) -> None:
    path = encoded(tmp_path, "FLAC", "PCM_16", np.tile(TONE, 30))
    lengths = [len(block) for block in read_audio(path)]
    assert sum(lengths) == 30 * len(TONE)
    assert min(lengths) > 0 and max(lengths) <= 20_000


def test_audio_format_does_not_depend_on_the_file_name(tmp_path: Path) -> None:
    path = encoded(tmp_path, "FLAC", "PCM_16").rename(tmp_path / "http:＃1 of two.wav")
    assert np.array_equal(samples_of(path), TONE)


def test_test_recordings_match_their_table() -> None:
    recordings = synthetic()
    assert len(recordings) == 16
    for recording in recordings:
        assert recording.text and 3 < len(samples_of(recording.path)) / 16_000 < 9


def test_package_contains_its_samples_and_texts() -> None:
    folder = files("app") / "samples"
    header, *rows = (folder / "samples.tsv").read_text("utf-8").splitlines()
    assert header == "file\tlanguage\ttext"
    assert [row.split("\t")[1] for row in rows] == ["en", "zh"]
    for row in rows:
        with as_file(folder / row.split("\t")[0]) as path:
            assert len(samples_of(path)) > 10 * 16_000


# -- wrong headers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [len(PCM) + 1, len(PCM) + 2, 10 * len(PCM), 2**31, 2**32 - 2])
def test_wav_is_truncated_when_its_header_promises_more(tmp_path: Path, size: int) -> None:
    samples, cut = available(written(tmp_path, wav(size=size)))
    assert np.array_equal(samples, TONE)
    assert (
        cut is not None
        and f"a.wav breaks off after 2.0 s (its header promises at least {size - len(PCM):,} byte" in str(cut)
    )


@pytest.mark.parametrize("size", [0, 2**32 - 1])
def test_wav_of_a_stream_is_read_to_its_end(tmp_path: Path, size: int) -> None:
    path = written(tmp_path, wav(size=size))
    samples, cut = available(path)
    assert np.array_equal(samples, TONE) and cut is None
    assert length_s(path) in (2.0, None)


@pytest.mark.parametrize("size", [None, 0, 2**32 - 1])
def test_wav_is_truncated_when_half_a_sample_is_its_end(tmp_path: Path, size: int | None) -> None:
    samples, cut = available(written(tmp_path, wav(PCM[:-1], size=size)))
    assert np.array_equal(samples, TONE[:-1]) and cut is not None


def test_compressed_wav_may_end_within_a_block(tmp_path: Path) -> None:
    assert available(encoded(tmp_path, "WAV", "MS_ADPCM", TONE[:10_001]))[1] is None


@pytest.mark.parametrize("size", [2, 1000])
def test_wav_is_damaged_when_its_header_leaves_sound_out(tmp_path: Path, size: int) -> None:
    with pytest.raises(AudioDamaged, match="ignore-length"):
        samples_of(written(tmp_path, wav(size=size)))


@pytest.mark.parametrize("padded", [True, False])
def test_wav_chunks_after_the_sound_are_accepted(tmp_path: Path, padded: bool) -> None:
    """Chunks of odd length are padded, but some programs omit the padding of the last one."""
    chunk = b"LIST" + pack("<I", 9001) + b"\1" * 9001
    data = wav() + chunk + b"\0" + chunk + b"\0" * padded
    assert np.array_equal(samples_of(written(tmp_path, data)), TONE)


@pytest.mark.parametrize(
    "header",
    [{"channels": 0}, {"rate": 0}, {"rate": 1}, {"rate": 2**31 - 1}, {"bits": 0}, {"format": 0x99}],
)
def test_impossible_wav_header_raises_typed_error(tmp_path: Path, header: dict[str, Any]) -> None:
    with pytest.raises(AudioUnreadable, match=r"a\.wav"):
        samples_of(written(tmp_path, wav(**header)))


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 43), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_wav_header_raises_only_typed_errors(tmp_path: Path, damage: list[tuple[int, int]]) -> None:
    data = bytearray(wav(PCM[:2000]))
    for place, value in damage:
        data[place] = value
    try:
        samples_of(written(tmp_path, bytes(data)))
    except AudioUnreadable as error:
        assert "a.wav" in str(error)


# -- no sound ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", AudioEmpty),
        (wav(b""), AudioEmpty),
        (b"This is a text file.\n" * 50, AudioUnsupported),
        (bytes(5000), AudioUnsupported),
        (b"%PDF-1.7\n" + bytes(5000), AudioUnsupported),
        (wav()[:30], AudioDamaged),
    ],
    ids=["empty", "no samples", "text", "zeros", "pdf", "half a header"],
)
def test_file_without_sound_raises_typed_error(tmp_path: Path, data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"a\.wav"):
        samples_of(written(tmp_path, data))


@pytest.mark.parametrize(("kind", "subtype"), [("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("WAV", "PCM_16")])
def test_file_without_a_sample_is_damaged_when_it_is_cut(tmp_path: Path, kind: str, subtype: str) -> None:
    path = encoded(tmp_path, kind, subtype)
    path.write_bytes(path.read_bytes()[: 50 if kind != "WAV" else 40])
    with pytest.raises(AudioUnreadable, match="again"):
        samples_of(path)
    assert not isinstance(caught(path), AudioTruncated)


@pytest.mark.parametrize(("kind", "subtype"), [*KINDS, ("CAF", "PCM_16")])
def test_whole_file_is_not_truncated(tmp_path: Path, kind: str, subtype: str) -> None:
    samples, cut = available(encoded(tmp_path, kind, subtype, SPEECH))
    assert len(samples) == len(SPEECH) and cut is None


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
@pytest.mark.parametrize("left", [0.3, 0.7, -1])
def test_truncated_file_gives_its_beginning_and_reports_the_cut(
    tmp_path: Path, kind: str, subtype: str, left: float
) -> None:
    path = encoded(tmp_path, kind, subtype, SPEECH)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * left) if left > 0 else -1])
    samples, cut = available(path)
    assert cut is not None and f"breaks off after {len(samples) / 16_000:.1f} s" in str(cut)
    page = 17_600  # samples: only complete pages of Ogg can be read
    assert (left if left > 0 else 1) * len(SPEECH) - page < len(samples) <= len(SPEECH)


def test_flac_gives_every_sample_before_the_cut(tmp_path: Path) -> None:
    path = encoded(tmp_path, "FLAC", "PCM_16", SPEECH)
    left = path.stat().st_size // 2
    path.write_bytes(path.read_bytes()[:left])
    samples, cut = available(path)
    assert cut is not None and "(the rest cannot be decoded)" in str(cut)
    assert np.array_equal(samples, SPEECH[: len(samples)])
    one_block_more = encoded(tmp_path, "FLAC", "PCM_16", SPEECH[: len(samples) + 4096])
    assert one_block_more.stat().st_size > left


@pytest.mark.parametrize(("kind", "subtype"), [*KINDS, ("CAF", "PCM_16")])
def test_file_that_shrinks_while_it_is_read_is_truncated(tmp_path: Path, kind: str, subtype: str) -> None:
    """A drive that is unplugged looks the same to the reader: no more bytes come."""
    path = encoded(tmp_path, kind, subtype, np.tile(SPEECH, 4))
    audio = AvailableAudio(path)
    for number, _ in enumerate(audio):
        if not number:
            os.truncate(path, path.stat().st_size // 3)
    assert audio.cut is not None and "breaks off" in str(audio.cut)


def test_file_that_grows_while_it_is_read_is_truncated(tmp_path: Path) -> None:
    path = encoded(tmp_path, "MP3", "MPEG_LAYER_III", SPEECH)
    audio = AvailableAudio(path)
    for _ in audio:
        path.write_bytes(path.read_bytes() + bytes(100))
    assert audio.cut is not None and "size changed" in str(audio.cut)


def test_file_that_is_deleted_while_it_is_read_is_whole(tmp_path: Path) -> None:
    path = encoded(tmp_path, "WAV", "PCM_16", np.tile(TONE, 4))
    audio, samples = AvailableAudio(path), 0
    for block in audio:
        samples += len(block)
        path.unlink(missing_ok=True)
    assert samples == 4 * len(TONE) and audio.cut is None


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_followed_by_another_is_truncated(tmp_path: Path, subtype: str) -> None:
    """Their joined files are valid, and the reader stops after the first."""
    first, second = (encoded(tmp_path, "OGG", subtype, SPEECH).read_bytes() for _ in range(2))
    samples, cut = available(written(tmp_path, first + second, "a.ogg"))
    assert len(samples) == len(SPEECH) and "another recording follows" in str(cut)


@pytest.mark.parametrize("junk", [1_000, 100_000])
def test_ogg_with_other_bytes_after_it_is_whole(tmp_path: Path, junk: int) -> None:
    data = encoded(tmp_path, "OGG", "VORBIS", SPEECH).read_bytes()
    samples, cut = available(written(tmp_path, data + bytes(junk), "a.ogg"))
    assert len(samples) == len(SPEECH) and cut is None


def test_ogg_without_its_middle_is_truncated(tmp_path: Path) -> None:
    path = encoded(tmp_path, "OGG", "OPUS", SPEECH)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + whole[len(whole) // 2 + 5000 :])
    assert available(path)[1] is not None


def test_missing_file_folder_and_device_raise_typed_error(tmp_path: Path) -> None:
    cases = {tmp_path / "none.wav": "No such file", tmp_path: "is a folder", Path(os.devnull): "not a regular"}
    for path, words in cases.items():
        with pytest.raises(AudioMissing, match=words):
            samples_of(path)
    with pytest.raises(AudioMissing, match="null"):
        samples_of(Path("a\0.wav"))


def test_unreadable_file_raises_typed_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read every file, so the refusal is simulated."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, wav())
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioMissing, match="Permission denied"):
        samples_of(path)


@pytest.mark.parametrize("close", [lambda blocks: blocks.close(), lambda blocks: list(blocks)])
def test_audio_file_is_closed_when_the_reader_stops(tmp_path: Path, close: Callable[[Any], Any]) -> None:
    path = encoded(tmp_path, "FLAC", "PCM_16", np.tile(TONE, 3))
    blocks = read_audio(path)
    next(blocks)
    assert str(path) in open_files()
    close(blocks)
    assert str(path) not in open_files()


def available(path: Path) -> tuple[NDArray[np.int16], AudioTruncated | None]:
    """Return every available sample, and why no more follow."""
    audio = AvailableAudio(path)
    return np.concatenate([*audio, np.zeros(0, np.int16)]), audio.cut


def caught(path: Path) -> AudioUnreadable | None:
    try:
        samples_of(path)
    except AudioUnreadable as error:
        return error
    return None


def open_files() -> set[str]:
    return {file.path for file in psutil.Process().open_files()}


def test_check_audio_accepts_only_readable_files(tmp_path: Path) -> None:
    check_audio(written(tmp_path, wav(size=10 * len(PCM))))
    with pytest.raises(AudioMissing):
        check_audio(tmp_path / "none.wav")
    with pytest.raises(AudioEmpty):
        check_audio(written(tmp_path, wav(b"")))


# -- length ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "subtype"),
    [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")],
)
def test_length_is_known_without_reading_the_audio(tmp_path: Path, kind: str, subtype: str) -> None:
    assert length_s(encoded(tmp_path, kind, subtype)) == pytest.approx(2.0, abs=0.05)


def test_length_of_unreadable_file_raises_the_same_error(tmp_path: Path) -> None:
    with pytest.raises(AudioMissing):
        length_s(tmp_path / "none.wav")
    with pytest.raises(AudioEmpty):
        length_s(written(tmp_path, b""))
    with pytest.raises(AudioEmpty):
        length_s(written(tmp_path, wav(b"")))
    with pytest.raises(AudioUnsupported):
        length_s(written(tmp_path, b"this is no recording, whatever its name says"))
    with pytest.raises(AudioDamaged):
        length_s(written(tmp_path, wav(size=1000) + PCM))
