"""Exit statuses of helper processes. Standard library only."""

from typing import Final

CUT_OFF: Final = 75
"""The helper grabbed the X server for too long and was killed."""

SCREEN_GONE: Final = 76
"""The helper has lost the X server or the Wayland compositor. The next helper connects again."""
