"""Test the recording of an hour, and the figures of its transcripts."""

import numpy as np

from app.core.transcript import RecordingTranscript, TranscriptSegment
from benchmarks.fidelity.items import Item
from benchmarks.hour import Recording, Utterance, figures, placed, recorded
from protocol.audio import SAMPLE_RATE

SOUND = np.full(2 * SAMPLE_RATE, 3_000, np.int16)
SAID = [
    Utterance(0, "en", "one two three four", 0, 32_000),
    Utterance(0, "en", "five six seven eight", 32_000, 64_000),
    Utterance(1, "zh", "你好世界", 128_000, 160_000),
]


def piece(index: int, start_ms: int, end_ms: int, text: str) -> TranscriptSegment:
    """Return a recognised piece."""
    return TranscriptSegment(index, start_ms, end_ms, text)


def test_recording_changes_language_with_each_turn_and_repeats_when_it_must() -> None:
    english = [Item(name, "en", name, (), SOUND) for name in ("one", "two")]
    spoken = recorded({"en": english, "zh": [Item("three", "zh", "三", (), SOUND)]}, seconds=60, turn_s=30)
    texts = [(one.turn, one.text) for one in spoken.utterances]
    assert texts[:3] == [(0, "one"), (0, "two"), (0, "one")] and texts[-1] == (1, "三")
    for one in spoken.utterances:
        assert np.array_equal(spoken.samples[one.begin : one.end], SOUND)
    turns = [one for one in spoken.utterances if one.turn == 1]
    before = max(one.end for one in spoken.utterances if one.turn == 0)
    assert turns[0].begin >= before + 3 * SAMPLE_RATE
    assert 60 <= len(spoken.samples) / SAMPLE_RATE < 72


def test_utterance_is_in_its_place_if_it_was_recognised_once_and_in_order() -> None:
    heard = [piece(0, 0, 4_000, "One two free four five six seven eight."), piece(1, 8_000, 10_000, "你好世界")]
    assert [(one.errors, one.in_place) for one in placed(SAID, heard)] == [(1, True), (0, True), (0, True)]
    turned = [piece(0, 0, 4_000, "Five six seven eight. One two three four."), heard[1]]
    assert [one.in_place for one in placed(SAID, turned)] == [False, False, True]
    twice = [piece(0, 0, 4_000, "One two three four. Five six seven eight. Five six seven eight.")]
    assert [one.in_place for one in placed(SAID, twice)].count(True) == 1


def test_two_words_written_as_one_are_no_error_unless_both_were_said() -> None:
    river = Utterance(0, "en", "into the river bank", 0, 32_000)
    (one,) = placed([river], [piece(0, 0, 2_000, "Into the riverbank.")])
    assert one.errors == 0
    (one,) = placed([river._replace(text="in to the into")], [piece(0, 0, 2_000, "In to the into.")])
    assert one.errors == 0
    (one,) = placed([river], [piece(0, 0, 2_000, "In to the riverboat.")])
    assert one.errors == 4


def test_figures_report_speech_in_no_piece_and_in_two() -> None:
    samples = np.zeros(160_000, np.int16)
    for one in SAID:
        samples[one.begin : one.end] = 3_000
    heard = (
        piece(0, 0, 2_000, "one two three four"),
        piece(1, 1_500, 4_000, "five six seven eight"),
        piece(2, 9_000, 10_000, "世界"),
    )
    found = figures(Recording(samples, SAID), RecordingTranscript(heard, 10_000))
    assert (found["in_no_piece_s"], found["in_several_s"], found["out_of_order"]) == (1.0, 0.5, 0)
    assert (found["in_place"], found["errors_en"], found["errors_zh"]) == (
        "3 of 3",
        "0 of 8 (0.0%)",
        "2 of 4 (50.0%)",
    )
