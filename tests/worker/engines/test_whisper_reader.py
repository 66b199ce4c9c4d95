"""Test which tokens of a window are finished phrases."""

import pytest

from worker.engines.whisper_reader import finished

TEXT = -1.0


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize(
    "times",
    [
        [],
        [0.0, TEXT, 4.0],
        [0.0, TEXT, 2.0, 2.0, TEXT, 4.0],
        [0.0, TEXT],
        [TEXT, TEXT],
        [0.0, 0.0, TEXT, 1.0],
        [0.0, TEXT, 0.5, 0.5],
    ],
)
def test_window_is_finished_when_its_last_phrase_has_an_end(times: list[float], goes_on: bool) -> None:
    assert finished(times, goes_on) == (len(times), None)


def test_phrase_without_end_is_read_again_only_if_audio_follows() -> None:
    times = [0.0, TEXT, 2.0, 2.0, TEXT]
    assert finished(times, True) == (3, 2.0)
    assert finished(times, False) == (5, None)


@pytest.mark.parametrize("goes_on", [True, False])
def test_reading_goes_on_where_whisper_announced_another_phrase(goes_on: bool) -> None:
    assert finished([0.0, TEXT, 2.0, 2.2, TEXT, 4.0, 4.0], goes_on) == (6, 4.0)


def test_phrase_that_would_not_advance_is_not_read_again() -> None:
    assert finished([0.0, TEXT, 0.98, 0.98], True) == (4, None)
