"""Estimates of what a number of speakers needs."""
