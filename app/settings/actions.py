"""Define the actions that change settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MICROPHONE: Final = "audio.microphone"
"""The setting that chooses a microphone by its name or part of it; empty: the system's default."""

Table = Mapping[str, str | bool]
"""A row of a setting whose value is a list of tables."""


@dataclass(frozen=True)
class ChangeSetting:
    """Set a setting, by its dotted name in the settings file, to a new value as TOML would write it."""

    name: str
    value: str | bool | int | float | tuple[Table, ...]
