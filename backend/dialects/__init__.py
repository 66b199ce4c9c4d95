"""Adapters for clients that speak the protocols of others, above the same sessions."""
