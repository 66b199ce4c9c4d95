"""Gateways elsewhere: which are paired with this computer, how they are, which of them hears speech now."""
