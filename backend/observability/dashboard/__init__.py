"""The dashboard page and its static files."""
