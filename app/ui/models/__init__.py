"""The panel of recognition models."""
