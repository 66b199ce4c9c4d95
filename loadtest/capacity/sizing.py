"""Programs, bandwidth and money that a number of speakers needs. Pure.

docs/scale.md names the source of every default; an operator can replace each.
"""

import math
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct

from loadtest.capacity.simulation import WorkerTimes
from loadtest.capacity.speech import MEAN_AUDIO_S
from loadtest.core.errors import LoadTestError
from protocol.audio import BYTES_PER_SAMPLE, SAMPLE_RATE

_HOUR_S: Final = 3600
_PCM_BYTES: Final = SAMPLE_RATE * BYTES_PER_SAMPLE
_GIGABIT: Final = 1e9 / 8


class UnitCosts(Struct, frozen=True):
    """Cost of each part of the system.

    ``gateway_cpu``, ``shard_cpu``: CPU seconds per hour of audio. ``gateway_base_mb``, ``gateway_stream_mb``:
    memory of a gateway, and of each of its connections. ``connections``: most connections of a gateway.
    ``frame_bytes``: bytes of headers per frame of 100 ms, on the wire. ``extra_audio``: seconds of audio decoded
    for partials and speculations, per second of speech. ``replicas``: copies of each shard. ``history_per_s``:
    segments that one database records per second. ``worker_status_cpu``, ``gateway_status_cpu``: CPU seconds of
    the broker to send the status of one worker to a worker, or to a gateway; they request it every
    ``worker_status_interval_s`` and ``gateway_status_interval_s``. Prices are per hour of one worker, per hour of
    one core of a gateway or shard, and per gigabyte from clients.
    """

    gateway_cpu: float = 2.43
    shard_cpu: float = 1.46
    gateway_base_mb: float = 82.0
    gateway_stream_mb: float = 0.106
    connections: int = 2_000
    frame_bytes: int = 90
    extra_audio: float = 0.0
    replicas: int = 1
    history_per_s: float = 2_511.0
    worker_status_cpu: float = 0.45e-6
    gateway_status_cpu: float = 5.3e-6
    worker_status_interval_s: float = 2.0
    gateway_status_interval_s: float = 2.0
    worker_price: float = 0.0
    core_price: float = 0.0
    gigabyte_price: float = 0.0


class CapacityLimit(Struct, frozen=True):
    """Largest number of speakers that one instance of a part can serve."""

    part: str
    speakers: int


class Sizing(Struct, frozen=True):
    """Needs of ``speakers`` who speak for the share ``talk`` of the time; rates are those at full load.

    ``limits``: in the order in which a single instance becomes too small. ``per_hour``: price; ``None`` if no
    price is known. ``journal_mb_per_s``: MB that each shard writes to its disk. ``status_share``: share of a core
    that the broker uses to send everyone the status of every worker.
    """

    speakers: int
    talk: float
    headroom: float
    workers: int
    worker_speed: float
    gateways: int
    gateway_mb: float
    shards: int
    databases: int
    segments_per_s: float
    client_gbit_per_s: float
    broker_gbit_per_s: float
    journal_mb_per_s: float
    status_share: float
    limits: tuple[CapacityLimit, ...]
    per_hour: float | None
    per_spoken_hour: float | None


def size(speakers: int, talk: float, headroom: float, times: WorkerTimes, costs: UnitCosts) -> Sizing:
    """Compute the hardware for these speakers; the share ``headroom`` of it stays free."""
    used, speaking = 1 - headroom, speakers * talk
    decoded = speaking * (1 + costs.extra_audio)
    workers = _up(decoded / (times.speed * used))
    gateways = _up(max(speakers / costs.connections, speaking * costs.gateway_cpu / _HOUR_S / used))
    shards = _up(speaking * costs.shard_cpu / _HOUR_S / used)
    segments = speaking / MEAN_AUDIO_S
    client_bytes = speaking * (_PCM_BYTES + 10 * costs.frame_bytes)
    through = 2 * decoded + costs.replicas * speaking  # from gateways and to workers; to replicas
    per_hour = _price(workers, gateways, shards, client_bytes, costs)
    return Sizing(
        speakers=speakers,
        talk=talk,
        headroom=headroom,
        workers=workers,
        worker_speed=round(times.speed, 2),
        gateways=gateways,
        gateway_mb=round(costs.gateway_base_mb + costs.gateway_stream_mb * speakers / gateways, 1),
        shards=shards,
        databases=_up(segments / (costs.history_per_s * used)),
        segments_per_s=round(segments, 1),
        client_gbit_per_s=round(client_bytes / _GIGABIT, 3),
        broker_gbit_per_s=round(through * _PCM_BYTES / _GIGABIT, 3),
        journal_mb_per_s=round(speaking * _PCM_BYTES / shards / 1e6, 1),
        status_share=round(_status_share(workers, gateways, costs), 4),
        limits=tuple(_limits(talk, used, times, costs)),
        per_hour=per_hour,
        per_spoken_hour=None if per_hour is None else per_hour / speaking,
    )


def with_changes(costs: UnitCosts, changes: Iterable[str]) -> UnitCosts:
    """Return the costs with ``NAME=VALUE`` applied. Raises ``LoadTestError``."""
    fields = msgspec.to_builtins(costs)
    for change in changes:
        name, _, value = change.partition("=")
        if name not in fields:
            raise LoadTestError(f"unknown assumption {name!r}: choose one of {', '.join(fields)}")
        try:
            fields[name] = msgspec.convert(value, type=type(fields[name]), strict=False)
        except msgspec.ValidationError as error:
            raise LoadTestError(f"{change}: choose a finite number") from error
        least = "above 0" if name in _ABOVE_ZERO else "not below 0"
        if not 0 <= fields[name] < math.inf or (fields[name] == 0 and name in _ABOVE_ZERO):
            raise LoadTestError(f"{change}: choose a finite number {least}")
    return msgspec.convert(fields, UnitCosts)


_ABOVE_ZERO: Final = frozenset(
    {
        "gateway_cpu",
        "shard_cpu",
        "connections",
        "history_per_s",
        "worker_status_interval_s",
        "gateway_status_interval_s",
    }
)


def _up(quotient: float) -> int:
    return math.ceil(round(quotient, 9))  # 0.1 has no exact binary fraction


def _down(quotient: float) -> int:
    return math.floor(round(quotient, 9))


def _price(workers: int, gateways: int, shards: int, client_bytes: float, costs: UnitCosts) -> float | None:
    if not (costs.worker_price or costs.core_price or costs.gigabyte_price):
        return None
    cores = gateways + shards * (1 + costs.replicas)
    gigabytes = client_bytes * _HOUR_S / 1e9
    return workers * costs.worker_price + cores * costs.core_price + gigabytes * costs.gigabyte_price


def _status_share(workers: int, gateways: int, costs: UnitCosts) -> float:
    by_workers = workers * costs.worker_status_cpu / costs.worker_status_interval_s
    return workers * (by_workers + gateways * costs.gateway_status_cpu / costs.gateway_status_interval_s)


def _limits(talk: float, used: float, times: WorkerTimes, costs: UnitCosts) -> list[CapacityLimit]:
    """Return the limit of one instance of each part, smallest first."""
    per_worker = times.speed * used / talk / (1 + costs.extra_audio)
    per_gateway = min(costs.connections, used * _HOUR_S / costs.gateway_cpu / talk)
    carried = {
        "worker": per_worker,
        "gateway": per_gateway,
        "shard": used * _HOUR_S / costs.shard_cpu / talk,
        "history database": costs.history_per_s * used * MEAN_AUDIO_S / talk,
        "list of workers": math.sqrt(used / _status_share(1, 0, costs)) * per_worker
        if costs.worker_status_cpu
        else 0,
    }
    listed = [CapacityLimit(part, _down(speakers)) for part, speakers in carried.items() if speakers]
    return sorted(listed, key=lambda limit: limit.speakers)
