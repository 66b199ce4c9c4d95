"""Selection of the jobs that one call of the engine decodes."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from protocol.engine import EngineInfo
from protocol.recognition import Options
from tests.worker.deliveries import delivery
from worker.batcher import Batcher
from worker.core.delivery import Delivery

GPU = EngineInfo("e", "m", "cuda:0", slots=3)
CPU = EngineInfo("e", "m", "cpu", slots=3)
JOBS = st.lists(
    st.tuples(st.booleans(), st.integers(1, 3), st.sampled_from(["interactive", "bulk"]), st.integers(1, 9)),
    max_size=12,
)


def of(number: int, options: Options, count: int = 1, samples: int = 1600) -> Delivery:
    """Return the ``number``-th delivery, with these options."""
    one = delivery(number, count, samples)
    return Delivery(one.stream, one.entry, count, 0, changed(one.job, options=options))


def calls(batcher: Batcher, engine: EngineInfo) -> list[list[int]]:
    """Return the segments of each call until nothing waits."""
    found = []
    while call := batcher.next(engine):
        found.append([one.job.segment for one in call])
    return found


def filled(*deliveries: Delivery) -> Batcher:
    batcher = Batcher()
    for one in deliveries:
        batcher.add(one)
    return batcher


def test_call_takes_waiting_jobs_up_to_the_slots() -> None:
    assert calls(filled(*map(delivery, range(5))), GPU) == [[0, 1, 2], [3, 4]]


def test_cpu_decodes_jobs_of_people_one_by_one_and_files_together() -> None:
    said, file = Options(), Options(priority="bulk")
    waiting = [of(number, file if number % 2 else said) for number in range(8)]
    assert calls(filled(*waiting), CPU) == [[0], [2], [4], [6], [1, 3, 5], [7]]


def test_people_are_first_and_files_fill_the_call_of_a_gpu() -> None:
    said, file = Options(), Options(priority="bulk")
    assert calls(filled(of(0, file), of(1, file), of(2, said), of(3, file)), GPU) == [[2, 0, 1], [3]]


def test_call_shares_the_options_that_the_engine_names() -> None:
    wishes = [Options(language="zh"), Options(), Options(language="zh", hotwords=("a",)), Options()]
    waiting = [of(number, wish) for number, wish in enumerate(wishes)]
    assert calls(filled(*waiting), GPU) == [[0, 1, 2], [3]]
    assert calls(filled(*waiting), changed(GPU, shared_options=("language", "unknown"))) == [[0, 2], [1, 3]]


def test_call_of_a_padding_engine_has_similar_lengths() -> None:
    waiting = [delivery(number, samples=samples) for number, samples in enumerate((20, 9, 10, 41, 40))]
    assert calls(filled(*waiting), changed(GPU, pads=True)) == [[0, 2], [1], [3, 4]]
    assert calls(filled(*waiting), changed(GPU, pads=False)) == [[0, 1, 2], [3, 4]]


def test_suspect_job_is_decoded_alone_in_its_turn() -> None:
    batcher = filled(delivery(0), delivery(1, count=2))
    batcher.add(delivery(2), alone=True)
    batcher.add(delivery(3))
    assert calls(batcher, GPU) == [[0, 3], [1], [2]]


def test_discarded_job_is_not_decoded() -> None:
    batcher = filled(delivery(0), delivery(1))
    batcher.discard(delivery(0))
    batcher.discard(delivery(5))
    assert batcher.next(GPU) == [delivery(1)]


@given(JOBS, st.integers(1, 5), st.booleans(), st.booleans())
def test_calls_contain_every_job_once_and_suspects_alone(
    jobs: list[tuple[bool, int, str, int]], slots: int, cpu: bool, pads: bool
) -> None:
    batcher, engine = Batcher(), EngineInfo("e", "m", "cpu" if cpu else "cuda", slots=slots, pads=pads)
    for number, (alone, count, priority, length) in enumerate(jobs):
        options = Options(priority="bulk" if priority == "bulk" else "interactive")
        batcher.add(of(number, options, count, length), alone=alone)
    made = calls(batcher, engine)
    assert len(batcher) == 0
    assert sorted(number for call in made for number in call) == list(range(len(jobs)))
    suspects = {number for number, (alone, count, _, _) in enumerate(jobs) if alone or count > 1}
    for call in made:
        lengths = [jobs[number][3] for number in call]
        assert 1 <= len(call) <= slots
        assert len(call) == 1 or not suspects & set(call)
        assert len(call) == 1 or not cpu or all(jobs[number][2] == "bulk" for number in call)
        assert not pads or max(lengths) <= 2 * min(lengths)
