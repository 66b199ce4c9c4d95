"""Admission of speech: quotas, fair queuing, limits on memory, readiness."""
