"""Gateways on other computers: pairing, their health, and which of them gets speech now."""
