"""Who may use a gateway: ``GET /v1/devices``, ``PATCH`` and ``DELETE /v1/devices/ID``, all for the owner's key."""

import unicodedata
from enum import StrEnum
from typing import Final

from msgspec import Struct

DEVICES_PATH: Final = "/v1/devices"
LONGEST_NAME: Final = 64


class DeviceKind(StrEnum):
    """What a key is for. ``OWNER``: the key of this computer's user; it may do everything, and is not paired."""

    OWNER = "owner"
    CLIENT = "client"
    WORKER = "worker"


class DeviceState(Struct, frozen=True):
    """One paired device as its gateway's owner sees it; never a key. Times in seconds since 1970, 0: never.

    The counts are of this process of the gateway: ``streams`` that are open now, requests, those of them that
    were over its rate, seconds of audio that it sent.
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
    """Answer to ``GET /v1/devices``: the owner's own first, then all that are paired, the oldest first."""

    devices: tuple[DeviceState, ...] = ()


class DeviceName(Struct, frozen=True):
    """Body of ``PATCH /v1/devices/ID``."""

    name: str


def clean_name(text: str) -> str:
    """A name as it may be shown anywhere: one line, nothing invisible, not too long. May be empty."""
    shown = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in text)
    return " ".join(shown.split())[:LONGEST_NAME].strip()
