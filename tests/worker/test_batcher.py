"""Selection of jobs that are decoded together."""

from hypothesis import given
from hypothesis import strategies as st

from tests.worker.deliveries import delivery
from worker.batcher import Batcher

JOBS = st.lists(st.tuples(st.booleans(), st.integers(1, 3)), max_size=12)


def test_batch_takes_the_most_urgent_jobs_up_to_the_slots() -> None:
    batcher = Batcher()
    for number in range(5):
        batcher.add(delivery(number))
    assert batcher.next(3) == [delivery(0), delivery(1), delivery(2)]
    assert batcher.next(3) == [delivery(3), delivery(4)]
    assert batcher.next(3) == []


def test_suspect_job_is_batched_alone_in_its_turn() -> None:
    batcher = Batcher()
    batcher.add(delivery(0))
    batcher.add(delivery(1, count=2))
    batcher.add(delivery(2), alone=True)
    batcher.add(delivery(3))
    assert [batcher.next(4) for _ in range(3)] == [
        [delivery(0), delivery(3)],
        [delivery(1, count=2)],
        [delivery(2)],
    ]


def test_discarded_job_is_not_batched() -> None:
    batcher = Batcher()
    batcher.add(delivery(0))
    batcher.add(delivery(1))
    batcher.discard(delivery(0))
    batcher.discard(delivery(5))
    assert batcher.next(2) == [delivery(1)]


@given(JOBS, st.integers(1, 5))
def test_batches_contain_every_job_once_and_suspects_alone(jobs: list[tuple[bool, int]], slots: int) -> None:
    batcher = Batcher()
    for number, (alone, count) in enumerate(jobs):
        batcher.add(delivery(number, count), alone=alone)
    batches = []
    while batch := batcher.next(slots):
        batches.append([one.job.segment for one in batch])
    assert len(batcher) == 0
    assert sorted(number for batch in batches for number in batch) == list(range(len(jobs)))
    assert all(1 <= len(batch) <= slots and batch == sorted(batch) for batch in batches)
    suspects = {number for number, (alone, count) in enumerate(jobs) if alone or count > 1}
    assert all(len(batch) == 1 for batch in batches if suspects & set(batch))
