"""Qt widgets of the desktop app. They take values and ask for actions."""
