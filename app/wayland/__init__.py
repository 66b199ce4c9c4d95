"""Connection to a Wayland compositor, and the few interfaces that this app uses."""
