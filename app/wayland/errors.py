"""Errors of the connection to a Wayland compositor."""


class WaylandError(Exception):
    """The base class of the errors of this package."""


class CompositorMissing(WaylandError):
    """No compositor can be reached: start the program in a Wayland session, or set WAYLAND_DISPLAY."""


class CompositorGone(WaylandError):
    """The compositor has ended the connection."""


class InterfaceMissing(WaylandError):
    """The compositor does not offer this interface, or only an older version."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the compositor does not offer {name}")
        self.name = name
