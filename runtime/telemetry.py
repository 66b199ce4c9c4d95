"""Switches against libraries that report to their makers.

ONNX Runtime 1.32 sends events over the network and keeps an identifier of the computer in the user's cache. It
begins when it is imported; only a variable of the environment is early enough.
"""

import os
from typing import Final

SWITCHES: Final = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def switch_off_telemetry() -> None:
    """Set the variables for this process and those that it starts. Each program calls this first."""
    os.environ.update(SWITCHES)
