"""Paired devices: records, registry, pairing, announcement on the network."""
