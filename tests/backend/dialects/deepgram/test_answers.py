"""Answers in Deepgram's shapes; ``tests/end_to_end/apis`` shows them to the official client."""

import json
from typing import Any

from backend.dialects.deepgram.answers import file_answer, metadata, results, summary
from backend.dialects.deepgram.requests import ListenRequest
from backend.dialects.transcript import JoinedResults, TranscriptPart
from protocol.recognition import Options, Word
from protocol.session import Final

WORDS = (Word(" Kia", 0, 300), Word(" ora!", 300, 700))
ABOUT = summary("r", "digest", "2026-01-01T00:00:00+00:00", 3.2004)


def heard() -> JoinedResults:
    found = JoinedResults({0: (500, 1_500), 1: (2_000, 3_000)})
    found.take(Final(0, "Kia ora!", "mi", WORDS, "whisper-base"))
    found.take(Final(1, "Haere mai.", "mi"))
    return found


def words(start: float, middle: float, end: float) -> list[dict[str, Any]]:
    """Return the words of the first text, with these times."""
    common = {"confidence": 1.0}
    return [
        {"word": "kia", "start": start, "end": middle, "punctuated_word": "Kia"} | common,
        {"word": "ora", "start": middle, "end": end, "punctuated_word": "ora!"} | common,
    ]


def test_text_of_a_segment_has_times_and_words_in_both_spellings() -> None:
    part = TranscriptPart(500, 1_500, " Kia ora! ", "mi", WORDS)
    assert json.loads(results(part, metadata("r", "m"), final=True)) == {
        **{"type": "Results", "channel_index": [0, 1], "start": 0.5, "duration": 1.0},
        **{"is_final": True, "speech_final": True, "from_finalize": False},
        "channel": {"alternatives": [{"transcript": "Kia ora!", "confidence": 1.0, "words": words(0, 0.3, 0.7)}]},
        "metadata": {
            "request_id": "r",
            "model_info": {"name": "m", "version": "unknown", "arch": "m"},
            "model_uuid": "r",
        },
    }


def test_empty_text_has_no_words() -> None:
    message = json.loads(results(TranscriptPart(0, 0, ""), metadata("r", ""), final=True, flushed=True))
    assert message["channel"]["alternatives"] == [{"transcript": "", "confidence": 0.0, "words": []}]
    assert message["from_finalize"] and message["metadata"]["model_info"]["name"] == "unknown"


def test_answer_for_a_file_is_about_the_whole() -> None:
    answer = file_answer(ListenRequest(Options()), heard(), ABOUT)
    assert answer["metadata"] == {
        **{"transaction_key": "deprecated", "request_id": "r", "sha256": "digest", "duration": 3.2, "channels": 1},
        **{"created": "2026-01-01T00:00:00+00:00", "models": ["whisper-base"]},
        "model_info": {"whisper-base": {"name": "whisper-base", "version": "unknown", "arch": "whisper-base"}},
    }
    ((channel,),) = answer["results"].values()
    assert channel["detected_language"] == "mi"
    (best,) = channel["alternatives"]
    assert (set(best), best["transcript"]) == ({"transcript", "confidence", "words"}, "Kia ora! Haere mai.")
    assert best["words"][:2] == words(0.5, 0.8, 1.2) and len(best["words"]) == 4


def test_answer_for_a_file_has_the_requested_parts() -> None:
    answer = file_answer(ListenRequest(Options(), utterances=True, paragraphs=True), heard(), ABOUT)
    first, second = answer["results"]["utterances"]
    times = {"start": 0.5, "end": 1.5}
    assert first == {"id": "0", "channel": 0, "confidence": 1.0, **times, "transcript": "Kia ora!"} | {
        "words": words(0.5, 0.8, 1.2)
    }
    assert (second["id"], second["start"], second["transcript"]) == ("1", 2.0, "Haere mai.")
    paragraphs = answer["results"]["channels"][0]["alternatives"][0]["paragraphs"]
    assert paragraphs["transcript"] == "Kia ora!\n\nHaere mai."
    assert paragraphs["paragraphs"][0] == {
        "sentences": [{"text": "Kia ora!", **times}],
        "num_words": 2,
        **times,
    }
    assert len(paragraphs["paragraphs"]) == 2
