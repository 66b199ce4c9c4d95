"""The control socket through which commands reach the running app."""
