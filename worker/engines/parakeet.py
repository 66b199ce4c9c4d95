"""Parakeet TDT through onnx-asr: 25 European languages with punctuation and letter case. Needs no torch.

The model detects the language by itself; a requested language only limits the accepted results. The catalogue
has its int8 files, which run on the processor.
"""

from importlib import import_module
from typing import Any, Final

from protocol.audio import SAMPLE_RATE
from protocol.engine import EngineInfo, EngineSettings, EngineUnavailable, Transcript
from runtime.installing import extra_command
from worker.engines.batch_engine import Answer, BatchEngine, Family, Recognise
from worker.engines.registry import lacks_memory
from worker.engines.word_times import TimedPiece, timed_words

LANGUAGES: Final = (
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it"),
    *("lt", "lv", "mt", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk"),
)
_FAMILY: Final = Family(LANGUAGES, (), lambda options: {}, Transcript, punctuates=True)
_KIND: Final = "nemo-parakeet-tdt-0.6b-v3"


def create(settings: EngineSettings) -> BatchEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    if not settings.model_folder:
        raise EngineUnavailable("the engine parakeet needs a model: choose one with --model")
    if settings.extra:
        raise EngineUnavailable(f"the engine parakeet has no setting {', '.join(sorted(settings.extra))}")
    if settings.device not in ("auto", "cpu"):
        raise EngineUnavailable(
            f"the engine parakeet runs on auto or cpu, not on {settings.device!r}: its int8 files suit a processor"
        )
    try:
        library, runtime = import_module("onnx_asr"), import_module("onnxruntime")
    except ImportError as error:
        raise EngineUnavailable(
            f"the engine parakeet needs onnx-asr: run {extra_command('parakeet')} ({error})"
        ) from error
    return load(library, runtime, settings)


def load(library: Any, runtime: Any, settings: EngineSettings) -> BatchEngine:
    """Load the model with ``library``, the module ``onnx_asr``, on ``runtime``. Raises ``EngineUnavailable``."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.log_severity_level = 3
    try:
        model = library.load_model(
            _KIND,
            settings.model_folder,
            quantization="int8",
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )
    except Exception as error:  # the exceptions of both libraries have no common base
        if lacks_memory(error):
            raise
        reason = str(error).partition("\n")[0]
        raise EngineUnavailable(f"the model in {settings.model_folder!r} cannot be loaded: {reason}") from error
    return BatchEngine(EngineInfo("parakeet", settings.model, "cpu", LANGUAGES), _FAMILY, recogniser(model))


def recogniser(model: Any) -> Recognise:
    """Return the function that recognises with a model of onnx-asr, one recording after the other."""

    timed = model.with_timestamps()

    def answer(samples: Any) -> Answer:
        said = timed.recognize(samples, sample_rate=SAMPLE_RATE)
        pieces = map(TimedPiece, said.tokens or (), said.timestamps or ())
        return Answer(said.text.strip(), timed_words(pieces, len(samples) / SAMPLE_RATE))

    return lambda recordings, asked: [answer(samples) for samples in recordings]
