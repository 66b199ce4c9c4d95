"""Paired devices of a gateway: ``GET /v1/devices``, ``PATCH`` and ``DELETE /v1/devices/ID``; owner's key only."""

import unicodedata
from enum import StrEnum
from typing import Final

from msgspec import Struct

DEVICES_PATH: Final = "/v1/devices"
LONGEST_NAME: Final = 64


class DeviceKind(StrEnum):
    """Purpose of a key. ``OWNER`` is the key of this computer's user: it is not paired and may do everything."""

    OWNER = "owner"
    CLIENT = "client"
    WORKER = "worker"


class DeviceState(Struct, frozen=True):
    """Paired device as the gateway's owner sees it, without its key.

    Times are in seconds since 1970; 0 means never. Counts cover the gateway's current process: ``streams`` open
    now, ``requests``, ``refused`` requests (over the device's rate), and seconds of audio that the device sent.
    """

    id: str
    name: str
    kind: DeviceKind
    made_s: int = 0
    seen_s: int = 0
    connections: int = 0
    streams: int = 0
    requests: int = 0
    refused: int = 0
    audio_s: float = 0.0


class DeviceList(Struct, frozen=True):
    """Answer to ``GET /v1/devices``: the owner's own entry, then the paired devices, oldest first."""

    devices: tuple[DeviceState, ...] = ()


class DeviceName(Struct, frozen=True):
    """Body of ``PATCH /v1/devices/ID``: the device's new name."""

    name: str


def clean_name(text: str) -> str:
    """Return a name that is safe to display: one line, no invisible characters, limited length; may be empty."""
    shown = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join(shown.split())[:LONGEST_NAME].strip()
