"""Whisper through CTranslate2 (faster-whisper): int8 on a CPU, float16 on CUDA. Needs no torch.

Whisper always writes digits and punctuation; ``itn`` and ``punctuation`` have no effect. Decoding is
deterministic: the same samples and options give the same text on the same machine.
"""

import os
from collections.abc import Sequence
from typing import Any, Final

from protocol.engine import DecodeOutcome, DecodeRequest, EngineInfo, EngineSettings, Transcript
from protocol.recognition import Options
from protocol.scripts import is_foreign
from worker.engines.batch_engine import samples_of, without_model
from worker.engines.devices import choose_device
from worker.engines.model_loading import loading, model_folder, needed_library
from worker.engines.whisper.decoder import WhisperDecoder
from worker.engines.whisper.segment import SegmentDecoder, SegmentText

_ONLY_TRANSCRIBE: Final = ("turbo", "distil")  # trained without translations
_COMPUTE_TYPES: Final = {"cpu": "int8", "cuda": "float16"}


class WhisperEngine:
    """Loaded Whisper model with its recognition."""

    def __init__(self, settings: EngineSettings) -> None:
        """Load the model. Raises ``EngineUnavailable``."""
        with needed_library("the engine whisper needs faster-whisper", "whisper"):
            from ctranslate2 import get_cuda_device_count  # type: ignore[import-untyped]  # ships no types
            from faster_whisper import WhisperModel
        device = choose_device("whisper", settings.device, get_cuda_device_count)
        with loading(f"the model in {settings.model_folder!r}", (RuntimeError, ValueError, OSError)):
            model = WhisperModel(
                settings.model_folder,
                **load_options(device),
                cpu_threads=settings.threads or _processors(),
                local_files_only=True,
            )
        self._decoder = WhisperDecoder(model)
        languages = self._decoder.known_languages
        translates = self._decoder.multilingual and not any(name in settings.model for name in _ONLY_TRANSCRIBE)
        self._info = EngineInfo(
            "whisper", settings.model, device, languages, needs_context=True, translates=translates
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
        if (outcome := without_model(request, self._info)) is not None:
            return outcome
        samples = samples_of(request.pcm)
        translates = request.options.task == "translate"
        words = request.options.priority == "bulk" and not translates  # subtitles and word times are for files
        segment = SegmentDecoder(self._decoder, samples, request.partial, translates=translates, times_words=words)
        return _transcript(segment, request.options)


def _transcript(segment: SegmentDecoder, options: Options) -> Transcript:
    """Decode with the first language, and with the next one if the text is in a script that the speaker does not
    use, or if it is doubtful.

    A translation is always in English. If speech is certain, any text is better than none.
    """
    translates = options.task == "translate"
    found: list[SegmentText] = []
    for language in segment.languages(options):
        found.append(segment.decode(language, " ".join(options.hotwords), options.languages))
        foreign = is_foreign(found[-1].text, options.languages)
        if translates or not (foreign or segment.is_doubtful(found[-1], options.languages)):
            break
    spoken = found[0].surely_spoken
    best = max(
        found,
        key=lambda decoded: (
            spoken and bool(decoded.text),
            not is_foreign(decoded.text, options.languages),
            decoded.log_probability,
        ),
    )
    language = "en" if translates else best.language
    return Transcript(best.text, language if best.text else "", best.phrases)


def create(settings: EngineSettings) -> WhisperEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    model_folder("whisper", settings)
    return WhisperEngine(settings)


def _processors() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load_options(device: str) -> dict[str, Any]:
    """Return the arguments of ``WhisperModel`` for ``cpu`` or ``cuda:N``."""
    kind, _, number = device.partition(":")
    return {"device": kind, "device_index": int(number or 0), "compute_type": _COMPUTE_TYPES[kind]}
