"""Errors of capacity planning."""


class CapacityError(Exception):
    """Numbers that a plan cannot be made of. The message says what to do."""
