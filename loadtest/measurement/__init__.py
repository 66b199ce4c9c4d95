"""Counters, samples of processes, and the figures computed from them."""
