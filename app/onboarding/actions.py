"""The trial that the first steps and the settings request from the running app. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TryMicrophone:
    """Start or stop a microphone trial: report its level without a take. A take has priority."""

    on: bool
