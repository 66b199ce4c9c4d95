"""The settings page and its panels."""
