"""Detect whether this computer runs on battery.

Linux provides files (Documentation/ABI/testing/sysfs-class-power of the kernel); psutil asks other systems.
"""

import sys
from pathlib import Path
from typing import Final

import psutil

_SUPPLIES: Final = Path("/sys/class/power_supply")
_OF_A_DEVICE: Final = "Device"  # the battery of a mouse or headset


def on_battery(supplies: Path = _SUPPLIES, platform: str = sys.platform) -> bool | None:
    """Return whether the computer runs on battery; ``None``: it has none, or that is unknown. Blocks briefly."""
    if platform != "linux":
        battery = psutil.sensors_battery()
        return None if battery is None or battery.power_plugged is None else not battery.power_plugged
    try:
        found = [folder for folder in supplies.iterdir() if _read(folder, "scope") != _OF_A_DEVICE]
    except OSError:
        return None
    plugs = [_read(folder, "online") for folder in found if _read(folder, "type") in ("Mains", "USB", "Wireless")]
    batteries = [_read(folder, "status") for folder in found if _read(folder, "type") == "Battery"]
    if "1" in plugs or not batteries:
        return False if plugs else None
    return "Discharging" in batteries or ("0" in plugs and "Charging" not in batteries)


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
