"""Segments that simulated speakers end."""

from itertools import pairwise

import pytest

from loadtest.capacity.speech import MEAN_AUDIO_S, TALK, Speakers, spoken
from loadtest.speakers.noise import Noise
from protocol.audio import SAMPLE_RATE


def test_speech_is_that_of_streams_with_the_same_seed() -> None:
    segments = list(spoken(Speakers(1, 60.0, seed=7)))
    assert len(segments) > 5
    now = 0.0
    for segment, (pause_s, utterance) in zip(segments, Noise(7).turns(0), strict=False):
        now += pause_s + utterance.samples / SAMPLE_RATE
        assert segment.at_s == pytest.approx(now)
        assert segment.audio_s == utterance.samples / SAMPLE_RATE


@pytest.mark.parametrize("talk", [0.3, TALK, 1.0])
def test_speakers_speak_the_given_part_of_the_time(talk: float) -> None:
    segments = list(spoken(Speakers(100, 200.0, talk=talk)))
    assert sum(one.audio_s for one in segments) / (100 * 200) == pytest.approx(talk, rel=0.05)
    assert sum(one.audio_s for one in segments) / len(segments) == pytest.approx(MEAN_AUDIO_S, rel=0.05)


def test_segments_of_several_groups_come_in_the_order_of_time() -> None:
    segments = list(spoken(Speakers(5, 20.0, ramp_s=5.0), Speakers(5, 20.0, seed=2, from_s=10.0)))
    assert all(before.at_s <= after.at_s for before, after in pairwise(segments))
    assert max(one.at_s for one in segments) > 30
