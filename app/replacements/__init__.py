"""Replacement rules: edited, tried on the history, applied to recognised texts."""
