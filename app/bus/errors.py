"""Errors of D-Bus.

BusError           base
├── BusMissing     no bus can be reached
├── BusRefused     a program answered with an error, or there is no such program
├── BusSilent      a program did not answer in time
└── PortalRefused  the desktop portal did not grant a request
    └── PortalDenied   the user did not grant it
"""


class BusError(Exception):
    """The base class of the errors of this package."""


class BusMissing(BusError):
    """No bus can be reached, or the connection has ended."""


class BusRefused(BusError):
    """A program refused a call, or no program has this name. ``name``: of the error, as D-Bus defines it."""

    def __init__(self, name: str, reason: str = "") -> None:
        super().__init__(f"{name}: {reason}" if reason else name)
        self.name = name


class BusSilent(BusError):
    """A program did not answer in time."""


class PortalRefused(BusError):
    """The desktop portal did not grant a request, without saying why."""


class PortalDenied(PortalRefused):
    """The user, or a choice that the user once made, did not grant a request."""
