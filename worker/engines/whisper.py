"""Whisper through CTranslate2 (faster-whisper): int8 on a CPU, float16 on CUDA. Needs no torch.

Whisper always writes digits and punctuation; ``itn`` and ``punctuation`` have no effect. Decoding is
deterministic: the same samples and options give the same text on the same machine.
"""

import os
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

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
from worker.engines import lacks_memory

_SHORTEST_SAMPLES: Final = SAMPLE_RATE // 20  # 50 ms: no syllable is shorter
_NO_SPEECH: Final = 0.6
"""Measured with the base model: 0.01 to 0.4 for speech, 0.73 and more for silence, noise and tones."""

_PROMPTS: Final = {"zh": "以下是普通话的句子。"}  # without it, Mandarin is often written in traditional characters
_COMPUTE_TYPES: Final = {"cpu": "int8", "cuda": "float16"}

Samples = npt.NDArray[np.float32]


class WhisperEngine:
    """Loaded Whisper model with its recognition."""

    def __init__(self, settings: EngineSettings) -> None:
        """Load the model. Raises ``EngineUnavailable``."""
        try:
            from ctranslate2 import get_cuda_device_count  # type: ignore[import-untyped]  # ships no types
            from faster_whisper import WhisperModel
            from faster_whisper.audio import pad_or_trim
        except ImportError as error:
            raise EngineUnavailable(
                f"the engine whisper needs faster-whisper: run pip install 'kikipounamu[whisper]' ({error})"
            ) from error
        device = _device(settings.device, get_cuda_device_count())
        try:
            self._model: Any = WhisperModel(
                settings.model_folder,
                device=device,
                compute_type=_COMPUTE_TYPES[device],
                cpu_threads=settings.threads or _processors(),
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            if lacks_memory(error):
                raise
            raise EngineUnavailable(f"the model in {settings.model_folder!r} cannot be loaded: {error}") from error
        self._pad = pad_or_trim
        self._encode = self._model.encode
        self._model.encode = self._encode_once
        self._encoded: tuple[Samples, Any] | None = None
        languages = tuple(sorted(self._model.supported_languages))
        self._info = EngineInfo("whisper", settings.model, device, languages)

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
        return self._transcript(samples, language, " ".join(request.options.hotwords))

    def _transcript(self, samples: Samples, language: str, hotwords: str) -> Transcript:
        spoken = self._language(samples) if language == "auto" else language
        segments, _ = self._model.transcribe(
            samples,
            language=spoken,
            beam_size=5,
            temperature=0.0,  # the fallback temperatures sample at random
            condition_on_previous_text=False,
            initial_prompt=_PROMPTS.get(spoken),
            hotwords=hotwords or None,
            no_speech_threshold=None,  # faster-whisper keeps confident hallucinations: filtered below
        )
        text = "".join(segment.text for segment in segments if segment.no_speech_prob <= _NO_SPEECH).strip()
        self._encoded = None
        return Transcript(text, spoken if text else "")

    def _language(self, samples: Samples) -> str:
        """Return the most probable language of the first 30 s."""
        if not self._model.model.is_multilingual:
            return "en"
        features = self._model.feature_extractor(samples)[:, :-1]  # cut like faster-whisper
        encoded = self._model.encode(self._pad(features[:, : self._model.feature_extractor.nb_max_frames]))
        ((token, _), *_others) = self._model.model.detect_language(encoded)[0]
        return str(token).strip("<|>")

    def _encode_once(self, features: Samples) -> Any:
        """Encode features, reusing the last result: language detection and decoding share this costly step."""
        if self._encoded is None or not np.array_equal(self._encoded[0], features):
            self._encoded = (features, self._encode(features))
        return self._encoded[1]


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


def _device(wanted: str, cuda_devices: int) -> str:
    """Choose the device: ``cpu`` or ``cuda``."""
    device = ("cuda" if cuda_devices else "cpu") if wanted == "auto" else wanted
    if device not in _COMPUTE_TYPES:
        raise EngineUnavailable(f"the engine whisper runs on auto, cpu or cuda, not on {wanted!r}")
    if device == "cuda" and not cuda_devices:
        raise EngineUnavailable("no CUDA device found: use --device cpu or auto")
    return device
