"""Whisper through CTranslate2 (faster-whisper): int8 on a CPU, float16 on CUDA. Needs no torch.

Whisper always writes digits and punctuation; ``itn`` and ``punctuation`` have no effect. Decoding is
deterministic: the same samples and options give the same text on the same machine.
"""

import os
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE
from protocol.engine import (
    DecodeFailure,
    DecodeOutcome,
    DecodeRequest,
    EngineInfo,
    EngineSettings,
    EngineUnavailable,
    Transcript,
)
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.scripts import foreign
from runtime.installing import extra_command
from worker.engines.devices import choose_device
from worker.engines.registry import lacks_memory
from worker.engines.whisper.reader import Samples, WhisperReader
from worker.engines.whisper.segment import Passage, SegmentDecoder

_SHORTEST_SAMPLES: Final = SAMPLE_RATE // 20  # 50 ms: no syllable is shorter
_ONLY_TRANSCRIBE: Final = ("turbo", "distil")  # trained without translations
_COMPUTE_TYPES: Final = {"cpu": "int8", "cuda": "float16"}


class WhisperEngine:
    """Loaded Whisper model with its recognition."""

    def __init__(self, settings: EngineSettings) -> None:
        """Load the model. Raises ``EngineUnavailable``."""
        try:
            from ctranslate2 import get_cuda_device_count  # type: ignore[import-untyped]  # ships no types
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise EngineUnavailable(
                f"the engine whisper needs faster-whisper: run {extra_command('whisper')} ({error})"
            ) from error
        device = choose_device("whisper", settings.device, get_cuda_device_count)
        try:
            model = WhisperModel(
                settings.model_folder,
                **load_options(device),
                cpu_threads=settings.threads or _processors(),
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            if lacks_memory(error):
                raise
            raise EngineUnavailable(f"the model in {settings.model_folder!r} cannot be loaded: {error}") from error
        self._reader = WhisperReader(model)
        translates = self._reader.multilingual and not any(name in settings.model for name in _ONLY_TRANSCRIBE)
        self._info = EngineInfo(
            "whisper", settings.model, device, self._reader.known, needs_context=True, translates=translates
        )

    def info(self) -> EngineInfo:
        """Describe the loaded model."""
        return self._info

    def decode(self, batch: Sequence[DecodeRequest]) -> Sequence[DecodeOutcome]:
        """Recognise the requests one after the other."""
        return [self._one(request) for request in batch]

    def close(self) -> None:
        """Do nothing: the process ends after this call."""

    def _one(self, request: DecodeRequest) -> DecodeOutcome:
        language = request.options.language
        if language not in ("auto", *self._info.languages):
            return DecodeFailure(ErrorCode.UNSUPPORTED, f"Whisper knows no language {language!r}")
        if len(request.pcm) % BYTES_PER_SAMPLE:
            return DecodeFailure(ErrorCode.AUDIO_INVALID, "the audio ends within a sample")
        samples: Samples = np.frombuffer(request.pcm, "<i2").astype(np.float32) / np.float32(32_768)
        if len(samples) < _SHORTEST_SAMPLES or not samples.any():
            return Transcript("")
        translates = request.options.task == "translate"
        words = request.options.priority == "bulk" and not translates  # subtitles and word times are for files
        segment = SegmentDecoder(self._reader, samples, request.partial, translates=translates, times_words=words)
        return _transcript(segment, request.options)


def _transcript(segment: SegmentDecoder, options: Options) -> Transcript:
    """Decode with the language; with the next one too if the text is in a script that the speaker does not use,
    or improbable where the next one is likelier.

    A translation is in English from whatever language.
    """
    translates = options.task == "translate"
    found: list[Passage] = []
    for language in segment.languages(options):
        found.append(segment.decode(language, " ".join(options.hotwords), options.languages))
        doubted = foreign(found[-1].text, options.languages) or segment.doubts(found[-1], options.languages)
        if translates or not doubted:
            break
    best = max(found, key=lambda passage: (not foreign(passage.text, options.languages), passage.log_probability))
    language = "en" if translates else best.language
    return Transcript(best.text, language if best.text else "", best.phrases)


def create(settings: EngineSettings) -> WhisperEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    if not settings.model_folder:
        raise EngineUnavailable("the engine whisper needs a model: choose one with --model")
    if settings.extra:
        raise EngineUnavailable(f"the engine whisper has no setting {', '.join(sorted(settings.extra))}")
    return WhisperEngine(settings)


def _processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_options(device: str) -> dict[str, Any]:
    """Return the arguments of ``WhisperModel`` for ``cpu`` or ``cuda:N``."""
    kind, _, number = device.partition(":")
    return {"device": kind, "device_index": int(number or 0), "compute_type": _COMPUTE_TYPES[kind]}
