"""ONNX Runtime for recognition models: choice of file and device, and a check of the device that is really used.

ONNX Runtime falls back to the processor silently; here a GPU that was asked for and not got is an error. On CUDA
an int8 file is refused: with few int8 kernels there, users measured several times the time of the float file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from numpy.typing import NDArray

from protocol.engine import EngineSettings, EngineUnavailable
from worker.engines.devices import DEVICE
from worker.engines.model_loading import loading

FILES: Final = {"int8": "model_quant.onnx", "fp16": "model_fp16.onnx", "fp32": "model.onnx"}
"""Files of a model by precision, with the names of FunASR's own exports."""
_PREFERRED: Final = {"cpu": ("int8", "fp32", "fp16"), "cuda": ("fp16", "fp32")}
_PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_MIB: Final = 1 << 20

Arrays = Mapping[str, NDArray[Any]]


class OnnxSession(Protocol):
    """Loaded graph of ``onnxruntime.InferenceSession``."""

    def run(self, output_names: None, input_feed: Arrays) -> Sequence[NDArray[Any]]: ...
    def get_inputs(self) -> Sequence[Any]: ...
    def get_providers(self) -> Sequence[str]: ...


class OpenedModel(NamedTuple):
    """Loaded graph with its device (``cpu`` or ``cuda:N``) and precision."""

    session: OnnxSession
    device: str
    precision: str


def open_model(runtime: Any, folder: Path, settings: EngineSettings, inputs: Sequence[str]) -> OpenedModel:
    """Load the file of ``folder`` that suits the device with ``runtime``, the module ``onnxruntime``.

    Raises ``EngineUnavailable`` also if the graph has other ``inputs``.
    """
    device = choose_device(settings.device, runtime.get_available_providers())
    precision = choose_precision(folder, device, settings.extra.get("precision", ""))
    path = folder / FILES[precision]
    options = runtime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    options.log_severity_level = 3
    with loading(repr(str(path))):
        session = runtime.InferenceSession(
            str(path), options, providers=_providers(device, settings.gpu_memory_mb)
        )
    _check_provider(session, device)
    found = [value.name for value in session.get_inputs()]
    if found != list(inputs):
        raise EngineUnavailable(f"{str(path)!r} is another kind of model: it has the inputs {', '.join(found)}")
    return OpenedModel(session, device, precision)


def choose_device(wanted: str, available: Sequence[str]) -> str:
    """Return ``cpu`` or ``cuda:N`` for the setting. Raises ``EngineUnavailable``."""
    chosen = DEVICE.fullmatch(wanted)
    if not chosen:
        raise EngineUnavailable(f"this engine runs on auto, cpu, cuda or cuda:N, not on {wanted!r}")
    has_cuda = _PROVIDERS["cuda"] in available
    if wanted == "cpu" or (wanted == "auto" and not has_cuda):
        return "cpu"
    if not has_cuda:
        raise EngineUnavailable(
            f"{wanted}: this ONNX Runtime has no CUDA ({', '.join(available)}): uninstall onnxruntime and install "
            "onnxruntime-gpu in its place (each overwrites the other's files), or use --device cpu"
        )
    return f"cuda:{int(chosen[1] or 0)}"


def choose_precision(folder: Path, device: str, wanted: str) -> str:
    """Return the best precision for ``device`` among the files in ``folder``. Raises ``EngineUnavailable``."""
    if wanted and wanted not in FILES:
        raise EngineUnavailable(f"the setting precision is one of {', '.join(FILES)}, not {wanted!r}")
    kind = device.partition(":")[0]
    present = [name for name, file in FILES.items() if (folder / file).is_file()]
    if kind == "cuda" and (wanted == "int8" or present == ["int8"]):
        raise EngineUnavailable(
            "int8 is slower than fp16 on CUDA, where ONNX Runtime has few int8 kernels: export another file with "
            "kikipounamu models export --fp16, or use --device cpu"
        )
    suitable = [name for name in ((wanted,) if wanted else _PREFERRED[kind]) if name in present]
    if not suitable:
        named = FILES[wanted] if wanted else " or ".join(FILES[name] for name in _PREFERRED[kind])
        raise EngineUnavailable(f"there is no ONNX model in {str(folder)!r}: it has no {named}")
    return suitable[0]


def _providers(device: str, gpu_memory_mb: int) -> list[Any]:
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return [_PROVIDERS["cpu"]]
    options: dict[str, Any] = {"device_id": int(number), "arena_extend_strategy": "kSameAsRequested"}
    if gpu_memory_mb:
        options["gpu_mem_limit"] = gpu_memory_mb * _MIB
    return [(_PROVIDERS["cuda"], options), _PROVIDERS["cpu"]]  # a few operators exist only on the processor


def _check_provider(session: OnnxSession, device: str) -> None:
    used = session.get_providers()[0]
    if used != _PROVIDERS[device.partition(":")[0]]:
        raise EngineUnavailable(
            f"{device} was asked for, but ONNX Runtime fell back to {used}: its log above names the missing CUDA "
            "or cuDNN library; install them, or use --device cpu"
        )
