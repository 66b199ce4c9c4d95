"""Faults name their place; a very long list of faults is shortened."""

from app.journal.lines import Fault, audio_ends_early, audio_goes_on, fault_sentences


def test_fault_names_file_and_line() -> None:
    assert (
        str(Fault("events.jsonl", "the line cannot be read", 3)) == "events.jsonl, line 3: the line cannot be read"
    )
    assert Fault("audio.pcm16", "it is a folder, not a file").place == "audio.pcm16"


def test_audio_fault_names_actual_and_expected_size() -> None:
    assert str(audio_ends_early(10, 20)).endswith("ends at byte 10, but 20 bytes were recorded")
    assert str(audio_goes_on(30, 20)).endswith("has 30 bytes, but only 20 were recorded")


def test_long_list_of_faults_ends_with_a_count() -> None:
    faults = tuple(Fault("events.jsonl", "the line cannot be read", line) for line in range(1, 31))
    assert len(fault_sentences(faults)) == 21 and fault_sentences(faults)[-1] == "and 10 more"
    assert fault_sentences(faults[:21])[-1] == "and 1 more"
    assert len(fault_sentences(faults[:20])) == 20
