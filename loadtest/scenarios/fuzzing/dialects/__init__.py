"""Protocols of others for ``fuzz``: valid messages of each, and what a gateway may answer."""
