"""Simulated speakers: their audio, timing and connections."""
