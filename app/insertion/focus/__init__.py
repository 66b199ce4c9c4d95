"""The focused window on Wayland, asked in the way that each compositor offers."""
