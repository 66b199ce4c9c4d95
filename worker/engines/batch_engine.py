"""Engine on a model that recognises several recordings per call: which of them share a call, and which need none.

Models differ in a ``Family`` and in the function that runs them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.engine import DecodeFailure, DecodeOutcome, DecodeRequest, EngineInfo, Transcript
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from worker.engines.rich_text import PARAFORMER_LANGUAGES, SENSEVOICE_LANGUAGES, read_plain, read_rich

SLOTS: Final = {"cpu": 4, "cuda": 16}
_SHORTEST_SAMPLES: Final = SAMPLE_RATE // 20  # 50 ms: no syllable is shorter. FunASR raises under 257 samples

Samples: TypeAlias = npt.NDArray[np.float32]
Asked: TypeAlias = dict[str, str | bool]
Punctuate: TypeAlias = Callable[[str], str]


class Answer(NamedTuple):
    """Answer of a model for one recording, with its words if the model gives their times."""

    text: str
    words: tuple[Word, ...] = ()


Recognise: TypeAlias = Callable[[Sequence[Any], Asked], Sequence[Answer]]


@dataclass(frozen=True)
class Family:
    """Family of models: how to ask it, and how to read its answer. ``shared``: options that ``asked`` reads."""

    languages: tuple[str, ...]
    shared: tuple[str, ...]
    asked: Callable[[Options], Asked]
    read: Callable[[str], Transcript]
    punctuates: bool


SENSEVOICE: Final = Family(
    SENSEVOICE_LANGUAGES,
    ("language", "itn"),
    lambda options: {"language": options.language, "use_itn": options.itn},
    read_rich,
    punctuates=True,
)
PARAFORMER: Final = Family(PARAFORMER_LANGUAGES, (), lambda options: {}, read_plain, punctuates=False)


class BatchEngine:
    """Loaded model. ``recognise`` returns one answer per recording, with the same options for all."""

    def __init__(
        self, info: EngineInfo, family: Family, recognise: Recognise, punctuate: Punctuate | None = None
    ) -> None:
        self._info = info
        self._family = family
        self._recognise = recognise
        self._punctuate = punctuate

    def info(self) -> EngineInfo:
        """Describe the loaded model."""
        return self._info

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Recognise a batch. Requests with equal options and similar length share a call of the model."""
        outcomes = [without_model(request, self._info) for request in batch]
        asked = [self._family.asked(request.options) for request in batch]
        lengths = [len(request.pcm) if outcomes[place] is None else 0 for place, request in enumerate(batch)]
        for places in calls(lengths, asked):
            answers = self._recognise([samples_of(batch[place].pcm) for place in places], asked[places[0]])
            for place, answer in zip(places, answers, strict=True):
                outcomes[place] = self._transcript(answer, batch[place].options)
        return [outcome for outcome in outcomes if outcome is not None]

    def close(self) -> None:
        """Do nothing: the process ends after this call."""

    def _transcript(self, answer: Answer, options: Options) -> Transcript:
        transcript = self._family.read(answer.text)
        if not transcript.text:
            return transcript
        adds = self._punctuate if options.punctuation else None
        text = adds(transcript.text) if adds else transcript.text
        return msgspec.structs.replace(transcript, text=text, words=answer.words)


def without_model(request: DecodeRequest, info: EngineInfo) -> DecodeOutcome | None:
    """Return the outcome of a request that must not reach the model; ``None`` for all others."""
    language = request.options.language
    if language not in ("auto", *info.languages):
        return DecodeFailure(ErrorCode.UNSUPPORTED, f"{info.model} knows no language {language!r}")
    if len(request.pcm) % BYTES_PER_SAMPLE:
        return DecodeFailure(ErrorCode.AUDIO_INVALID, "the audio ends within a sample")
    if len(request.pcm) < _SHORTEST_SAMPLES * BYTES_PER_SAMPLE or not request.pcm.strip(b"\0"):
        return Transcript("")
    return None


def calls(lengths: Sequence[int], asked: Sequence[Asked]) -> list[list[int]]:
    """Group requests that can share a call: equal options, and at least half as long as the longest. 0: no call.

    A call is padded to its longest recording. Without the second rule, one long segment would make every short one
    as expensive as itself.
    """
    together: list[list[int]] = []
    for place in sorted(filter(lengths.__getitem__, range(len(lengths))), key=lambda place: -lengths[place]):
        for call in together:
            if asked[call[0]] == asked[place] and lengths[call[0]] <= 2 * lengths[place]:
                call.append(place)
                break
        else:
            together.append([place])
    return together


def samples_of(pcm: bytes) -> Samples:
    """Convert PCM to -1..1. FunASR accepts int16 as well, but then overflows silently."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768)
