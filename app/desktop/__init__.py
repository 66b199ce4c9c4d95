"""Abilities of this desktop, and the fallback for each missing one."""
