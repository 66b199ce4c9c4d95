"""The identity of the app towards desktops."""

from typing import Final

APP_ID: Final = "kikipounamu"
"""Name of the desktop file, Wayland's ``app_id``, and the name that portals know."""
