"""Insertion of recognised text at the cursor."""
