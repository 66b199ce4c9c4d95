"""Parakeet TDT through onnx-asr: 25 European languages with punctuation and letter case. Needs no torch.

The model detects the language by itself; a requested language only limits the accepted results. The catalogue
has its int8 files, which run on the processor.
"""

from importlib import import_module
from typing import Any, Final

from protocol.audio import SAMPLE_RATE
from protocol.engine import EngineInfo, EngineSettings, Transcript
from worker.engines.batch_engine import Answer, BatchEngine, Family, Recognise
from worker.engines.model_loading import loading, model_folder, needed_library
from worker.engines.word_times import TimedPiece, timed_words

LANGUAGES: Final = (
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it"),
    *("lt", "lv", "mt", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk"),
)
_FAMILY: Final = Family(LANGUAGES, (), lambda options: {}, Transcript, punctuates=True)
_KIND: Final = "nemo-parakeet-tdt-0.6b-v3"


def create(settings: EngineSettings) -> BatchEngine:
    """Create the engine (entry point). Raises ``EngineUnavailable``."""
    model_folder("parakeet", settings)
    with needed_library("the engine parakeet needs onnx-asr", "parakeet"):
        library, runtime = import_module("onnx_asr"), import_module("onnxruntime")
    return load(library, runtime, settings)


def load(library: Any, runtime: Any, settings: EngineSettings) -> BatchEngine:
    """Load the model with ``library``, the module ``onnx_asr``, on ``runtime``. Raises ``EngineUnavailable``."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.log_severity_level = 3
    with loading(f"the model in {settings.model_folder!r}"):
        model = library.load_model(
            _KIND,
            settings.model_folder,
            quantization="int8",
            sess_options=options,
            providers=["CPUExecutionProvider"],
        )
    return BatchEngine(EngineInfo("parakeet", settings.model, "cpu", LANGUAGES), _FAMILY, recogniser(model))


def recogniser(model: Any) -> Recognise:
    """Return the function that recognises with a model of onnx-asr, one recording after the other."""

    timed = model.with_timestamps()

    def answer(samples: Any) -> Answer:
        said = timed.recognize(samples, sample_rate=SAMPLE_RATE)
        pieces = map(TimedPiece, said.tokens or (), said.timestamps or ())
        return Answer(said.text.strip(), timed_words(pieces, len(samples) / SAMPLE_RATE))

    return lambda recordings, asked: [answer(samples) for samples in recordings]
