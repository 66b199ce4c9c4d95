"""Second passes in the broker: the session's hash keeps what they replace."""

from msgspec.structs import replace

from backend.broker.records import Attachment, JobQueued
from tests.backend.broker_setting import Setting, job


async def test_hash_keeps_the_segments_that_a_span_replaces(at: Setting) -> None:
    for n in range(3):
        await at.jobs.submit(replace(job(), segment=n))
    span = replace(job(), segment=3, replaces=(0, 2))
    assert isinstance(await at.jobs.submit(span), JobQueued)
    assert [await at.field(name) for name in ("span:3", "part:0", "part:1", "part:2")] == ["[0,2]", "3", None, "3"]
    attachment = await at.jobs.attach("s", "o", resume=True)
    assert isinstance(attachment, Attachment)
    assert {n: record.replaces for n, record in attachment.segments.items()} == {0: (), 1: (), 2: (), 3: (0, 2)}


async def test_span_is_known_when_it_has_ended_and_its_worker_does_not_know_spans(at: Setting) -> None:
    span = replace(job(), segment=3, replaces=(0, 2))
    await at.jobs.submit(span)
    assert await at.recognise("both", replace(span, replaces=()))
    attachment = await at.jobs.attach("s", "o", resume=True)
    assert isinstance(attachment, Attachment)
    record = attachment.segments[3]
    assert (record.good, record.replaces) == (True, (0, 2))


async def test_cancelled_span_stays_known_to_the_history(at: Setting) -> None:
    await at.jobs.submit(replace(job(), segment=3, replaces=(0, 2)))
    await at.jobs.cancel("s", 3, 0)
    assert await at.field("span:3") == "[0,2]"
