"""Refusals of sessions and requests: the values that every part of the gateway shares."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class RefusalReason(StrEnum):
    """Reason of a refusal; the ``reason`` label in the refusal metrics."""

    CONNECTIONS = "connections"
    BROKER = "broker"
    MEMORY = "memory"
    UNQUEUED = "unqueued"
    LOAD = "load"
    NO_WORKER = "no_worker"
    LEAVING = "leaving"
    KEY_REQUESTS = "key_requests"
    KEY_STREAMS = "key_streams"
    MODEL = "model"
    KEY = "key"
    MESSAGE = "message"


@dataclass(frozen=True)
class Refusal:
    """Reason to refuse a new session, and the least number of seconds until the next try."""

    status: Literal[429, 503]
    reason: RefusalReason
    message: str
    retry_s: float
