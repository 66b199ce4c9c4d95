from app.insertion.paste_watch import HANGS_S, LATE_S, READ_DEADLINE_S, SETTLED_S, PasteState, PasteWatch

TARGET, OTHER = 1, 2


def test_only_reads_by_the_target_after_the_key_count() -> None:
    watch = PasteWatch(TARGET)
    assert not watch.text_requested(TARGET, 0.0)  # without a key
    watch.pressed(1.0)
    assert not watch.text_requested(OTHER, 1.1)
    assert watch.verdict(1.1) is PasteState.WAITING
    assert watch.text_requested(TARGET, 1.2)
    assert watch.verdict(1.2) is PasteState.WAITING  # requested, but not taken
    watch.received()
    assert watch.verdict(1.3) is PasteState.READ


def test_paste_settles_a_while_after_the_last_request() -> None:
    watch = PasteWatch(TARGET)
    watch.pressed(1.0)
    watch.text_requested(TARGET, 1.1)
    watch.text_requested(TARGET, 1.4)
    assert watch.settles_s() == 1.4 + SETTLED_S
    assert 1.4 < watch.quiet_s() < watch.settles_s()


def test_paste_is_not_read_after_the_deadline() -> None:
    watch = PasteWatch(TARGET)
    assert watch.verdict(100.0) is PasteState.WAITING  # the key is not pressed yet
    watch.pressed(100.0)
    assert watch.verdict(100.0 + READ_DEADLINE_S) is PasteState.NOT_READ
    patient = PasteWatch(TARGET, 2 * READ_DEADLINE_S)
    patient.pressed(100.0)
    assert patient.verdict(100.0 + READ_DEADLINE_S) is PasteState.WAITING
    assert patient.verdict(100.0 + 2 * READ_DEADLINE_S) is PasteState.NOT_READ


def test_requests_of_the_target_extend_the_deadline() -> None:
    watch = PasteWatch(TARGET)
    watch.pressed(0.0)
    watch.text_requested(OTHER, 0.95)
    assert watch.verdict(READ_DEADLINE_S) is PasteState.NOT_READ
    watch.text_requested(TARGET, 0.95)
    assert watch.verdict(1.05) is PasteState.WAITING and watch.ends_s() == 0.95 + READ_DEADLINE_S
    watch.text_requested(TARGET, 1.5)  # a request for the next piece
    assert watch.verdict(2.4) is PasteState.WAITING
    assert watch.verdict(1.5 + READ_DEADLINE_S) is PasteState.NOT_READ
    watch.received()
    assert watch.verdict(1.5 + READ_DEADLINE_S) is PasteState.READ


def test_requests_before_the_key_do_not_extend_the_deadline() -> None:
    watch = PasteWatch(TARGET)
    watch.text_requested(TARGET, 100.0)
    watch.pressed(0.0)
    assert watch.verdict(READ_DEADLINE_S) is PasteState.NOT_READ


def test_paste_ends_when_another_program_copies() -> None:
    watch = PasteWatch(TARGET)
    watch.pressed(1.0)
    watch.owner_changed()
    assert watch.verdict(1.0) is PasteState.TAKEN


def test_late_answer_to_a_key_is_refused_once() -> None:
    watch = PasteWatch(TARGET)
    watch.pressed(0.0)
    assert not watch.refuses(TARGET, 0.5)
    watch.give_up(1.0)
    assert watch.late(TARGET, 2.0) and not watch.late(OTHER, 2.0)
    assert not watch.refuses(OTHER, 2.0)
    assert watch.refuses(TARGET, 2.0)
    assert watch.refuses(TARGET, 2.4)  # the next format of the same paste
    assert watch.refuses(TARGET, 2.4 + SETTLED_S - 0.1)  # and one more, of a slow program
    assert not watch.refuses(TARGET, 2.4 + 2 * SETTLED_S)
    assert not watch.late(TARGET, 2.4 + 2 * SETTLED_S)


def test_late_answer_is_expected_only_for_limited_time() -> None:
    watch = PasteWatch(TARGET)
    watch.pressed(0.0)
    watch.give_up(1.0)
    assert watch.may_be_late(1.0)
    assert not watch.may_be_late(1.0 + LATE_S)
    assert not watch.refuses(TARGET, 1.0 + LATE_S)


def test_late_answer_is_expected_until_the_ping_is_answered() -> None:
    watch = PasteWatch(TARGET)
    watch.pressed(0.0)
    watch.give_up(1.0)
    assert watch.pinged(1.0)
    assert watch.may_be_late(1.0 + 2 * LATE_S) and not watch.may_be_late(1.0 + HANGS_S)
    watch.answered(31.0)
    assert watch.refuses(TARGET, 31.0)
    assert watch.refuses(TARGET, 31.0 + SETTLED_S - 0.1) and not watch.may_be_late(31.0 + SETTLED_S)


def test_late_answer_comes_before_the_answered_ping() -> None:
    watch = PasteWatch(TARGET)
    watch.pressed(0.0)
    watch.give_up(1.0)
    watch.pinged(1.0)
    assert watch.refuses(TARGET, 30.0)
    watch.answered(30.1)
    assert watch.refuses(TARGET, 30.4)
    assert not watch.may_be_late(30.1 + SETTLED_S)


def test_answered_ping_leaves_the_usual_time_for_a_late_answer() -> None:
    """A part of a program may answer pings while another part, which handles its keys, hangs."""
    watch = PasteWatch(TARGET)
    watch.pressed(0.0)
    watch.give_up(1.0)
    watch.pinged(1.0)
    watch.answered(1.1)
    assert watch.may_be_late(1.0 + LATE_S - 0.1) and not watch.may_be_late(1.0 + LATE_S)


def test_no_late_answer_is_expected_without_a_key() -> None:
    watch = PasteWatch(TARGET)
    watch.give_up(1.0)
    assert not watch.pinged(1.0)
    watch.answered(1.1)
    assert not watch.may_be_late(1.0) and not watch.late(TARGET, 1.0)
