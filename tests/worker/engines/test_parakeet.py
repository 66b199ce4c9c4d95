"""Parakeet engine: what it passes to onnx-asr and what it makes of the answers, with a fake of that library."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from protocol.engine import DecodeFailure, DecodeRequest, EngineSettings, EngineUnavailable, Transcript
from protocol.errors import ErrorCode
from protocol.recognition import Options, Word
from speech.models.catalogue import load_catalogue
from worker.engines.parakeet import LANGUAGES, create, load

SETTINGS = EngineSettings("parakeet", "parakeet-tdt-0.6b-v3-int8", "/models/parakeet", threads=2)
SECOND = np.full(16_000, 1_000, "<i2").tobytes()


class Library:
    """Fake of the module ``onnx_asr``; its model answers with the length of the samples."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.loaded: list[tuple[str, str, Mapping[str, Any]]] = []
        self.rates: list[int] = []

    def load_model(self, kind: str, folder: str, **options: Any) -> "Library":
        if self.error:
            raise self.error
        self.loaded.append((kind, folder, options))
        return self

    def with_timestamps(self) -> "Library":
        return self

    def recognize(self, samples: Any, sample_rate: int) -> SimpleNamespace:
        self.rates.append(sample_rate)
        tokens = [f" {len(samples)}", " samp", "les", f" up to {samples.max():.3f}", "."]
        return SimpleNamespace(text="".join(tokens), tokens=tokens, timestamps=[0.0, 0.24, 0.4, 0.56, 0.96])


RUNTIME = SimpleNamespace(SessionOptions=SimpleNamespace)


def test_model_is_loaded_from_its_folder_on_the_processor() -> None:
    library = Library()
    info = load(library, RUNTIME, SETTINGS).info()
    ((_, folder, options),) = library.loaded
    assert folder == "/models/parakeet" and options["quantization"] == "int8"
    assert options["providers"] == ["CPUExecutionProvider"] and options["sess_options"].intra_op_num_threads == 2
    assert (info.engine, info.model, info.device, info.slots) == ("parakeet", SETTINGS.model, "cpu", 1)
    assert info.languages == LANGUAGES == load_catalogue().model(SETTINGS.model).languages


def test_requests_are_recognised_one_by_one_and_bad_ones_are_refused() -> None:
    library = Library()
    engine = load(library, RUNTIME, SETTINGS)
    outcomes = engine.decode(
        [
            DecodeRequest(SECOND, Options(language="de")),
            DecodeRequest(SECOND, Options(language="zh")),
            DecodeRequest(SECOND * 2),
            DecodeRequest(bytes(32_000)),
            DecodeRequest(SECOND + b"\0"),
        ]
    )
    words = (Word("16000", 0, 240), Word("samples", 240, 560), Word("up to 0.031", 560, 860))
    assert outcomes[0] == Transcript("16000 samples up to 0.031.", words=words)
    assert isinstance(outcomes[1], DecodeFailure) and outcomes[1].code is ErrorCode.UNSUPPORTED
    assert isinstance(outcomes[2], Transcript) and outcomes[2].text == "32000 samples up to 0.031."
    assert outcomes[3] == Transcript("")
    assert isinstance(outcomes[4], DecodeFailure) and outcomes[4].code is ErrorCode.AUDIO_INVALID
    assert library.rates == [16_000, 16_000]


def test_damaged_model_is_unavailable_and_lack_of_memory_is_raised() -> None:
    with pytest.raises(EngineUnavailable, match="the model in '/models/parakeet' cannot be loaded: no encoder$"):
        load(Library(FileNotFoundError("no encoder\nsecond line")), RUNTIME, SETTINGS)
    with pytest.raises(MemoryError):
        load(Library(MemoryError()), RUNTIME, SETTINGS)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (EngineSettings("parakeet"), "choose one with --model"),
        (EngineSettings("parakeet", "m", "/m", extra={"beam": "1"}), "has no setting beam"),
        (EngineSettings("parakeet", "m", "/m", device="cuda:0"), "runs on auto or cpu, not on 'cuda:0'"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_imported(settings: EngineSettings, reason: str) -> None:
    with pytest.raises(EngineUnavailable, match=reason):
        create(settings)
