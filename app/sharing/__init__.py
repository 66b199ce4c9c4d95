"""This computer's gateway for other devices, and this computer's worker for other gateways."""
