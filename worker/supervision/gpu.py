"""GPU load and memory, read from NVIDIA's library through nvidia-ml-py, where that is installed.

The functions are those of NVML (docs.nvidia.com/deploy/nvml-api). Values cover the whole device, because other
programs' load also slows a worker down; only ``memory_of`` is for one process.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.WORKER_GPU

T = TypeVar("T")

_MODULE: Final = "pynvml"
_KIND: Final = "cuda"
_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"


class Nvml(Protocol):
    """The functions of ``pynvml`` that are used here."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> None: ...
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any: ...
    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any: ...
    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any: ...
    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any: ...
    def nvmlDeviceGetComputeRunningProcesses(self, handle: Any) -> Any: ...


class GpuUse(NamedTuple):
    """GPU utilisation. ``percent`` covers the last sampling period; ``None``: not reported."""

    percent: float | None = None
    memory_bytes: int | None = None


class Gpu:
    """Reader of the state of a GPU. The library is searched for once, even if it is missing."""

    def __init__(self, load: Callable[[], Nvml | None] | None = None, visible: str | None = None) -> None:
        self._load = load or load_nvml
        self._visible = os.environ.get(_VISIBLE, "") if visible is None else visible
        self._nvml: Nvml | None = None
        self._looked = False

    def use(self, device: str) -> GpuUse:
        """Return the use of ``cuda`` or ``cuda:N``; of any other device it is unknown."""
        if (found := self._device(device)) is None:
            return GpuUse()
        nvml, handle = found
        percent = _answer(nvml, lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu))
        return GpuUse(percent, _answer(nvml, lambda: int(nvml.nvmlDeviceGetMemoryInfo(handle).used)))

    def memory_of(self, device: str, pid: int) -> int | None:
        """Return the bytes that a process uses on a device, or ``None``.

        ``None``: not reported (no library, a container, Windows).
        """
        if (found := self._device(device)) is None:
            return None
        nvml, handle = found
        running = _answer(nvml, lambda: tuple(nvml.nvmlDeviceGetComputeRunningProcesses(handle))) or ()
        return next((one.usedGpuMemory for one in running if one.pid == pid), None)

    def _device(self, device: str) -> tuple[Nvml, Any] | None:
        kind, _, number = device.partition(":")
        nvml = self._library() if kind == _KIND and (not number or number.isdecimal()) else None
        if nvml is None:
            return None
        handle = _answer(nvml, lambda: self._handle(nvml, int(number or 0)))
        return None if handle is None else (nvml, handle)

    def _library(self) -> Nvml | None:
        if not self._looked:
            self._looked, self._nvml = True, self._load()
        return self._nvml

    def _handle(self, nvml: Nvml, number: int) -> Any:
        """Return the NVML handle of a CUDA device. CUDA numbers only the visible devices, NVML all of them.

        The numbers agree only if CUDA, too, is set to number them in the order of the bus.
        """
        visible = [name.strip() for name in self._visible.split(",") if name.strip()]
        name = visible[number] if number < len(visible) else str(number)
        if name.isdecimal():
            return nvml.nvmlDeviceGetHandleByIndex(int(name))
        return nvml.nvmlDeviceGetHandleByUUID(name)


def load_nvml(name: str = _MODULE) -> Nvml | None:
    """Load and initialise the library; ``None`` if it or the driver is not installed."""
    try:
        nvml = cast(Nvml, import_module(name))
    except ImportError:
        log.info(LogEvent.GPU_LIBRARY_MISSING, do="install nvidia-ml-py")
        return None
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        log.info(LogEvent.GPU_LOAD_UNKNOWN, reason=str(error))
        return None
    return nvml


def _answer(nvml: Nvml, ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except nvml.NVMLError:  # some devices do not report every value
        return None
