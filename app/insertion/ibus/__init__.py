"""Insertion through an input method engine of IBus, which replaces the user's for one text."""
