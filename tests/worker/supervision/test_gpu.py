"""GPU load: the right device is queried, and unavailable values are reported as unknown.

NVIDIA's library is faked: these tests use no real device.
"""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from worker.supervision.gpu import Gpu, GpuUse, load_nvml


class FakeError(Exception):
    """Fake of ``pynvml.NVMLError``, the library's error."""


class FakeNvml:
    """Fake library with two devices. ``refuses``: functions that the device does not support."""

    NVMLError: type[Exception] = FakeError

    def __init__(self, *refuses: str) -> None:
        self.refuses = refuses
        self.asked: list[int | str] = []

    def nvmlInit(self) -> None:
        self._may("init")

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Any:
        self._may("handle")
        self.asked.append(index)
        return index

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> Any:
        self.asked.append(uuid)
        return 1

    def nvmlDeviceGetUtilizationRates(self, handle: Any) -> Any:
        self._may("utilization")
        return SimpleNamespace(gpu=40 + handle, memory=99)

    def nvmlDeviceGetMemoryInfo(self, handle: Any) -> Any:
        self._may("memory")
        return SimpleNamespace(used=1_000 + handle, total=9_999)

    def nvmlDeviceGetComputeRunningProcesses(self, handle: Any) -> Any:
        self._may("processes")
        return [SimpleNamespace(pid=7, usedGpuMemory=500), SimpleNamespace(pid=8, usedGpuMemory=None)]

    def _may(self, what: str) -> None:
        if what in self.refuses:
            raise FakeError(what)


def gpu(nvml: FakeNvml, visible: str = "") -> Gpu:
    return Gpu(lambda: nvml, visible)


@pytest.mark.parametrize(("device", "use"), [("cuda", GpuUse(40, 1_000)), ("cuda:1", GpuUse(41, 1_001))])
def test_gpu_use_reads_the_device_of_the_engine(device: str, use: GpuUse) -> None:
    assert gpu(FakeNvml()).use(device) == use


@pytest.mark.parametrize("device", ["cpu", "auto", "mps", "", "cuda:x"])
def test_gpu_use_is_unknown_for_other_devices(device: str) -> None:
    nvml = FakeNvml()
    assert (gpu(nvml).use(device), nvml.asked) == (GpuUse(), [])


@pytest.mark.parametrize(
    ("visible", "device", "asked"),
    [("1", "cuda", 1), ("3, 2", "cuda:1", 2), ("GPU-8f6", "cuda:0", "GPU-8f6"), ("0", "cuda:4", 4)],
)
def test_device_number_counts_visible_devices(visible: str, device: str, asked: int | str) -> None:
    nvml = FakeNvml()
    gpu(nvml, visible).use(device)
    assert nvml.asked == [asked]


@pytest.mark.parametrize(
    ("refused", "use"),
    [("utilization", GpuUse(None, 1_000)), ("memory", GpuUse(40, None)), ("handle", GpuUse())],
)
def test_gpu_use_may_be_partly_unknown(refused: str, use: GpuUse) -> None:
    assert gpu(FakeNvml(refused)).use("cuda") == use


def test_missing_nvml_library_is_searched_for_once() -> None:
    looks: list[int] = []

    def load() -> None:
        looks.append(1)

    nobody = Gpu(load)
    assert [nobody.use("cuda"), nobody.use("cuda")] == [GpuUse(), GpuUse()]
    assert looks == [1]
    Gpu(load).use("cpu")
    assert looks == [1]


def test_load_nvml_returns_none_without_library_or_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_nvml("no_such_library") is None
    for refuses, there in (("init",), False), ((), True):
        library = ModuleType("played_nvml")
        nvml = FakeNvml(*refuses)
        library.__dict__.update(NVMLError=FakeError, nvmlInit=nvml.nvmlInit)
        monkeypatch.setitem(sys.modules, "played_nvml", library)
        assert (load_nvml("played_nvml") is not None) is there


@pytest.mark.parametrize(("pid", "bytes_"), [(7, 500), (8, None), (9, None)])
def test_process_gpu_memory_is_reported_if_available(pid: int, bytes_: int | None) -> None:
    assert gpu(FakeNvml()).memory_of("cuda:0", pid) == bytes_
    assert gpu(FakeNvml("processes")).memory_of("cuda:0", pid) is None
    assert gpu(FakeNvml()).memory_of("cpu", pid) is None
