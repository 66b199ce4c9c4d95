"""Choice of the device that an engine runs on. Pure."""

import re
from collections.abc import Callable

from protocol.engine import EngineUnavailable


def choose_device(engine: str, wanted: str, cuda_devices: Callable[[], int]) -> str:
    """Return ``cpu`` or ``cuda:N`` for the setting; a missing device is refused. Raises ``EngineUnavailable``.

    ``cuda_devices`` counts the devices, and is called only if the setting allows one.
    """
    chosen = re.fullmatch(r"auto|cpu|cuda(?::(\d+))?", wanted)
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
