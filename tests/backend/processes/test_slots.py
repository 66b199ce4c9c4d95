"""Decisions of the supervisor."""

from backend.processes.slots import STEADY_S, Share, by_share, failures_after, pause_s, restart_order


def test_next_connection_goes_to_the_process_with_the_fewest() -> None:
    shares = {"a": Share(3), "b": Share(1), "c": Share(2)}
    assert by_share(shares.items()) == ["b", "c", "a"]


def test_connections_that_were_just_given_count_until_the_process_reports() -> None:
    share = Share(1)
    share.given += 2
    assert share.expected == 3
    share.count(2)
    assert share.expected == 2


def test_pause_before_a_restart_grows_with_crashes_in_a_row() -> None:
    pauses = [pause_s(failures) for failures in range(10)]
    assert pauses == sorted(pauses) and pauses[0] < 1 and pauses[-1] == 5.0


def test_crash_after_a_steady_time_begins_a_new_row() -> None:
    assert failures_after(4, STEADY_S) == 0
    assert failures_after(4, STEADY_S / 2) == 5


def test_main_process_is_replaced_first() -> None:
    assert restart_order(3) == (0, 1, 2)
