"""Decoders of windows that answer as a test says, and note their calls."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from worker.engines.whisper.decoder import LONGEST_FRAMES, DecodeResult, DecodeSettings, Features, Samples
from worker.engines.whisper.segment import SegmentDecoder

GOOD = DecodeResult(" Good.", (1, 2, 3), 1.0, None, -0.2, 0.1)


SECOND = 16_000


class FakeDecoder:
    """Decoder that notes its calls; an encoded window is its first feature and its length, both in frames."""

    known_languages = ("en", "fr", "ja", "zh")

    def __init__(
        self,
        answer: Callable[[tuple[int, int], DecodeSettings], DecodeResult],
        last_word_s: Callable[[str], float] = lambda _: 99.0,
    ) -> None:
        self.answer, self.place = answer, last_word_s
        self.encoded: list[tuple[int, int]] = []
        self.decoded_windows: list[tuple[tuple[int, int], DecodeSettings]] = []

    def features(self, samples: Samples) -> Features:
        return np.arange(len(samples) // 160 + LONGEST_FRAMES, dtype=np.float32)[np.newaxis]

    def encode(self, features: Features) -> Any:
        self.encoded.append((int(features[0, 0]), features.shape[1]))
        return self.encoded[-1]

    def languages(self, encoded: Any) -> list[str]:
        return ["ja", "zh", "fr", "en"]

    def languages_within(self, encoded: Any, parts: Sequence[tuple[int, int]]) -> list[dict[str, float]]:
        return [{} for _ in parts]

    def decode(self, encoded: Any, settings: DecodeSettings) -> DecodeResult:
        self.decoded_windows.append((encoded, settings))
        return self.answer(encoded, settings)

    def text_log_probabilities(self, language: str, texts: Sequence[str]) -> list[float]:
        """Prefer Mandarin full stops, and English texts as they are, without commas."""
        return [20.0 * text.count("。") - 10.0 * text.endswith(".") - text.count(",") for text in texts]

    def gain_over_silence(self, encoded: Any, settings: DecodeSettings, text: str) -> float:
        """Return the gain of a text that was heard."""
        return 4.0

    def words(self, encoded: Any, settings: DecodeSettings, text: str) -> list[tuple[int, float]]:
        return [*((0, float(second)) for second in range(60)), (len(text), self.place(text))]


def segment_decoder(
    decoder: Any, seconds: float, partial: bool = False, *, translates: bool = False
) -> SegmentDecoder:
    """Return a decoder of this much audio."""
    return SegmentDecoder(decoder, np.ones(int(seconds * SECOND), np.float32), partial, translates=translates)


class HummingDecoder(FakeDecoder):
    """Decoder of audio that sounds throughout."""

    def features(self, samples: Samples) -> Features:
        return np.ones((1, len(samples) // 160 + LONGEST_FRAMES), np.float32)


class AnsweringDecoder(HummingDecoder):
    """Decoder of a second of speech that is 16 dB louder than what sounds throughout."""

    def features(self, samples: Samples) -> Features:
        return super().features(samples) + 0.4 * (np.arange(len(samples) // 160 + LONGEST_FRAMES) < 100)


class PausingDecoder(FakeDecoder):
    """Decoder of audio with speech up to 2 s and from 3 s on."""

    def features(self, samples: Samples) -> Features:
        found = super().features(samples) * 0 - 0.5
        found[:, :200] = found[:, 300 : len(samples) // 160] = 1.0
        return found

    def encode(self, features: Features) -> Any:
        self.encoded.append((0 if features[0, 0] > 0 else 280, features.shape[1]))
        return self.encoded[-1]


class SkippingDecoder(FakeDecoder):
    """Decoder of audio with speech up to 2 s, from 3 to 5 s and from 6 s on."""

    def features(self, samples: Samples) -> Features:
        found = super().features(samples) * 0 - 0.5
        for begin, end in ((0, 200), (300, 500), (600, len(samples) // 160)):
            found[:, begin:end] = 1.0
        return found
