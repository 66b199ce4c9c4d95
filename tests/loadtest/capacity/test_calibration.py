"""Calibration by the report of a real run."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from client.connection import Address, fixed_locator
from loadtest.capacity.calibration import read_calibration
from loadtest.core.errors import LoadTestError
from loadtest.measurement.processes import ProcessUsage
from loadtest.reports.run import Report, Run
from protocol.audio import SAMPLE_RATE
from tests.loadtest.measurement.test_tally import ended


def report(segments: int) -> Report:
    """Return the report of a run with one worker."""
    run = Run("streams", {}, fixed_locator(Address("http://127.0.0.1:9", "secret")), single_workers=1)
    run.tally.ended += [ended(number, 80.0, audio_ms=1_000 + number, decode=50) for number in range(segments)]
    run.tally.samples = segments * SAMPLE_RATE
    run.usages.append(ProcessUsage(1.0, {"gateway": 10.0, "broker": 5.0, "load maker": 1.0}, {}))
    return run.report()


def test_calibration_has_the_times_of_the_report(tmp_path: Path) -> None:
    measured = report(50)
    (tmp_path / "report.json").write_bytes(msgspec.json.encode(measured))
    found = read_calibration(tmp_path / "report.json")
    assert found.times.decode_s([1.0]) == pytest.approx(0.0505)
    assert found.times.turn_s == 0.0
    assert found.chain.added_ms == (28.0,) * 20
    cpu = np.array([found.chain.gateway_cpu, found.chain.shard_cpu])
    assert cpu * measured.figures.aggregate_audio_per_wall == pytest.approx([0.10, 0.05])


def test_calibration_refuses_a_run_that_measured_too_little(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(msgspec.json.encode(report(5)))
    with pytest.raises(LoadTestError, match="more segments"):
        read_calibration(tmp_path / "report.json")


def test_calibration_refuses_other_files_than_reports(tmp_path: Path) -> None:
    with pytest.raises(LoadTestError, match="cannot be read"):
        read_calibration(tmp_path / "report.json")
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(LoadTestError, match=r"not the report\.json of a run"):
        read_calibration(tmp_path / "report.json")
