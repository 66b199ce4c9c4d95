"""Measurements, each of which answers one question."""
