"""Test that the app without windows dictates with the keys and the inserter of a measurement."""

from pathlib import Path

import numpy as np
import pytest

from app.local_services.local_worker import LocalWorkerSettings
from app.models.engines import VAD_MODEL
from app.own_recognition import WorkerOptions
from benchmarks.fidelity.dictating_app import running_app
from protocol.audio import SAMPLE_RATE
from tests.helpers.recordings import samples_of, synthetic

CHECKSUM = WorkerOptions(LocalWorkerSettings((VAD_MODEL,), ("--engine", "checksum")))
SECTIONS = {"hotkeys": 'mode = "hold"', "recognition": "partials = false"}


async def test_text_of_a_recording_reaches_the_inserter_after_the_key(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KIKIPOUNAMU_HOME", "XDG_CONFIG_HOME", "PYTHONPATH"):  # which the app's start replaces
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    spoken = np.concatenate((samples_of(synthetic()[0].path), np.zeros(SAMPLE_RATE, np.int16)))
    async with running_app(tmp_path, SECTIONS, 4.0, CHECKSUM) as app:
        dictated = await app.dictate(spoken, hold=True)
    assert (dictated.pieces, dictated.held, dictated.segments) == (1, 0, 1)
    assert dictated.text and dictated.after_ms is not None
