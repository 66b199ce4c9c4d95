"""Quotas and usage of each key. Pure: the time is passed in.

Each key has a token bucket: ``per_minute`` requests on average, and at most ``burst`` or ``per_minute`` at once.
The number of open streams is limited too. Only valid keys are counted, so that attackers cannot fill the memory.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from backend.admission.usage_elsewhere import KeyCounts, UsageElsewhere
from backend.core.refusal import Refusal, RefusalReason
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE

_MINUTE_S: Final = 60.0
_STREAMS_RETRY_S: Final = 5.0


@dataclass(frozen=True)
class Quota:
    """Limits of each key; 0: no limit. The owner's key has none."""

    per_minute: int = 0
    burst: int = 60
    streams: int = 0


@dataclass
class MessagePace:
    """Rate limit of one key's messages, except audio, over all its connections."""

    per_second: float = 2_000.0
    burst: float = 4_096.0
    _ahead: float = 0.0
    _at: float = 0.0

    def pause_s(self, now: float) -> float:
        """Count one message; return how long the gateway must then not read its connection."""
        self._ahead = max(0.0, self._ahead - (now - self._at) * self.per_second) + 1.0
        self._at = now
        return max(0.0, self._ahead - self.burst) / self.per_second


@dataclass
class KeyUsage:
    """Usage of one key since this process started. ``streams`` and ``connections`` count open ones."""

    requests: int = 0
    refused: int = 0
    streams: int = 0
    audio_bytes: int = 0
    connections: int = 0
    pace: MessagePace = field(default_factory=MessagePace)

    @property
    def audio_s(self) -> float:
        """Seconds of received audio."""
        return self.audio_bytes / (SAMPLE_RATE * BYTES_PER_SAMPLE)

    @property
    def counts(self) -> KeyCounts:
        """The numbers that are sent to other processes."""
        return KeyCounts(self.requests, self.refused, self.streams, self.audio_bytes, self.connections)


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass
class QuotaMeter:
    """Quotas and usage of all keys in this process; limits count the other processes too.

    ``changed`` is called with each key whose requests or connections change; it must not wait.
    """

    quota: Quota
    usage: dict[str, KeyUsage] = field(default_factory=dict)
    elsewhere: UsageElsewhere = field(default_factory=UsageElsewhere)
    changed: Callable[[str], None] = lambda key: None
    _before: int = 0
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def of(self, key: str) -> KeyUsage:
        """Return the usage of this key."""
        return self.usage.setdefault(key, KeyUsage())

    @property
    def audio_s(self) -> float:
        """Seconds of received audio of all keys, including revoked ones."""
        return KeyUsage(audio_bytes=self._before + sum(usage.audio_bytes for usage in self.usage.values())).audio_s

    def forget(self, key: str) -> None:
        """Forget a revoked key; its audio stays in the total."""
        gone = self.usage.pop(key, None)
        if gone is not None:
            self._before += gone.audio_bytes
        self._buckets.pop(key, None)
        self.elsewhere.forget(key)

    def everywhere(self, key: str) -> KeyCounts:
        """Return the usage of a key in all processes."""
        here = self.usage.get(key)
        return self.elsewhere.of(key).more(here.counts if here else KeyCounts())

    def count_connections(self, key: str, more: int) -> None:
        """Add ``more``, which may be negative, to the long-lived connections of a key, such as streams."""
        self.of(key).connections += more
        self.changed(key)

    def spent(self, key: str, requests: int, now: float) -> None:
        """Count requests that another process admitted against the bucket here."""
        if self.quota.per_minute:
            bucket = self._filled_bucket(key, now)
            bucket.tokens = max(0.0, bucket.tokens - requests)

    def request(self, key: str, now: float, limited: bool = True) -> Refusal | None:
        """Count a request; return a refusal if it exceeds the quota."""
        usage = self.of(key)
        usage.requests += 1
        self.changed(key)
        if not limited or not self.quota.per_minute or self._take(key, now):
            return None
        usage.refused += 1
        wait = (1.0 - self._buckets[key].tokens) * _MINUTE_S / self.quota.per_minute
        message = f"this key may ask {self.quota.per_minute} times a minute"
        return Refusal(429, RefusalReason.KEY_REQUESTS, message, wait)

    def stream(self, key: str, limited: bool = True) -> Refusal | None:
        """Return a refusal if the key may not open another stream; the caller counts opened streams."""
        usage = self.of(key)
        streams = usage.streams + self.elsewhere.of(key).streams
        if not limited or not self.quota.streams or streams < self.quota.streams:
            return None
        usage.refused += 1
        message = f"this key has {streams} streams open, which is its limit"
        return Refusal(429, RefusalReason.KEY_STREAMS, message, _STREAMS_RETRY_S)

    def _filled_bucket(self, key: str, now: float) -> _Bucket:
        """Return the bucket of a key, filled up since its last use."""
        most = float(max(1, min(self.quota.burst, self.quota.per_minute)))
        bucket = self._buckets.setdefault(key, _Bucket(most, now))
        gained = max(0.0, now - bucket.at) * self.quota.per_minute / _MINUTE_S
        bucket.tokens, bucket.at = min(most, bucket.tokens + gained), max(now, bucket.at)
        return bucket

    def _take(self, key: str, now: float) -> bool:
        bucket = self._filled_bucket(key, now)
        if bucket.tokens < 1.0:
            return False
        bucket.tokens -= 1.0
        return True
