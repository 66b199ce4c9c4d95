"""Connection to an X server."""
