"""The worker's connection to the broker: jobs, tunnel, search for a gateway."""
