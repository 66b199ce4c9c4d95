"""Card about the local port, in the settings."""
