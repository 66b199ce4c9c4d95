"""Expected waits, admission of sessions, and ``Busy`` messages."""

import dataclasses

import pytest
from msgspec.structs import replace

from backend.admission.admission import (
    AdmissionLimits,
    Expectation,
    StreamContent,
    Survey,
    busy,
    decode_s,
    expect,
    expect_behind,
    is_quick,
    join_surveys,
    makes_partials,
    refuse,
    spare_slots,
    speed,
    with_eta,
    worth_sending,
)
from backend.admission.audio_budget import HeldAudio
from backend.core.errors import BrokerUnreachable
from backend.core.refusal import RefusalReason
from protocol.job import Job, JobKind, Keys
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options
from protocol.session import Busy, Queued

LIMITS = AdmissionLimits()
SECOND = 16_000
ANY = Keys().jobs("interactive")


def worker(speed: float = 4.0, model: str = "m", state: WorkerState = WorkerState.IDLE) -> WorkerStatus:
    return WorkerStatus("w", "h", "e", model, "cpu", state, speed=speed)


def seconds(of_audio: float) -> StreamContent:
    return StreamContent(round(of_audio * SECOND), 1, 0)


def survey(of_audio: float = 0.0, *workers: WorkerStatus, stream: str = "", memory: float = 0.0) -> Survey:
    name = stream or Keys().jobs("interactive")
    return Survey({name: seconds(of_audio)}, workers, memory)


def test_speed_counts_only_workers_that_can_work() -> None:
    fleet = survey(0, worker(4.0), worker(2.0, "n"), worker(9.0, state=WorkerState.DRAINING), worker(0.0))
    assert speed(fleet, "") == 4.0 + 2.0 + 1.0
    assert speed(fleet, "n") == 2.0
    assert speed(fleet, "other") == 0.0


def test_wait_is_queued_audio_divided_by_speed() -> None:
    expected = expect(survey(20, worker(4.0)), Options())
    assert (expected.ahead_s, expected.eta_s) == (20.0, 5.0)
    assert expect_behind(survey(20, worker(4.0)), Options(), 8 * SECOND, 4 * SECOND).eta_s == 3.0
    assert expect_behind(survey(), Options(), SECOND, 0).eta_s is None
    queued = Queued(0, ahead_s=8.0)
    assert list(with_eta([queued], survey(20, worker(4.0)), Options(), 4 * SECOND)) == [Queued(0, 8.0, 3_000)]
    assert list(with_eta([queued], survey(), Options(), 0)) == [queued]


def test_empty_segments_count_as_one_second_each() -> None:
    state = Survey({ANY: StreamContent(0, 200, 0)}, (worker(4.0),))
    assert expect(state, Options()) == Expectation(200.0, 50.0)
    assert refuse(state, True, 0, LIMITS) is not None
    assert refuse(Survey({ANY: StreamContent(200, 20, 0)}, (worker(4.0),)), True, 0, LIMITS) is None


def test_held_back_audio_counts_only_for_its_key() -> None:
    base = survey(20, worker(4.0))
    own = base.with_held({("interactive", ""): StreamContent(40 * SECOND, 8, 0), ("bulk", "m"): seconds(4)})
    assert expect(own, Options()).ahead_s == 60.0
    assert own.streams[Keys().jobs("bulk", "m")] == seconds(4)
    assert expect(base, Options()).ahead_s == 20.0


def test_bulk_estimate_of_one_model_is_kept_while_another_model_idles() -> None:
    state = survey(400, worker(4.0), worker(4.0, "n"), stream=Keys().jobs("interactive", "m"))
    assert expect(state, Options(priority="bulk", model="m")).eta_s == 100.0


def test_interactive_jobs_overtake_bulk_jobs() -> None:
    bulk = survey(20, worker(), stream=Keys().jobs("bulk"))
    assert expect(bulk, Options()).ahead_s == 0.0
    assert expect(bulk, Options(priority="bulk")).ahead_s == 20.0
    assert expect(survey(20, worker()), Options(priority="bulk")).ahead_s == 20.0


def test_segment_for_any_model_waits_for_first_free_worker() -> None:
    own = Keys().jobs("interactive", "m")
    assert expect(survey(20, worker(), stream=own), Options()).eta_s == 5.0
    assert expect(survey(20, worker(), worker(2.0, "n"), stream=own), Options()).eta_s == 0.0
    both = Survey({own: seconds(20), ANY: seconds(24)}, (worker(), worker(2.0, "n")))
    assert expect(both, Options()).eta_s == (24 + 20) / 6  # one worker alone until 5 s, then both
    assert expect(both, Options(model="m")) == Expectation(20.0, 5.0)
    assert expect(both, Options(model="n")) == Expectation(0.0, 0.0)
    assert expect(both, Options(model="other")) == Expectation(0.0, None)


def test_files_wait_for_all_speech() -> None:
    streams = {
        Keys().jobs("interactive", "m"): seconds(8),
        ANY: seconds(8),
        Keys().jobs("bulk", "m"): seconds(40),
        Keys().jobs("bulk"): seconds(4),
    }
    alone = Survey(streams, (worker(4.0),))
    assert expect(alone, Options(priority="bulk", model="m")).eta_s == (8 + 8 + 40) / 4
    assert expect(alone, Options(priority="bulk")).eta_s == (8 + 8 + 40 + 4) / 4
    assert expect_behind(alone, Options(priority="bulk"), 4 * SECOND, 20 * SECOND).eta_s == (8 + 8 + 40 + 24) / 4
    helped = Survey(streams, (worker(4.0), worker(4.0, "n")))
    assert expect(helped, Options(priority="bulk")).eta_s == 3.0  # the other worker has done all speech by 2.0


@pytest.mark.parametrize(
    ("state", "up", "sessions", "status"),
    [
        (survey(0, worker()), True, 0, None),
        (survey(0), True, 0, None),
        (survey(0, worker()), True, LIMITS.sessions, 429),
        (survey(0, worker()), False, 0, 503),
        (survey(0, worker(), memory=0.7), True, 0, 503),
        (survey(119, worker(4.0)), True, 0, None),
        (survey(121, worker(4.0)), True, 0, 503),
        (survey(599), True, 0, None),
        (survey(601), True, 0, 503),
    ],
)
def test_new_sessions_are_refused_with_reason_and_delay(
    state: Survey, up: bool, sessions: int, status: int | None
) -> None:
    refusal = refuse(state, up, sessions, LIMITS)
    assert (refusal.status if refusal else None) == status
    assert refusal is None or (refusal.message and refusal.retry_s > 0)


def test_session_is_accepted_when_wait_equals_limit() -> None:
    state = survey(4 * LIMITS.wait_s, worker(4.0))
    assert expect(state, Options()).eta_s == LIMITS.wait_s
    assert refuse(state, True, 0, LIMITS) is None
    later = refuse(survey(4 * (LIMITS.wait_s + 9), worker(4.0)), True, 0, LIMITS)
    assert later is not None and later.retry_s == 9 + 1, "when the wait has come down to the limit"


def test_survey_follows_jobs_of_this_gateway_since_it_was_made() -> None:
    of, two = ("interactive", ""), StreamContent(9 * SECOND, 2, 0)
    assert survey(10).with_moved_jobs({of: seconds(4)}, {}).streams[ANY] == StreamContent(6 * SECOND, 0, 0)
    assert survey(10).with_moved_jobs({}, {of: seconds(4)}).streams[ANY] == StreamContent(14 * SECOND, 2, 0)
    assert survey(4).with_moved_jobs({of: seconds(4)}, {of: two}).streams[ANY] == two
    assert survey(4).with_moved_jobs({of: two}, {}).streams[ANY] == StreamContent(0, 0, 0)
    assert survey(2).with_moved_jobs({of: seconds(10)}, {of: seconds(4)}).streams[ANY] == seconds(4)


@pytest.mark.parametrize("model", ["", "m"])
def test_guessed_wait_refuses_no_session_until_a_worker_has_shown_its_speed(model: str) -> None:
    """A worker that has just started may be much faster than the guessed speed."""
    queued_s, options = 4 * LIMITS.wait_s, Options(model=model)
    assert refuse(survey(queued_s, worker(0.0)), True, 0, LIMITS, options) is None
    measured = refuse(survey(queued_s, worker(0.0), worker(1.0)), True, 0, LIMITS, options)
    assert measured is not None and measured.reason is RefusalReason.LOAD
    much = refuse(survey(LIMITS.unattended_s + 1, worker(0.0)), True, 0, LIMITS, options)
    assert much is not None and much.reason is RefusalReason.NO_WORKER


def test_unresponsive_broker_counts_as_away_unless_memory_is_over_limit() -> None:
    limits = AdmissionLimits(memory=0.99)
    states = [survey(0, worker(), memory=memory) for memory in (0.97, 0.99, 0.995)]
    reasons = [refusal.reason for state in states if (refusal := refuse(state, False, 0, limits))]
    assert reasons == [RefusalReason.BROKER, RefusalReason.BROKER, RefusalReason.MEMORY]


def test_busy_names_the_reason_of_the_wait() -> None:
    assert busy(survey(0, worker()), True, Options(), LIMITS) is None
    assert busy(survey(0, worker()), False, Options(), LIMITS) == Busy("broker", accepting=False)
    assert busy(survey(), True, Options(), LIMITS) == Busy("no_worker")
    assert busy(survey(0, worker(model="n")), True, Options(model="m"), LIMITS) == Busy("no_worker")
    assert busy(survey(60, worker(4.0)), True, Options(), LIMITS) == Busy("load", eta_ms=15_000)
    full = Survey(workers=(worker(),), memory=0.7)  # no wait, but no room either
    assert busy(full, True, Options(), LIMITS) == Busy("load", accepting=False, eta_ms=0)
    assert busy(survey(200, worker(4.0)), True, Options(), LIMITS) == Busy("load", accepting=False, eta_ms=50_000)


def test_busy_is_repeated_only_after_relevant_change() -> None:
    load = Busy("load", eta_ms=20_000)
    assert worth_sending(None, None) is None
    assert worth_sending(None, load) == load
    assert worth_sending(load, load) is None
    assert worth_sending(load, replace(load, eta_ms=30_000)) is None
    assert worth_sending(load, replace(load, eta_ms=50_000)) == replace(load, eta_ms=50_000)
    assert worth_sending(load, replace(load, eta_ms=9_000)) == replace(load, eta_ms=9_000)
    assert worth_sending(load, Busy("broker")) == Busy("broker")
    assert worth_sending(Busy("no_worker"), Busy("no_worker")) is None
    assert worth_sending(replace(load, eta_ms=0), replace(load, eta_ms=1)) == replace(load, eta_ms=1)
    assert worth_sending(load, None) == Busy("load", eta_ms=0)
    assert worth_sending(load, None, partials=True) == Busy("load", partials=True, eta_ms=0)
    assert worth_sending(load, Busy("load", partials=True, eta_ms=20_000)) is not None


def fleet(entries: int, slots: int = 2, stream: str = "", memory: float = 0.0) -> Survey:
    one = WorkerStatus("w", "h", "e", "m", "cuda:0", WorkerState.IDLE, slots, speed=4.0)
    slow = WorkerStatus("v", "h", "e", "n", "cpu", WorkerState.BUSY, 1, speed=2.0)
    gone = WorkerStatus("u", "h", "e", "m", "cpu", WorkerState.FAILED, 9)
    name = stream or Keys().jobs("interactive")
    return Survey({name: StreamContent(entries * SECOND, entries, 0)}, (one, slow, gone), memory)


def test_spare_slots_are_slots_of_idle_capacity() -> None:
    assert spare_slots(fleet(0), Options(), LIMITS) == 3
    assert spare_slots(fleet(3), Options(), LIMITS) == 3
    assert spare_slots(fleet(4), Options(), LIMITS) == 0
    assert spare_slots(fleet(0), Options(model="m"), LIMITS) == 2
    assert spare_slots(fleet(3, stream=Keys().jobs("interactive", "m")), Options(model="m"), LIMITS) == 0
    assert spare_slots(fleet(9, stream=Keys().jobs("bulk")), Options(), LIMITS) == 3
    assert spare_slots(fleet(0), Options(priority="bulk"), LIMITS) == 0
    assert spare_slots(fleet(0, memory=0.55), Options(), LIMITS) == 0
    for of_audio, spare in ((59, 3), (61, 0)):  # at a speed of 6: a third of the longest wait
        waiting = dataclasses.replace(fleet(0), streams={ANY: seconds(of_audio)})
        assert spare_slots(waiting, Options(), LIMITS) == spare
    full = dataclasses.replace(fleet(0), held=HeldAudio(LIMITS.unqueued_bytes))
    assert spare_slots(full, Options(), LIMITS) == 0
    assert spare_slots(Survey(), Options(), LIMITS) == 0


def test_decode_time_is_that_of_fastest_worker() -> None:
    assert decode_s(fleet(0), Options(), 4 * SECOND) == 1.0
    assert decode_s(fleet(0), Options(model="n"), 4 * SECOND) == 2.0
    assert decode_s(Survey(), Options(), 4 * SECOND) == 0.0


def test_worker_on_a_cpu_has_one_spare_slot() -> None:
    survey = fleet(0)
    cpus = Survey(workers=tuple(replace(one, device="cpu", slots=4) for one in survey.workers))
    assert spare_slots(cpus, Options(), LIMITS) == 2


@pytest.mark.parametrize(
    ("kind", "seconds", "quick"),
    [
        (JobKind.SPECULATE, 1.1, True),
        (JobKind.SPECULATE, 1.2, False),  # 0.3 s at the speed of 4: half of the endpoint's silence
        (JobKind.HYPOTHESISE, 6.0, True),
        (JobKind.HYPOTHESISE, 6.1, False),
    ],
)
def test_best_effort_decode_is_made_if_it_ends_soon(kind: JobKind, seconds: float, quick: bool) -> None:
    samples = round(seconds * SECOND)
    job = Job("s", 0, b"", samples, kind=kind)
    assert is_quick(fleet(0), job, 1.5) is quick
    assert is_quick(Survey(), job, 1.5), "the speed is not known yet"


def test_partials_are_made_on_request_while_capacity_is_spare() -> None:
    assert makes_partials(fleet(0), Options(partials=True), LIMITS)
    assert not makes_partials(fleet(0), Options(), LIMITS)
    assert not makes_partials(fleet(4), Options(partials=True), LIMITS)


def test_survey_of_shards_is_their_sum_and_lists_missing_shards() -> None:
    one = Survey({ANY: StreamContent(10, 1, 500)}, (worker(),), memory=0.2)
    other = Survey({ANY: StreamContent(5, 2, 100)}, (worker(),), memory=0.4)
    found = join_surveys([one, BrokerUnreachable(), other])
    assert found.streams == {ANY: StreamContent(15, 3, 500)}
    assert (found.workers, found.memory, found.missing) == ((worker(),), 0.4, (1,))
