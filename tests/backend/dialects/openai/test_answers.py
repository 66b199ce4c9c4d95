"""Answers have the shapes that OpenAI documents."""

import json

import pytest

from backend.dialects.openai.answers import answer_body, event, usage
from backend.dialects.openai.requests import transcription_request
from backend.dialects.transcript import JoinedResults
from protocol.recognition import Word
from protocol.session import Final


@pytest.fixture
def transcript() -> JoinedResults:
    """Two segments of English, the second without words."""
    transcript = JoinedResults({0: (0, 1_000), 1: (3_000, 4_000)})
    transcript.take(Final(0, "Hello there.", "en", (Word("Hello", 0, 400), Word("there.", 500, 900))))
    transcript.take(Final(1, "Good morning.", "en"))
    return transcript


def body(transcript: JoinedResults, **fields: str) -> str:
    return answer_body(transcription_request(fields, ()), transcript, 4.2)


def test_json_has_text_and_usage(transcript: JoinedResults) -> None:
    assert json.loads(body(transcript)) == {
        "text": "Hello there. Good morning.",
        "usage": {"type": "duration", "seconds": 5},
    }
    assert body(transcript, response_format="text") == "Hello there. Good morning.\n"


def test_verbose_answer_has_words_and_segments(transcript: JoinedResults) -> None:
    fields = {"response_format": "verbose_json", "timestamp_granularities[]": "word,segment"}
    answer = json.loads(body(transcript, **fields))
    assert (answer["language"], answer["duration"], answer["task"]) == ("english", 4.2, "transcribe")
    assert [(one["id"], one["start"], one["end"]) for one in answer["segments"]] == [(0, 0, 0.9), (1, 3, 4)]
    assert answer["words"] == [
        {"word": "Hello", "start": 0, "end": 0.4},
        {"word": "there.", "start": 0.5, "end": 0.9},
        {"word": "Good", "start": 3, "end": 3.307},
        {"word": "morning.", "start": 3.384, "end": 4},
    ]


def test_long_segment_is_cut_as_subtitles_are() -> None:
    transcript = JoinedResults({0: (0, 12_000), 1: (13_000, 14_000)})
    words = (
        Word("Good", 300, 500),
        Word("morning.", 500, 1_000),
        Word("Nothing", 5_900, 6_200),
        Word("is", 6_200, 6_400),
    )
    transcript.take(Final(0, "Good morning. Nothing is lost.", "en", (*words, Word("lost.", 6_400, 7_000))))
    transcript.take(Final(1, "今天的天气很好。", "zh"))
    answer = json.loads(body(transcript, response_format="verbose_json"))
    found = [(one["id"], one["start"], one["end"], one["text"]) for one in answer["segments"]]
    assert found == [
        (0, 0.3, 1.0, "Good morning."),
        (1, 5.9, 7.0, " Nothing is lost."),
        (2, 13.0, 14.0, found[2][3]),
    ]
    assert "".join(one["text"] for one in answer["segments"]) == answer["text"]


@pytest.mark.parametrize(("format", "mark"), [("srt", "00:00:03,000 --> "), ("vtt", "00:00:03.000 --> ")])
def test_subtitles_have_times(transcript: JoinedResults, format: str, mark: str) -> None:
    assert mark in body(transcript, response_format=format)


@pytest.mark.parametrize("format", ["json", "verbose_json"])
def test_answer_reports_a_missing_end(transcript: JoinedResults, format: str) -> None:
    assert "truncated" not in json.loads(body(transcript, response_format=format))
    transcript.truncated = True
    assert json.loads(body(transcript, response_format=format))["truncated"] is True


def test_events_are_server_sent() -> None:
    assert event("transcript.text.delta", delta="x") == b'data: {"type":"transcript.text.delta","delta":"x"}\n\n'
    assert usage(0.0)["seconds"] == 0
