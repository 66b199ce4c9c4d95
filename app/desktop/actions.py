"""User actions on the desktop's abilities. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LookAtDesktop:
    """Learn again what this desktop supports, and how its configuration stands."""


@dataclass(frozen=True)
class WriteKeyLines:
    """Write the lines that bind the keys into the compositor's configuration, or remove them."""

    on: bool


DesktopAction = LookAtDesktop | WriteKeyLines
