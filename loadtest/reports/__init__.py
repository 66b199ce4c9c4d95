"""Observation of a run, its live progress, and its report as JSON and HTML."""
