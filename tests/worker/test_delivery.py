"""Reading stream entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ErrorCode
from protocol.job import Job
from tests.worker.scripts import SESSION, fields_of, job, question
from worker.delivery import PARTIALS, read_delivery


def test_a_job_is_read_with_its_circumstances() -> None:
    delivery = read_delivery("s", "1000-3", 2, 1_250, fields_of(job(7)))
    assert (delivery.job, delivery.age_ms, delivery.key, delivery.alone) == (job(7), 250, ("s", "1000-3"), True)
    assert delivery.refusal is None and delivery.seconds == 0.1
    assert not read_delivery("s", "1000-3", 1, 1_250, fields_of(job(7))).alone


def test_a_clock_that_was_put_back_makes_no_negative_age() -> None:
    assert read_delivery("s", "1000-0", 1, 900, fields_of(job())).age_ms == 0


@pytest.mark.parametrize(
    ("bad", "count", "code", "text"),
    [
        (Job(SESSION, 0, b"\0\0", 2), 1, ErrorCode.AUDIO_INVALID, "2 samples and brings 2 bytes"),
        (Job(SESSION, 0, b"\0", 1), 1, ErrorCode.AUDIO_INVALID, "brings 1 bytes"),
        (question(), 1, ErrorCode.UNSUPPORTED, "hypothesise"),
        (job(), 21, ErrorCode.INTERNAL, "21 times"),
    ],
)
def test_what_nobody_can_decode_is_refused(bad: Job, count: int, code: ErrorCode, text: str) -> None:
    refusal = read_delivery("s", "1-0", count, 1, fields_of(bad)).refusal
    assert refusal is not None and refusal.code is code and text in refusal.message


def test_a_kind_of_another_version_is_refused() -> None:
    refusal = read_delivery("s", "1-0", 1, 1, fields_of(job()) | {b"kind": b"translate"}).refusal
    assert refusal is not None and refusal.code is ErrorCode.MALFORMED and "translate" in refusal.message


def test_a_request_for_a_partial_belongs_into_its_own_stream_alone() -> None:
    assert read_delivery("s", "1-0", 1, 1, fields_of(question(3)), PARTIALS).refusal is None
    refusal = read_delivery("s", "1-0", 1, 1, fields_of(job(3)), PARTIALS).refusal
    assert refusal is not None and "recognise" in refusal.message


def test_twenty_deliveries_are_not_too_many() -> None:
    assert read_delivery("s", "1-0", 20, 1, fields_of(job())).refusal is None


def test_the_identity_of_a_broken_job_is_kept() -> None:
    fields = fields_of(job(5, samples=320, attempt=2)) | {b"options": b"{"}
    delivery = read_delivery("s", "1-0", 1, 1, fields)
    assert delivery.refusal is not None and delivery.refusal.code is ErrorCode.MALFORMED
    assert delivery.job == Job(SESSION, 5, b"", 320, 2)


@given(st.dictionaries(st.sampled_from([f.encode() for f in Job.__struct_fields__]) | st.binary(), st.binary()))
def test_no_entry_is_too_broken_to_be_refused(fields: dict[bytes, bytes]) -> None:
    delivery = read_delivery("s", "1-0", 1, 1, fields)
    assert delivery.refusal is not None or delivery.job.samples * 2 == len(delivery.job.pcm)
