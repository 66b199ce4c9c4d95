"""Panel of recognition models."""
