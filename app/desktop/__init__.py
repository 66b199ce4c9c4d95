"""Abilities of this desktop, and the fallback for each one that it lacks."""
