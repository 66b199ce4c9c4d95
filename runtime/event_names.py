"""Names of log events. Writers and readers of logs use these constants; fields carry everything else."""

from enum import StrEnum, unique
from typing import Final


@unique
class LogEvent(StrEnum):
    """Name of a log line: its subject, then what happened to it.

    Lines of different programs share a name where they tell the same fact; the field ``logger`` tells them apart.
    """

    BROKER_DIED = "broker.died"
    BROKER_DISCONNECTED = "broker.disconnected"
    BROKER_RECONNECTED = "broker.reconnected"
    BROKER_START_FAILED = "broker.start_failed"
    BROKER_STATUS_UNKNOWN = "broker.status_unknown"
    CHILD_ENDED = "child.ended"
    CHILD_START_FAILED = "child.start_failed"
    COMPUTER_SLEPT = "computer.slept"
    CONNECTION_CLOSED = "connection.closed"
    ENGINE_ENDED_WITH_PARTIALS = "engine.ended_with_partials"
    ENGINE_FAILED = "engine.failed"
    ENGINE_GPU_MEMORY_EXCEEDED = "engine.gpu_memory_exceeded"
    ENGINE_LOADED = "engine.loaded"
    ENGINE_TOO_LARGE = "engine.too_large"
    GATEWAY_BUSY = "gateway.busy"
    GATEWAY_CONNECTED = "gateway.connected"
    GATEWAY_DRAINING = "gateway.draining"
    GATEWAY_LISTENING = "gateway.listening"
    GATEWAY_LOST = "gateway.lost"
    GATEWAY_RECONNECTED = "gateway.reconnected"
    JOB_BORROWED = "job.borrowed"
    JOB_DECODED_ALONE = "job.decoded_alone"
    JOB_ENDED = "job.ended"
    JOB_FAILED = "job.failed"
    JOB_RENEWED = "job.renewed"
    JOB_TAKEN_OVER = "job.taken_over"
    JOURNAL_WRITE_FAILED = "journal.write_failed"
    JOURNAL_WRITE_RECOVERED = "journal.write_recovered"
    LEASE_LOST = "lease.lost"
    LEASES_NOT_RENEWED = "leases.not_renewed"
    LOG_LINES_HELD_BACK = "log.lines_held_back"
    LOG_LINES_LOST = "log.lines_lost"
    MICROPHONE_CHANGED = "microphone.changed"
    RESULTS_SUBSCRIPTION_LOST = "results.subscription_lost"
    SEGMENT_AUDIO_MISSING = "segment.audio_missing"
    SEGMENT_CANCELLED = "segment.cancelled"
    SEGMENT_CONCLUDED = "segment.concluded"
    SEGMENT_CUT = "segment.cut"
    SEGMENT_ENDED = "segment.ended"
    SEGMENT_RETRIED = "segment.retried"
    SESSION_DONE = "session.done"
    SESSION_ERROR_SENT = "session.error_sent"
    SESSION_GIVEN_UP = "session.given_up"
    SESSION_RESUMED = "session.resumed"
    SESSION_STARTED = "session.started"
    TEXT_HELD = "text.held"
    TEXT_INSERTED = "text.inserted"
    WORKER_STARTED = "worker.started"
    WORKER_WAITING_FOR_BROKER = "worker.waiting_for_broker"


EVENT_NAMES: Final = frozenset(map(str, LogEvent))
"""All of them as plain strings."""
