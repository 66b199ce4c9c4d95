"""Test that a segment whose decodes always disagree is decoded for a time that its length bounds."""

from random import Random
from typing import Any

import numpy as np
import pytest

from tests.worker.engines.whisper.stand_ins import GOOD, FakeDecoder, segment_decoder
from worker.engines.whisper.decoder import (
    LONGEST_FRAMES,
    DecodeResult,
    DecodeSettings,
    Features,
    Phrase,
    Samples,
)

SOUND, PAUSE = 80, 22
MARGIN_S = 3


class DisagreeingDecoder(FakeDecoder):
    """Decoder of sounds with pauses that never answers alike: each result lacks or adds something."""

    def __init__(self, seed: int) -> None:
        super().__init__(self.disagree)
        self.chance = Random(seed)

    def features(self, samples: Samples) -> Features:
        frames = np.arange(len(samples) // 160 + LONGEST_FRAMES)
        loud = (frames % (SOUND + PAUSE) < SOUND) & (frames < len(frames) - LONGEST_FRAMES)
        found: Features = np.where(loud, 1.0, -0.5).astype(np.float32)[np.newaxis]
        return found

    def disagree(self, window: tuple[int, int], settings: DecodeSettings) -> DecodeResult:
        chance, seconds = self.chance, window[1] / 100 - MARGIN_S
        first, following = sorted(chance.uniform(0, seconds) for _ in range(2))
        end = chance.choice((seconds, seconds + 4, following))
        letters = [chr(0x4E00 + chance.randrange(3000)) for _ in range(chance.choice((2, 20)))]
        phrases = (Phrase(letters[0], 0.0, first), Phrase("".join(letters[1:]), following, end))
        text, probable = "".join(letters), chance.choice((-0.3, -0.85))
        return GOOD._replace(text=text, phrases=phrases, end_s=end, no_speech=0.1, log_probability=probable)

    def languages(self, encoded: Any) -> list[str]:
        return self.chance.sample(["zh", "en"], 2)

    def words(self, encoded: Any, settings: DecodeSettings, text: str) -> list[tuple[int, float]]:
        last_s = encoded[1] / 100 - MARGIN_S
        return [(place, self.chance.uniform(0, last_s)) for place in range(0, len(text), max(1, len(text) // 5))]


@pytest.mark.parametrize(("seconds", "seed"), [(15, 28), (15, 7), (30, 21), (30, 33)])
def test_decodes_that_disagree_are_bounded_by_the_length_of_the_segment(seconds: int, seed: int) -> None:
    decoder = DisagreeingDecoder(seed)
    segment_decoder(decoder, seconds).decode("zh", "", ("zh", "en"))
    frames = [length for (_, length), _ in decoder.decoded_windows]
    assert len(frames) <= 1.5 * seconds, "without the limit up to 65 in 30 s"
    assert sum(frames) / 100 <= 60 + 6 * seconds, "the limit, and once more what was divided before it"
