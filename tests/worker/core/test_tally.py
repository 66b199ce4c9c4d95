from tests.worker.deliveries import delivery
from worker.core.tally import FINAL, NOT_WANTED, WorkerTally


def test_tally_counts_one_batch_and_each_of_its_jobs() -> None:
    tally = WorkerTally()
    tally.count_batch([delivery(0), delivery(1)], 0.5)
    tally.count_batch([delivery(2)], 0.25)
    assert (tally.decode.read().count, tally.decode.read().sum) == (3, 1.25)
    assert tally.queue.read().count == 3
    assert tally.batches.read().buckets[:2] == ((1.0, 1), (2.0, 2))


def test_tally_counts_jobs_by_outcome() -> None:
    tally = WorkerTally()
    tally.count_job(FINAL, 2.5)
    tally.count_job(NOT_WANTED, 1.0)
    tally.count_job("dead")
    assert dict(tally.jobs) == {FINAL: 1, NOT_WANTED: 1, "dead": 1}
    assert tally.audio_s == 3.5
