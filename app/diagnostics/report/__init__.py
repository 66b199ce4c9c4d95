"""Logs, licences and the report file that a user can send to a helper."""
