"""The panel of paired gateways."""
