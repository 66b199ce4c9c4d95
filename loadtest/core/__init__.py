"""Selection and queries of the gateway under load."""
