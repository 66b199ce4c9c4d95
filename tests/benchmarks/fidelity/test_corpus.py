"""Test the sentences of the measurement and the assembly of their recordings."""

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fidelity.corpus import Sentence, assembled, build, part_lines, read, seed_of, split, trimmed
from benchmarks.fidelity.items import items
from speech.level import levels_of
from tests.helpers.recordings import samples_of, synthetic

SENTENCES = ("held-out", "tuning")


def sentence(marked: str, language: str = "zh") -> Sentence:
    return Sentence("one", "tuning", language, "voice", "1.0", marked)


def test_corpus_has_half_of_each_language_and_of_each_set() -> None:
    spoken = [one for one in read() if one.set in SENTENCES]
    for language in ("zh", "en"):
        for chosen in SENTENCES:
            assert sum((one.language, one.set) == (language, chosen) for one in spoken) == 60
    assert len({one.name for one in read()}) == len(read()) == 792
    assert len({one.text for one in spoken}) == 240


def test_about_half_of_the_sentences_have_pauses_of_300_to_1500_ms() -> None:
    marks = [re.findall(r"\[([0-9.]+)\]", one.marked) for one in read() if one.set in SENTENCES]
    assert 0.4 < sum(map(bool, marks)) / len(marks) < 0.6
    assert all(0.3 <= float(mark) <= 1.5 for found in marks for mark in found)


def test_pairs_have_a_pause_between_their_sentences() -> None:
    pairs = [one for one in read() if one.set.startswith("pairs-")]
    assert len(pairs) == 462 and {one.language for one in pairs} == {"en", "zh"}
    assert all(re.search(r"[.?。？] ?\[", one.marked) for one in pairs)


def test_parts_before_a_pause_end_with_a_comma() -> None:
    parts = sentence("我想[0.5]回家，[1.2]现在。").parts
    assert [(part.text, part.pause_s) for part in parts] == [("我想，", 0.5), ("回家，", 1.2), ("现在。", 0.0)]


def test_english_word_is_a_part_of_the_english_voice() -> None:
    one = sentence("开个<meeting>，[0.8]讨论。")
    assert one.text == "开个meeting，讨论。" and one.pauses == ["开个meeting，"]
    assert [(part.language, part.pause_s) for part in one.parts] == [("zh", 0.08), ("en", 0.8), ("zh", 0.0)]
    assert [line.split("\t")[3] for line in part_lines([one])] == ["voice", "joe", "voice"]


def test_each_part_may_be_a_separate_recording(tmp_path: Path) -> None:
    spoken = synthetic()[0].path
    for part in (said := sentence("开个<meeting>，[0.8]讨论。")).parts:
        (tmp_path / f"{part.name}.wav").write_bytes(spoken.read_bytes())
    build(tmp_path, tmp_path / "audio", split([said]))
    made = items(tmp_path / "audio", "parts")
    assert [(one.name, one.language, one.text) for one in made] == [
        ("one.0", "zh", "开个，"),
        ("one.1", "en", "meeting,"),
        ("one.4", "zh", "讨论。"),
    ]
    alone = assembled([(samples_of(spoken), 0.0)], seed_of("one.0"))
    assert np.array_equal(made[0].samples, alone)


def test_text_of_english_sentence_has_single_spaces() -> None:
    one = sentence("To be honest, [0.4] I do not [0.6] know.", "en")
    assert one.text == "To be honest, I do not know."
    assert one.pauses == ["To be honest,", "To be honest, I do not"]


@pytest.mark.parametrize("pause_s", [0.3, 1.5])
def test_assembled_recording_has_the_pause_filled_with_the_noise_of_a_room(pause_s: float) -> None:
    part = samples_of(synthetic()[0].path)
    made = assembled([(part, pause_s), (part, 0.0)], seed_of("one"))
    assert np.array_equal(made, assembled([(part, pause_s), (part, 0.0)], seed_of("one")))
    loud = np.flatnonzero(levels_of(made) > -45)
    pause = made[len(made) // 2 - 800 : len(made) // 2 + 800]
    assert 0 < np.abs(pause).max() < 200
    gaps = np.diff(loud) / 100
    assert any(abs(gap - pause_s - 0.06) < 0.05 for gap in gaps)


def test_trimmed_part_has_30_ms_around_its_speech() -> None:
    levels = levels_of(trimmed(samples_of(synthetic()[0].path)))
    loud = np.flatnonzero(levels > -45)
    assert (loud[0], loud[-1]) == (3, len(levels) - 4)


def test_folder_without_recordings_ends_with_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"has no transcripts\.tsv: .*fidelity\.corpus build"):
        items(tmp_path, "tuning")
