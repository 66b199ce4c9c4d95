"""Tests of the exact output of every format."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.format import Format
from app.core.renderers import render
from app.core.transcript import RecordingTranscript, TranscriptSegment
from protocol.recognition import Word

TRANSCRIPT = RecordingTranscript(
    (
        TranscriptSegment(0, 250, 1_999, "Hello & <b>you</b>", "en", (Word("Hello", 0, 300),), "whisper-base"),
        TranscriptSegment(1, 2_000, 3_000, ""),
        TranscriptSegment(2, 3_000, 4_000, error="engine died (engine_died)"),
        TranscriptSegment(3, 3_661_005, 3_662_000, "你好"),
    ),
    3_700_000,
)
EMPTY = RecordingTranscript((), 0)


def test_render_txt_joins_texts_in_one_line() -> None:
    assert render(TRANSCRIPT, Format.TXT) == "Hello & <b>you</b> 你好\n"
    assert render(EMPTY, Format.TXT) == ""


def test_render_srt_writes_numbered_cues() -> None:
    assert render(TRANSCRIPT, Format.SRT) == (
        "1\n00:00:00,250 --> 00:00:01,999\nHello & <b>you</b>\n\n2\n01:01:01,005 --> 01:01:02,000\n你好\n"
    )
    assert render(EMPTY, Format.SRT) == ""


def test_render_vtt_escapes_texts() -> None:
    assert render(TRANSCRIPT, Format.VTT) == (
        "WEBVTT\n"
        "\n"
        "00:00:00.250 --> 00:00:01.999\nHello &amp; &lt;b&gt;you&lt;/b&gt;\n"
        "\n"
        "01:01:01.005 --> 01:01:02.000\n你好\n"
    )
    assert render(EMPTY, Format.VTT) == "WEBVTT\n"


def test_render_json_has_every_segment() -> None:
    document = json.loads(render(TRANSCRIPT, Format.JSON, "talk.wav"))
    assert document["file"] == "talk.wav"
    assert document["duration_ms"] == 3_700_000
    assert document["text"] == TRANSCRIPT.text
    assert document["segments"][0] == {
        "start_ms": 250,
        "end_ms": 1_999,
        "text": "Hello & <b>you</b>",
        "language": "en",
        "words": [{"text": "Hello", "start_ms": 0, "end_ms": 300}],
        "model": "whisper-base",
    }
    assert document["segments"][2]["error"] == "engine died (engine_died)"
    assert len(document["segments"]) == 4
    assert document["truncated"] is False


def test_json_marks_truncated_recording() -> None:
    cut = replace(TRANSCRIPT, truncated="it breaks off")
    assert json.loads(render(cut, Format.JSON))["truncated"] is True


def test_json_line_contains_no_line_breaks() -> None:
    line = render(
        RecordingTranscript((TranscriptSegment(0, 0, 1, "a\nb\u2028c"),), 1), Format.JSON, "x\udc80\n", line=True
    )
    assert line.count("\n") == 1 and json.loads(line)["file"] == "x?\n"


segments = st.builds(
    TranscriptSegment,
    index=st.just(0),
    start_ms=st.integers(0, 10**8),
    end_ms=st.integers(0, 10**8),
    text=st.text(),
)


@given(st.lists(segments, max_size=5))
def test_subtitle_files_stay_valid_for_any_text(spoken: list[TranscriptSegment]) -> None:
    transcript = RecordingTranscript(tuple(spoken), 0)
    cues = sum(bool(part.split()) for part in transcript.parts)  # a lone full stop belongs to the text before it
    for form, mark, head in ((Format.SRT, ",", 0), (Format.VTT, r"\.", 1)):
        blocks = [block for block in re.split(r"\n\n", render(transcript, form).rstrip("\n")) if block]
        assert len(blocks) >= cues + head
        time = rf"\d{{2,}}:\d\d:\d\d{mark}\d{{3}}"
        for block in blocks[head:]:
            assert re.search(rf"^{time} --> {time}$", block, re.MULTILINE)


@pytest.mark.parametrize("form", list(Format))
def test_files_end_with_a_line_feed(form: Format) -> None:
    assert render(TRANSCRIPT, form).endswith("\n")
