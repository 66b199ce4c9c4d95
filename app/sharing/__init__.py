"""Sharing this computer's gateway with other devices, and lending its worker to other gateways."""
