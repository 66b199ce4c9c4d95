"""Store of spoken segments, readable until they are settled."""

import random

import pytest

from client.errors import AudioGone
from loadtest.speakers.noise import Noise
from loadtest.speakers.spoken import PooledAudio


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
