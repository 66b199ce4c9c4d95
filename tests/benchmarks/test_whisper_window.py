"""Test the figures of two versions of Whisper."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import whisper_window
from benchmarks.fidelity.items import Item
from benchmarks.fidelity.reference import Decoded
from benchmarks.whisper_window import Pair, decoded, figures, read, rows_of


def pair(text: str, before: str, after: str) -> Pair:
    """Return the decodes of a recording, the second in a quarter of the time."""
    item = Item("i", "en", text, (), np.zeros(1, np.int16))
    return Pair(item, Decoded(before, "en", 1.2), Decoded(after, "en", 0.3))


def test_figures_compare_time_and_errors_of_both_versions() -> None:
    pairs = [pair("one two", "one two", "one too"), pair("three four", "tree for", "three four")]
    assert figures("en", pairs) == {
        "language": "en",
        "recordings": 2,
        "before_ms": 1200,
        "after_ms": 300,
        "ratio": 0.25,
        "ratio_p95": 0.25,
        "errors_before_%": 50.0,
        "errors_after_%": 25.0,
        "difference_at_most": 50.0,
    }


def test_recordings_that_were_loops_before_are_also_left_out() -> None:
    clean, loop = pair("one two", "one two", "one too"), pair("three four", "four " * 40, "three four")
    both, without = rows_of("en", [clean, loop])
    assert (both["recordings"], both["errors_before_%"], both["errors_after_%"]) == (2, 975.0, 25.0)
    assert without == figures("en without loops before", [clean])
    assert list(rows_of("en", [clean])) == [figures("en", [clean])]


class FakeDecoder:
    """Decoder that hears what was said and counts the decodes."""

    asked: list[str]

    def __init__(self, checkout: Path, models: Path, threads: int) -> None:
        """Count no decode yet."""
        self.asked = []

    def __call__(self, item: Item, language: str) -> Decoded:
        """Return the spoken text."""
        self.asked.append(item.name)
        return Decoded(item.text, language, 0.5)

    def close(self) -> None:
        """End no process, as there is none."""


def test_decodes_are_kept_and_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper_window, "Decoder", FakeDecoder)
    spoken = [Item(name, "en", f"text {name}", (), np.zeros(1, np.int16)) for name in ("a", "b")]
    texts = tmp_path / "texts.tsv"
    made = list(decoded(spoken, tmp_path, tmp_path, texts))
    assert [one.after for one in made] == [Decoded("text a", "en", 0.5), Decoded("text b", "en", 0.5)]
    assert list(read(texts, spoken)) == made
    assert [one.item.name for one in read(texts, spoken[1:])] == ["b"]
    assert list(read(tmp_path / "none", spoken)) == []
