"""Answers in Deepgram's shapes; ``tests/end_to_end/apis`` shows them to the official client."""

import json

from backend.dialects.deepgram.answers import file_answer, metadata, results, summary
from backend.dialects.deepgram.requests import ListenRequest
from backend.dialects.transcript import JoinedResults, TranscriptPart
from protocol.recognition import Options, Word
from protocol.session import Final

WORDS = (Word(" Kia", 0, 300), Word(" ora!", 300, 700))


def heard() -> JoinedResults:
    found = JoinedResults({0: (500, 1_500), 1: (2_000, 3_000)})
    found.take(Final(0, "Kia ora!", "mi", WORDS, "whisper-base"))
    found.take(Final(1, "Haere mai.", "mi"))
    return found


def test_words_have_times_and_both_spellings() -> None:
    part = TranscriptPart(500, 1_500, " Kia ora! ", "mi", WORDS)
    message = json.loads(results(part, metadata("r", "m"), final=True))
    (best,) = message["channel"]["alternatives"]
    assert best["transcript"] == "Kia ora!"
    assert [(one["word"], one["punctuated_word"], one["end"]) for one in best["words"]] == [
        ("kia", "Kia", 0.3),
        ("ora", "ora!", 0.7),
    ]
    assert (message["start"], message["duration"], message["is_final"]) == (0.5, 1.0, True)
    assert message["metadata"]["model_info"]["name"] == "m"


def test_empty_text_has_no_words() -> None:
    message = json.loads(results(TranscriptPart(0, 0, ""), metadata("r", ""), final=True, flushed=True))
    assert message["channel"]["alternatives"] == [{"transcript": "", "confidence": 0.0, "words": []}]
    assert message["from_finalize"]


def test_answer_for_a_file_has_the_requested_parts() -> None:
    about = summary("r", "digest", "2026-01-01T00:00:00+00:00", 3.2)
    plain = file_answer(ListenRequest(Options()), heard(), about)
    assert "utterances" not in plain["results"]
    assert plain["metadata"]["models"] == ["whisper-base"]
    (channel,) = plain["results"]["channels"]
    assert channel["alternatives"][0]["transcript"] == "Kia ora! Haere mai."
    assert (channel["detected_language"], "paragraphs" in channel["alternatives"][0]) == ("mi", False)
    more = file_answer(ListenRequest(Options(), utterances=True, paragraphs=True), heard(), about)
    assert [one["transcript"] for one in more["results"]["utterances"]] == ["Kia ora!", "Haere mai."]
    paragraphs = more["results"]["channels"][0]["alternatives"][0]["paragraphs"]
    assert [one["num_words"] for one in paragraphs["paragraphs"]] == [2, 2]
