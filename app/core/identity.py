"""The identity of the app towards desktops."""

from typing import Final

APP_ID: Final = "org.kikipounamu.app"
"""Name of the desktop file, Wayland's ``app_id``, and the name that portals know. GNOME wants a dot in it."""
