"""Test the texts of an app whose second passes are never late."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.fidelity.in_time import texts
from protocol.audio import SAMPLE_RATE
from protocol.texts import TimedText
from speech.packing import AudioSpan
from tests.helpers.recordings import samples_of, synthetic

FIRST, SECOND = (samples_of(recording.path) for recording in synthetic()[:2])


@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize(("whole", "wanted"), [("one and two", ["one and two"]), ("", ["one", "two"])])
def test_text_of_a_span_is_reported_instead_of_its_pieces_unless_it_says_less(
    models: Path, hold: bool, whole: str, wanted: list[str]
) -> None:
    pause = np.zeros(SAMPLE_RATE, np.int16)
    parts: list[AudioSpan] = []

    def decoded(part: AudioSpan) -> TimedText:
        parts.append(part)
        return TimedText(("one", "two", whole)[len(parts) - 1])

    found = texts(np.concatenate((FIRST, pause, SECOND)), decoded, hold=hold, vad=models / "fsmn-vad")
    assert [one.text for one in found] == wanted
    first, second, span = parts
    assert (span.begin, span.end) == (first.begin, second.end) and first.end < second.begin + SAMPLE_RATE
