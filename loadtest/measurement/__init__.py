"""Counters of sessions, resource use of processes, and the figures computed from them."""
