"""D-Bus, through dbus-fast: the session's bus and the desktop portals on it."""
