"""Measurement of a model on a device of this computer."""
