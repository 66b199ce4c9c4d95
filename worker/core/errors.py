"""Errors of the worker.

    WorkerError
    ├── BrokerError
    │   ├── BrokerUnavailable   not reachable, or not able to write at this moment: try again
    │   ├── BrokerTooOld        a version without commands of the scripts
    │   ├── OutcomeRefused      the scripts do not store the outcome of one job; others may go on
    │   └── BrokerRefused       a wrong password or permission: trying again does not help
    │       └── WrongAddress    an address, key file or fingerprint that cannot be used: the command line is wrong
    ├── MetricsUnavailable      the metrics address cannot be used
    └── EngineFault             failure of an engine during a batch; its process may be gone
        ├── EngineRaised        the engine raised, or broke its contract; it still runs
        ├── EngineDied          its process ended
        └── EngineTimedOut      no answer before the deadline; its process was killed

An engine that cannot be loaded is ``protocol.engine.EngineUnavailable``, one that is none ``UnknownEngine``.
"""

from typing import ClassVar

from protocol.engine import EngineUnavailable
from protocol.errors import ErrorCode


class WorkerError(Exception):
    """Base class of the worker's errors. The message says what to do."""


class BrokerError(WorkerError):
    """Broker that cannot be used."""


class BrokerUnavailable(BrokerError):
    """Broker that is not reachable, or not able to write at this moment."""


class BrokerTooOld(BrokerError):
    """Broker older than Redis 7.0 or Valkey 7.2."""


class OutcomeRefused(BrokerError):
    """Result or failure that the broker's scripts do not store, or whose session they cannot write."""


class BrokerRefused(BrokerError):
    """Wrong password or permission for the broker."""


class WrongAddress(BrokerRefused):
    """Address, key file or fingerprint of the broker or the gateway that cannot be used."""


class MetricsUnavailable(WorkerError):
    """Metrics address that cannot be used; another address, or no metrics, works."""


class UnknownEngine(EngineUnavailable):
    """Name that is not the name of an installed engine, or a function that creates none."""


class EngineFault(WorkerError):
    """Failure of an engine during a batch. ``code`` is reported to the client after the last attempt."""

    code: ClassVar[ErrorCode] = ErrorCode.ENGINE_FAILED


class EngineRaised(EngineFault):
    """Engine that raised, or did not return one outcome per request."""


class EngineDied(EngineFault):
    """Engine whose process ended."""

    code = ErrorCode.ENGINE_DIED


class EngineTimedOut(EngineFault):
    """Engine that did not answer before the deadline."""

    code = ErrorCode.DECODE_TIMEOUT
