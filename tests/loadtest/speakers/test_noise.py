"""Noise for load tests: any part can be read again, and no two segments are equal."""

import hashlib
import random
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from loadtest.speakers.noise import LONGEST_S, SHORTEST_S, Noise

NOISE = Noise(1)


@given(st.integers(1, 40_000), st.integers(0, 40_000), st.integers(0, 40_000))
def test_utterance_parts_match_the_whole(samples: int, offset: int, more: int) -> None:
    utterance = NOISE.utterance(3, 7, samples, random.Random(samples))
    whole = utterance.read(0, samples)
    assert utterance.samples == samples == len(whole) // 2
    assert utterance.read(offset, more) == whole[offset * 2 : (offset + more) * 2]
    assert utterance.digest == hashlib.sha256(whole).hexdigest()[:16]


def test_segments_of_the_same_window_have_different_digests() -> None:
    digests = {
        NOISE.utterance(session, segment, 100, random.Random(0)).digest
        for session in range(20)
        for segment in range(20)
    }
    assert len(digests) == 400


def test_turns_resemble_speech_and_depend_only_on_the_seed() -> None:
    turns = list(islice(NOISE.turns(5), 200))
    assert all(SHORTEST_S <= turn.utterance.samples / 16_000 <= LONGEST_S for turn in turns)
    assert all(0.3 <= turn.pause_s <= 8.0 for turn in turns)
    assert len({turn.pause_s for turn in turns}) > 100
    digests = [turn.utterance.digest for turn in turns]
    assert digests == [turn.utterance.digest for turn in islice(Noise(1).turns(5), 200)]
    assert digests != [turn.utterance.digest for turn in islice(Noise(2).turns(5), 200)]
    assert not set(digests) & {turn.utterance.digest for turn in islice(NOISE.turns(6), 200)}
