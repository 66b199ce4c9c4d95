"""Choice of file and device, on a fake ONNX Runtime. Nothing here ran on a real GPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from protocol.engine import EngineSettings, EngineUnavailable
from tests.worker.engines.onnx_runtime import (
    CPU,
    CUDA,
    SENSEVOICE_INPUTS,
    FakeRuntime,
    FakeSession,
    lengths_as_ids,
)
from worker.engines.onnx_session import FILES, OpenedModel, open_model


def folder_with(tmp_path: Path, *precisions: str) -> Path:
    """Return a model folder with files of these precisions."""
    for precision in precisions:
        (tmp_path / FILES[precision]).touch()
    return tmp_path


def opened(
    folder: Path,
    device: str,
    available: Sequence[str] = (CPU,),
    used: str = CPU,
    precision: str = "",
    gpu_memory_mb: int = 0,
) -> tuple[OpenedModel, Any]:
    """Open the model; return it and the providers that ONNX Runtime was given."""
    runtime = FakeRuntime(FakeSession(lengths_as_ids, (used,)), available)
    extra = {"precision": precision} if precision else {}
    settings = EngineSettings("sensevoice-onnx", "m", str(folder), device, 2, extra, gpu_memory_mb)
    return open_model(runtime, folder, settings, SENSEVOICE_INPUTS), runtime.opened[0]


@pytest.mark.parametrize(
    ("present", "device", "wanted", "precision"),
    [
        (("int8", "fp32"), "cpu", "", "int8"),
        (("fp16", "fp32"), "cpu", "", "fp32"),
        (("fp16",), "cpu", "", "fp16"),
        (("int8", "fp32"), "cpu", "fp32", "fp32"),
        (("int8", "fp16", "fp32"), "cuda", "", "fp16"),
        (("int8", "fp32"), "cuda:1", "", "fp32"),
        (("fp16", "fp32"), "cuda:1", "fp32", "fp32"),
    ],
)
def test_precision_suits_the_device(
    tmp_path: Path, present: Sequence[str], device: str, wanted: str, precision: str
) -> None:
    used = CPU if device == "cpu" else CUDA
    model, (path, _) = opened(folder_with(tmp_path, *present), device, (CUDA, CPU), used, wanted)
    assert model.precision == precision and path == str(tmp_path / FILES[precision])


@pytest.mark.parametrize(("present", "wanted"), [(("int8",), ""), (("int8", "fp32"), "int8")])
def test_int8_is_refused_on_cuda_with_the_reason(tmp_path: Path, present: Sequence[str], wanted: str) -> None:
    with pytest.raises(EngineUnavailable, match="int8 is slower than fp16 on CUDA.*models export --fp16"):
        opened(folder_with(tmp_path, *present), "cuda", (CUDA, CPU), CUDA, wanted)


def test_cuda_device_and_memory_limit_reach_the_provider(tmp_path: Path) -> None:
    model, (_, providers) = opened(folder_with(tmp_path, "fp16"), "cuda:3", (CUDA, CPU), CUDA, "", 2048)
    assert model.device == "cuda:3"
    assert providers == [
        (CUDA, {"device_id": 3, "arena_extend_strategy": "kSameAsRequested", "gpu_mem_limit": 2 << 30}),
        CPU,
    ]
    assert opened(folder_with(tmp_path, "fp16"), "auto", (CUDA, CPU), CUDA)[0].device == "cuda:0"


def test_processor_is_used_without_cuda(tmp_path: Path) -> None:
    model, (_, providers) = opened(folder_with(tmp_path, "int8"), "auto")
    assert model.device == "cpu" and providers == [CPU]


def test_silent_fallback_to_the_processor_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="cuda:0 was asked for, but ONNX Runtime fell back to CPUExec"):
        opened(folder_with(tmp_path, "fp16"), "cuda", (CUDA, CPU), CPU)


@pytest.mark.parametrize(
    ("device", "precision", "reason"),
    [
        ("cuda", "", "has no CUDA.*onnxruntime-gpu in its place"),
        ("tpu", "", "not on 'tpu'"),
        ("cpu", "int4", "not 'int4'"),
        ("cpu", "int8", "it has no model_quant.onnx"),
    ],
)
def test_impossible_device_or_precision_is_explained(
    tmp_path: Path, device: str, precision: str, reason: str
) -> None:
    with pytest.raises(EngineUnavailable, match=reason):
        opened(folder_with(tmp_path, "fp32"), device, precision=precision)


def test_missing_damaged_or_foreign_graph_is_explained(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"no ONNX model.*model_quant\.onnx or model\.onnx"):
        opened(tmp_path, "cpu")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    with pytest.raises(EngineUnavailable, match="cannot be loaded: .*Load model failed$"):
        opened(folder_with(damaged, "fp32"), "cpu")
    session = FakeSession(lengths_as_ids)
    session.inputs = ("x", "x_length")
    folder = folder_with(tmp_path, "fp32")
    with pytest.raises(EngineUnavailable, match="another kind of model: it has the inputs x, x_length"):
        open_model(FakeRuntime(session), folder, EngineSettings("e", device="cpu"), SENSEVOICE_INPUTS)
