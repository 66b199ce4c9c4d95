"""Choice of the device that an engine runs on. Pure."""

import re
from collections.abc import Callable
from typing import Final

from protocol.engine import EngineUnavailable
from worker.engines.registry import OURS

DEVICE: Final = re.compile(r"auto|cpu|cuda(?::([0-9]{1,4}))?")
_ANY: Final = "auto"
_ON_CPU_ONLY: Final = frozenset({"parakeet", "sherpa-onnx"})


def device_problem(engine: str, wanted: str) -> str:
    """Return why ``engine`` never runs on this device, or an empty text. Third-party engines choose their own."""
    if engine in _ON_CPU_ONLY:
        return "" if wanted in ("auto", "cpu") else f"the engine {engine} runs on auto or cpu, not on {wanted!r}"
    if DEVICE.fullmatch(wanted) or (engine != _ANY and engine not in OURS):
        return ""
    return f"the engine {engine} runs on auto, cpu, cuda or cuda:N, not on {wanted!r}"


def choose_device(engine: str, wanted: str, cuda_devices: Callable[[], int]) -> str:
    """Return ``cpu`` or ``cuda:N`` for the setting; a missing device is refused. Raises ``EngineUnavailable``.

    ``cuda_devices`` counts the devices, and is called only if the setting allows one.
    """
    chosen = DEVICE.fullmatch(wanted)
    if not chosen:
        raise EngineUnavailable(f"the engine {engine} runs on auto, cpu, cuda or cuda:N, not on {wanted!r}")
    if wanted == "cpu":
        return wanted
    devices, number = cuda_devices(), int(chosen[1] or 0)
    if wanted == "auto" and not devices:
        return "cpu"
    if number >= devices:
        raise EngineUnavailable(f"{wanted} does not exist ({devices} CUDA devices): use --device cpu or auto")
    return f"cuda:{number}"
