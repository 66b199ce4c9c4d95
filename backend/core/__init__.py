"""Errors and files that every package of the gateway may use."""
