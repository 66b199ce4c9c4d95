"""Sums over the other processes of a gateway."""

from hypothesis import given
from hypothesis import strategies as st

from backend.admission.usage_elsewhere import KeyCounts, UsageElsewhere

FIELDS = KeyCounts.__struct_fields__
COUNTS = st.builds(KeyCounts, *[st.integers(0, 50) for _ in FIELDS])


def test_gateway_of_one_process_has_nothing_elsewhere() -> None:
    elsewhere = UsageElsewhere()
    assert elsewhere.connections == 0 and elsewhere.of("k") == KeyCounts()


def test_update_replaces_counts_of_a_process_and_returns_new_requests() -> None:
    elsewhere = UsageElsewhere()
    assert elsewhere.update(1, 3, {"k": KeyCounts(requests=5, streams=3)}) == {"k": 5}
    assert elsewhere.update(2, 1, {"k": KeyCounts(requests=1, streams=1)}) == {"k": 1}
    assert elsewhere.update(1, 2, {"k": KeyCounts(requests=7, streams=2)}) == {"k": 2}
    assert elsewhere.update(1, 2, {"k": KeyCounts(requests=7, streams=2)}) == {}
    assert elsewhere.connections == 3
    assert elsewhere.of("k") == KeyCounts(requests=8, streams=3)


def test_ended_process_and_revoked_key_are_forgotten() -> None:
    elsewhere = UsageElsewhere()
    elsewhere.update(1, 3, {"k": KeyCounts(streams=3), "other": KeyCounts(streams=1)})
    elsewhere.forget("k")
    assert elsewhere.of("k").streams == 0 and elsewhere.of("other").streams == 1
    elsewhere.gone(1)
    elsewhere.gone(1)
    assert elsewhere.connections == 0 and elsewhere.of("other") == KeyCounts()


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ab"), COUNTS), max_size=20))
def test_sum_contains_the_last_counts_of_each_process(received: list[tuple[int, str, KeyCounts]]) -> None:
    elsewhere, last = UsageElsewhere(), dict[tuple[int, str], KeyCounts]()
    for process, key, counts in received:
        elsewhere.update(process, 1, {key: counts})
        last[process, key] = counts
    for key in "ab":
        known = [counts for (_, its), counts in last.items() if its == key]
        assert [getattr(elsewhere.of(key), name) for name in FIELDS] == [
            sum(getattr(counts, name) for counts in known) for name in FIELDS
        ]
    assert elsewhere.connections == len({process for process, _, _ in received})
