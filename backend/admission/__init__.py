"""Admission of speech: quotas, turns, limits on memory, readiness."""
