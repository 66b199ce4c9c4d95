"""Noise of sessions, and its store, readable until segments are settled."""

import hashlib
import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.errors import AudioGone
from loadtest.speakers.noise import LONGEST_S, SHORTEST_S, Noise, PooledAudio

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


async def test_spoken_segment_is_readable_until_settled() -> None:
    utterance = Noise(1).utterance(0, 0, 1_000, random.Random(1))
    spoken = PooledAudio()
    spoken.keep(0, utterance)
    spoken.append(0, utterance.read(0, 100))
    assert await spoken.read(0, 100, 50) == utterance.read(100, 50)
    with pytest.raises(AudioGone):
        await spoken.read(0, 990, 11)
    await spoken.settle(0, None)
    await spoken.settle(0, None)
    with pytest.raises(AudioGone):
        spoken.piece(0, 0, 1)
