"""Errors of the sources of the focused window."""

from app.insertion.errors import InsertionUnavailable


class FocusUnknown(InsertionUnavailable):
    """An error: this desktop does not tell in this way which window has the focus. Texts are held."""
