"""Scenarios of load and of attacks on a gateway."""
