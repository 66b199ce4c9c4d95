"""Size of calls: measured on a device that runs out of memory, and halved when memory is short later."""

import random
from collections.abc import Sequence

import pytest

from worker.engines.padded_calls import CPU_PADDED_S, in_parts, most_padded_s


class Device:
    """Device with memory for ``most`` padded seconds."""

    def __init__(self, most: float) -> None:
        self.most = most
        self.calls: list[list[float]] = []

    def run(self, items: Sequence[float]) -> list[str]:
        self.calls.append(list(items))
        if len(items) * max(items) > self.most:
            raise RuntimeError("CUDA failure 2: out of memory")
        return [f"{item}" for item in items]


@pytest.mark.parametrize(("most", "found"), [(30.0, 25.0), (120.0, 100.0), (1e9, 400.0)])
def test_size_of_calls_is_measured_on_the_gpu(most: float, found: float) -> None:
    gpu = Device(most)
    assert most_padded_s("cuda:0", lambda count: gpu.run([25.0] * count)) == found


def test_size_of_calls_is_fixed_on_the_processor() -> None:
    gpu = Device(0)
    assert most_padded_s("cpu", lambda count: gpu.run([25.0] * count)) == CPU_PADDED_S and not gpu.calls


def test_gpu_without_memory_for_one_recording_is_an_error() -> None:
    gpu = Device(1.0)
    with pytest.raises(RuntimeError, match="out of memory"):
        most_padded_s("cuda:0", lambda count: gpu.run([25.0] * count))


def test_other_errors_are_not_taken_for_lack_of_memory() -> None:
    def run(items: Sequence[float]) -> list[str]:
        raise ValueError("bad input") if len(items) > 1 else RuntimeError("never reached")

    with pytest.raises(ValueError, match="bad input"):
        in_parts([1.0, 2.0], float, 100.0, run)
    with pytest.raises(ValueError, match="bad input"):
        most_padded_s("cuda:0", lambda count: run([1.0] * 2))


def test_calls_are_halved_until_they_fit_and_answers_keep_their_order() -> None:
    chance = random.Random(4)
    for _ in range(200):
        items = [chance.uniform(0.1, 10.0) for _ in range(chance.randrange(1, 16))]
        gpu, limit = Device(chance.uniform(10.0, 60.0)), chance.uniform(10.0, 200.0)
        assert in_parts(items, float, limit, gpu.run) == [f"{item}" for item in items]
        assert all(len(call) == 1 or len(call) * max(call) <= limit for call in gpu.calls)


def test_single_recording_without_memory_raises() -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        in_parts([1.0, 50.0], float, 100.0, Device(20.0).run)
