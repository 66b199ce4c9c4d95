"""Golden files of what other programs, versions and people rely on, written by ``python -m tests.pins``."""
