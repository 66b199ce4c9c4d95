"""Texts of the windows in every language, and functions that word values."""
