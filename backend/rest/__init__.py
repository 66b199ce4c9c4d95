"""The gateway's REST interface: sessions that were, and files that are submitted."""
