"""A screen for all tests of this folder."""

from tests.app.x11_screen import connection, other, screen

__all__ = ["connection", "other", "screen"]  # fixtures
