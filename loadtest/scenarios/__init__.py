"""Scenarios of load and attacks against a gateway."""
