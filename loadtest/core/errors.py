"""Error of a load test that its operator can mend."""


class LoadTestError(Exception):
    """Command that cannot be run as it was given. The message says what to do."""
