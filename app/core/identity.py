"""Define the id by which desktops know the app."""

from typing import Final

APP_ID: Final = "org.kikipounamu.app"
"""Name of the desktop file, Wayland's ``app_id``, and the portals' app id. GNOME requires a dot in it."""
