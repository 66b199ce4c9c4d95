"""Times for the simulation, as a real run measured them in its report."""

from pathlib import Path
from typing import Final

import msgspec

from loadtest.capacity.simulation import Chain, WorkerTimes
from loadtest.core.errors import LoadTestError
from loadtest.measurement.processes import BROKER, GATEWAY
from loadtest.reports.run import Report

_ADDED_MS: Final = (3.4, 3.9, 4.2, 4.6, 4.9, 5.5, 6.1, 6.7, 8.7, 13.3)
"""Ten quantiles of the delay that the chain adds, measured as docs/scale.md describes."""


class Calibration(msgspec.Struct, frozen=True):
    """Times of one worker, and of the chain around the workers."""

    times: WorkerTimes
    chain: Chain


def read_calibration(path: Path) -> Calibration:
    """Read ``report.json`` of `kikipounamu-loadtest streams`. Raises ``LoadTestError``."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise LoadTestError(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise LoadTestError(f"{path} is not the report.json of a run: {error}") from error
    return calibration(report)


def estimate(times: WorkerTimes) -> Calibration:
    """Return these times of workers, with the delays that were measured on our own chain."""
    return Calibration(times, Chain(added_ms=_ADDED_MS))


def calibration(report: Report) -> Calibration:
    """Return the times that a run measured. Raises ``LoadTestError`` if it measured too little."""
    service = report.service
    if service is None:
        raise LoadTestError(
            "the run did not measure its workers: it needs workers with one slot, and more segments"
        )
    times = WorkerTimes(service.rtf, call_s=service.call_ms / 1000, turn_s=(service.turn_ms or 0.0) / 1000)
    audio_per_s = report.figures.aggregate_audio_per_wall
    cpu = {kind: used.cpu_mean / 100 / audio_per_s for kind, used in report.figures.used.items() if audio_per_s}
    chain = Chain(gateway_cpu=cpu.get(GATEWAY, 0.0), shard_cpu=cpu.get(BROKER, 0.0), added_ms=service.added_ms)
    return Calibration(times, chain)
