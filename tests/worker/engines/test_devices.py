"""Test the choice of a device with pretended numbers of CUDA devices."""

import pytest

from protocol.engine import EngineUnavailable
from worker.engines.devices import choose_device, device_problem


@pytest.mark.parametrize(
    ("wanted", "devices", "chosen"),
    [
        ("auto", 0, "cpu"),
        ("auto", 2, "cuda:0"),
        ("cpu", 2, "cpu"),
        ("cuda", 1, "cuda:0"),
        ("cuda:0", 1, "cuda:0"),
        ("cuda:1", 2, "cuda:1"),
        ("cuda:07", 8, "cuda:7"),
    ],
)
def test_device_is_the_wanted_one_or_the_first(wanted: str, devices: int, chosen: str) -> None:
    assert choose_device("e", wanted, lambda: devices) == chosen


@pytest.mark.parametrize(
    ("wanted", "devices", "text"),
    [
        ("cuda", 0, r"cuda does not exist \(0 CUDA devices\): use --device cpu or auto"),
        ("cuda:2", 2, r"cuda:2 does not exist \(2 CUDA devices\)"),
        ("cuda:", 2, "the engine e runs on auto, cpu, cuda or cuda:N, not on 'cuda:'"),
        ("cuda:-1", 2, "not on 'cuda:-1'"),
        ("tpu", 2, "not on 'tpu'"),
        ("cuda:" + "9" * 5000, 2, "not on 'cuda:9"),
    ],
)
def test_missing_or_unknown_device_is_refused(wanted: str, devices: int, text: str) -> None:
    with pytest.raises(EngineUnavailable, match=text):
        choose_device("e", wanted, lambda: devices)


def test_devices_are_not_counted_for_the_cpu() -> None:
    def count() -> int:
        raise AssertionError

    assert choose_device("e", "cpu", count) == "cpu"


@pytest.mark.parametrize(
    ("engine", "device", "problem"),
    [
        ("checksum", "cuda:1", ""),
        ("whisper", "auto", ""),
        ("auto", "cpu", ""),
        ("package.module:engine", "mps", ""),
        ("engine-of-others", "mps", ""),
        ("parakeet", "cpu", ""),
        ("checksum", "nonsense", "the engine checksum runs on auto, cpu, cuda or cuda:N, not on 'nonsense'"),
        ("auto", "", "the engine auto runs on auto, cpu, cuda or cuda:N, not on ''"),
        ("whisper", "cuda:x", "the engine whisper runs on auto, cpu, cuda or cuda:N, not on 'cuda:x'"),
        ("sherpa-onnx", "cuda", "the engine sherpa-onnx runs on auto or cpu, not on 'cuda'"),
    ],
)
def test_device_is_refused_where_its_engine_never_has_it(engine: str, device: str, problem: str) -> None:
    assert device_problem(engine, device) == problem
