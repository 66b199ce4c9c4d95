"""Errors of a chaos run. Each message says what to do."""


class ChaosError(Exception):
    """Base of all errors of a chaos run."""


class NotNamed(ChaosError):
    """Plan that disturbs something which the command line does not name."""


class InvalidTarget(ChaosError):
    """Name of a target that cannot be used."""


class StackNotReady(ChaosError):
    """Own stack that did not start."""


class NoPlan(ChaosError):
    """File that holds no plan to replay."""


class Absent(ChaosError):
    """Process that is not there when its event comes. The event is noted, and the run goes on."""
