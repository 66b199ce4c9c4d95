"""Adapters for clients of other servers' protocols, on top of the same sessions."""
