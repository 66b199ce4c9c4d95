"""Errors of a load test that its operator can correct."""


class LoadTestError(Exception):
    """A command cannot run as it was given. The message says what to do."""


class AddressRefused(LoadTestError):
    """The address, the key or the digest of the certificate on the command line cannot be right."""

    exit_status = 2
