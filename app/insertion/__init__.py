"""Putting recognised text where the cursor is."""
