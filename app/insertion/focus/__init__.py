"""The focused window on Wayland, read through the interface that each compositor offers."""
