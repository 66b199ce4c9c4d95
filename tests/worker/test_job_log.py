"""Progress log of jobs: one line at the end of each, and one for each unusual event."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from protocol.engine import DecodeFailure
from protocol.errors import ErrorCode
from tests.helpers.logs import capture_logs
from tests.worker.deliveries import delivery
from worker.broker.jobs import Verdict
from worker.broker.scripts import RETURNED
from worker.job_log import JobLog

Lines = list[Any]


@pytest.fixture
def lines() -> Iterator[Lines]:
    with capture_logs() as logs:
        yield logs


def test_job_log_has_one_line_per_job_with_its_times(lines: Lines) -> None:
    log, job = JobLog(), replace(delivery(0, samples=32_000), age_ms=120)
    log.note_taken(job, 10.0)
    log.note_decoding([job], 10.25)
    log.log_end(job, decode_ms=400, counted=True, now=10.7)
    (line,) = lines
    assert line["event"] == "job.ended" and line["outcome"] == "final"
    assert (line["session"], line["segment"], line["attempt"]) == (job.job.session, 0, 0)
    assert (line["queue_ms"], line["wait_ms"], line["decode_ms"], line["store_ms"]) == (120, 250, 400, 50)
    assert (line["job"], line["deliveries"], line["audio_ms"]) == ("0-0", 1, 2_000)
    assert "kind" not in line and "borrowed" not in line


def test_job_log_has_a_job_taken_over_from_a_silent_worker(lines: Lines) -> None:
    log = JobLog()
    log.note_taken(replace(delivery(0, count=2), taken_from="other-1-ab", silent_ms=10_400), 0.0)
    (line,) = lines
    assert line["event"] == "job.taken_over"
    assert (line["taken_from"], line["silent_ms"], line["deliveries"]) == ("other-1-ab", 10_400, 2)
    log.note_taken(replace(delivery(1, count=2), taken_from=RETURNED, silent_ms=3_600_000), 0.0)
    assert len(lines) == 1, "a job that its worker handed back is not logged"


def test_job_log_has_a_long_job_once(lines: Lines) -> None:
    log, job = JobLog(), delivery(0)
    log.note_taken(job, 0.0)
    log.note_decoding([job], 0.5)
    for now in (2.5, 5.0, 7.5):
        log.log_renewal([job], now)
    (line,) = lines
    assert line["event"] == "job.renewed" and (line["held_ms"], line["decoding"]) == (2_500, True)


def test_job_log_has_failures_and_lost_leases_with_times(lines: Lines) -> None:
    log, why = JobLog(), DecodeFailure(ErrorCode.ENGINE_DIED, "the engine's process ended")
    one, two, three = delivery(0), delivery(1), delivery(2)
    for job in (one, two, three):
        log.note_taken(job, 0.0)
    log.note_decoding([one, two], 1.0)
    log.log_retry(two, 1.5)
    log.log_failure(one, why, Verdict.AGAIN, 2.0)
    log.log_loss(three, 3.0)
    again, failed, lost = lines
    assert again["event"] == "job.decoded_alone" and again["decode_ms"] == 500
    assert (failed["verdict"], failed["code"], failed["wait_ms"], failed["decode_ms"]) == (
        Verdict.AGAIN,
        ErrorCode.ENGINE_DIED,
        1_000,
        1_000,
    )
    assert (lost["wait_ms"], lost["decode_ms"]) == (3_000, 0)


def test_job_log_has_unwanted_result_without_invented_times(lines: Lines) -> None:
    JobLog().log_end(replace(delivery(0), borrowed=True), decode_ms=10, counted=False, now=5.0)
    (line,) = lines
    assert (line["outcome"], line["wait_ms"], line["decode_ms"], line["borrowed"]) == ("not wanted", 0, 10, True)
