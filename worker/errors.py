"""Errors of the worker.

    WorkerError
    ├── BrokerError
    │   ├── BrokerUnavailable   not reachable, or not able to write at this moment: try again
    │   ├── BrokerTooOld        a version without what the scripts need
    │   └── BrokerRefused       a wrong address, password or permission: trying again does not help
    ├── MetricsUnavailable      the address for its figures cannot be had
    └── EngineFault             what became of an engine during a batch; its process may be gone
        ├── EngineRaised        it raised, or broke its contract; it still runs
        ├── EngineDied          its process ended
        └── EngineTimedOut      no answer before the deadline; its process was killed

An engine that cannot be loaded is ``protocol.engine.EngineUnavailable``.
"""

from typing import ClassVar

from protocol.errors import ErrorCode


class WorkerError(Exception):
    """Base. The text says what to do."""


class BrokerError(WorkerError):
    """The broker cannot be used."""


class BrokerUnavailable(BrokerError):
    """Not reachable, or not able to write at this moment."""


class BrokerTooOld(BrokerError):
    """Older than Redis 7.0 or Valkey 7.2."""


class BrokerRefused(BrokerError):
    """A wrong address, password or permission."""


class MetricsUnavailable(WorkerError):
    """The address for its figures cannot be had: another one, or none, will do."""


class EngineFault(WorkerError):
    """What became of an engine during a batch. ``code`` is what a client is told in the end."""

    code: ClassVar[ErrorCode] = ErrorCode.ENGINE_FAILED


class EngineRaised(EngineFault):
    """The engine raised, or answered with something else than one outcome per request."""


class EngineDied(EngineFault):
    """The engine's process ended."""

    code = ErrorCode.ENGINE_DIED


class EngineTimedOut(EngineFault):
    """The engine did not answer before the deadline."""

    code = ErrorCode.DECODE_TIMEOUT
