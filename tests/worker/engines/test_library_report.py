import json
import subprocess
from types import SimpleNamespace

import onnxruntime
import pytest

from runtime.programs import module_command
from worker.engines.library_report import REPORTS, report
from worker.supervision.doctor import ask


def test_report_has_version_and_devices_of_a_real_library() -> None:
    found = json.loads(ask([*module_command("worker.engines.library_report"), "onnxruntime"]))
    assert found == {"version": onnxruntime.__version__, "devices": 0}


def test_report_has_the_cards_that_torch_was_built_for() -> None:
    cuda = SimpleNamespace(is_available=lambda: True, device_count=lambda: 2, get_arch_list=lambda: ["sm_90"])
    torch = SimpleNamespace(cuda=cuda, version=SimpleNamespace(cuda="12.8"))
    assert REPORTS["torch"](torch) == {"cuda": "12.8", "built_for": ["sm_90"], "devices": 2}
    assert REPORTS["ctranslate2"](SimpleNamespace(get_cuda_device_count=lambda: 1)) == {"devices": 1}


def test_report_fails_when_the_library_is_missing() -> None:
    with pytest.raises(ImportError):
        report("no_such_library")
    done = subprocess.run(
        [*module_command("worker.engines.library_report"), "no_such_library"], capture_output=True
    )
    assert done.returncode != 0 and done.stdout == b""
