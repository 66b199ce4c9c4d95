"""Insertion through the desktop portal: its keyboard, and its clipboard where the compositor offers none."""
