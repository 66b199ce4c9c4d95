"""The timeline of a session, read from the logs of all programs."""
