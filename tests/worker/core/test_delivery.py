"""Parsing of stream entries, with valid and broken jobs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ErrorCode
from protocol.job import Job
from tests.worker.scripts import SESSION, fields_of, job, question
from worker.core.delivery import PARTIALS, read_delivery


def test_delivery_has_job_age_and_count() -> None:
    delivery = read_delivery("s", "1000-3", 2, 1_250, fields_of(job(7)))
    assert (delivery.job, delivery.age_ms, delivery.key, delivery.alone) == (job(7), 250, ("s", "1000-3"), True)
    assert delivery.refusal is None and delivery.seconds == 0.1
    assert not read_delivery("s", "1000-3", 1, 1_250, fields_of(job(7))).alone


def test_delivery_age_is_never_negative() -> None:
    assert read_delivery("s", "1000-0", 1, 900, fields_of(job())).age_ms == 0


@pytest.mark.parametrize(
    ("bad", "count", "code", "text"),
    [
        (Job(SESSION, 0, b"\0\0", 2), 1, ErrorCode.AUDIO_INVALID, "2 samples and brings 2 bytes"),
        (Job(SESSION, 0, b"\0", 1), 1, ErrorCode.AUDIO_INVALID, "brings 1 bytes"),
        (question(), 1, ErrorCode.INTERNAL, "hypothesise"),
        (job(), 21, ErrorCode.INTERNAL, "21 times"),
    ],
)
def test_undecodable_job_is_refused(bad: Job, count: int, code: ErrorCode, text: str) -> None:
    refusal = read_delivery("s", "1-0", count, 1, fields_of(bad)).refusal
    assert refusal is not None and refusal.code is code and text in refusal.message


def test_job_of_unknown_kind_is_refused() -> None:
    refusal = read_delivery("s", "1-0", 1, 1, fields_of(job()) | {b"kind": b"translate"}).refusal
    assert refusal is not None and refusal.code is ErrorCode.MALFORMED and "`kind`" in refusal.message


def test_partial_request_is_accepted_only_in_its_own_stream() -> None:
    assert read_delivery("s", "1-0", 1, 1, fields_of(question(3)), PARTIALS).refusal is None
    refusal = read_delivery("s", "1-0", 1, 1, fields_of(job(3)), PARTIALS).refusal
    assert refusal is not None and "recognise" in refusal.message


def test_twenty_deliveries_are_accepted() -> None:
    assert read_delivery("s", "1-0", 20, 1, fields_of(job())).refusal is None


def test_broken_job_keeps_its_identity() -> None:
    fields = fields_of(job(5, samples=320, attempt=2)) | {b"options": b"{"}
    delivery = read_delivery("s", "1-0", 1, 1, fields)
    assert delivery.refusal is not None and delivery.refusal.code is ErrorCode.MALFORMED
    assert delivery.job == Job(SESSION, 5, b"", 320, 2)


@given(st.dictionaries(st.sampled_from([f.encode() for f in Job.__struct_fields__]) | st.binary(), st.binary()))
def test_any_broken_entry_is_refused_without_error(fields: dict[bytes, bytes]) -> None:
    delivery = read_delivery("s", "1-0", 1, 1, fields)
    assert delivery.refusal is not None or delivery.job.samples * 2 == len(delivery.job.pcm)
