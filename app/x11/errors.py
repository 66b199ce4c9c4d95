"""Errors of the connection to an X server."""


class X11Error(Exception):
    """The base class of the errors of this package."""


class X11Missing(X11Error):
    """No X server can be reached."""


class X11Gone(X11Error):
    """The X server has ended the connection, or has not answered in time."""
