"""Estimates of the hardware that a number of speakers needs."""
