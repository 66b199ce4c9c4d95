"""Version and CUDA support of an engine's library as JSON, reported by a process of its own.

python -m worker.engines.library_report torch
"""

import json
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final


def _torch(library: Any) -> dict[str, object]:
    seen = library.cuda.device_count() if library.cuda.is_available() else 0
    return {"cuda": library.version.cuda or "", "built_for": library.cuda.get_arch_list(), "devices": seen}


def _ctranslate2(library: Any) -> dict[str, object]:
    return {"devices": library.get_cuda_device_count()}


def _onnxruntime(library: Any) -> dict[str, object]:
    return {"devices": int("CUDAExecutionProvider" in library.get_available_providers())}


REPORTS: Final[Mapping[str, Callable[[Any], dict[str, object]]]] = {
    "ctranslate2": _ctranslate2,
    "onnxruntime": _onnxruntime,
    "torch": _torch,
}


def report(name: str) -> str:
    """Import the library ``name`` and describe it. Raises ``ImportError``."""
    library = import_module(name)
    return json.dumps({"version": library.__version__, **REPORTS[name](library)})


if __name__ == "__main__":
    print(report(sys.argv[1]))  # noqa: T201 - the pipe to the doctor
