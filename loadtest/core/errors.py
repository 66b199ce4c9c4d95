"""Error of a load test that its operator can correct."""


class LoadTestError(Exception):
    """A command cannot run as it was given. The message says what to do."""
