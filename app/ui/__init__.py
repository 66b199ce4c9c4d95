"""Qt widgets of the desktop app, which show values and request actions."""
