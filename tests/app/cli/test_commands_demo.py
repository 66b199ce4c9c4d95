"""Tests of the demonstration: its output and its exit status."""

from pathlib import Path

import pytest

from app.cli.commands import GatewayChoice, Sample, complete, dictate, samples, segment_lines
from app.core.process import FAILED
from app.core.transcript import RecordingTranscript, TranscriptSegment
from protocol.recognition import Timing
from speech.audio_file import read_audio
from tests.app.speech import digests, recording
from tests.helpers.scripted_gateway import Script, oblige, scripted


@pytest.fixture(autouse=True)
def use_models(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))


def test_shipped_samples_are_readable() -> None:
    with samples() as shipped:
        assert {sample.language for sample in shipped} == {"en", "zh"}
        for sample in shipped:
            assert sample.text
            assert sum(len(block) for block in read_audio(sample.path)) > 16_000


def test_lines_of_a_segment_show_the_time_of_each_stage() -> None:
    segment = TranscriptSegment(0, 1200, 3400, "Hello", timing=Timing(2100, 3, 450, 2), after_speech_ms=1105)
    assert segment_lines(segment) == (
        "[1.2-3.4 s] Hello\n"
        "  upload 2100, queue 3, decode 450, deliver 2; text 1105 ms after the end of the speech"
    )
    assert "nothing understood" in segment_lines(TranscriptSegment(0, 0, 10))
    assert segment_lines(TranscriptSegment(0, 0, 1000, error="it died")) == "[0.0-1.0 s] no text: it died"


@pytest.mark.parametrize(
    ("segments", "content"),
    [
        ((), False),
        ((TranscriptSegment(0, 0, 1, "x"),), True),
        ((TranscriptSegment(0, 0, 1, "x"), TranscriptSegment(1, 1, 2)), False),
        ((TranscriptSegment(0, 0, 1, error="e"),), False),
    ],
)
def test_transcript_is_complete_only_if_every_segment_has_text(
    segments: tuple[TranscriptSegment, ...], content: bool
) -> None:
    assert complete(RecordingTranscript(segments, 10)) is content


async def dictated(script: Script, path: Path) -> int:
    async with scripted(script) as gateway:
        return await dictate([Sample(path, "en", "one two three")], GatewayChoice(gateway.url, "k"))


async def test_dictate_prints_each_text_and_its_score(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.transcription.pipeline.at_speaking_pace", lambda blocks, spoken_s: blocks)
    path = recording("en-03", to=tmp_path / "short.wav")
    assert await dictated(oblige, path) == 0
    out = capsys.readouterr().out
    for digest in digests(path, models):
        assert digest in out
    assert "script  one two three" in out
    assert "WER 100.0% (3 of 3)" in out


async def test_dictate_fails_on_silence(tmp_path: Path) -> None:
    assert await dictated(oblige, recording(to=tmp_path / "silence.wav")) == FAILED
