"""Scenarios: what the load maker does to a gateway."""
