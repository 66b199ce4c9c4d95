"""Properties of admission for any fleet and any load: order, monotony, truthful messages."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from backend.admission.admission import (
    FULL,
    AdmissionLimits,
    StreamContent,
    Survey,
    able,
    busy,
    cost,
    decode_s,
    expect,
    expect_behind,
    makes_partials,
    refusals,
    refuse,
    refuse_known,
    refuse_load,
    spare_slots,
    speed,
)
from backend.admission.audio_budget import HeldAudio, full
from backend.core.refusal import RefusalReason
from protocol.audio import BYTES_PER_SAMPLE
from protocol.job import CLASSES, Keys
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options

SECOND = 16_000
MODELS = ("m", "n")
REQUESTED_MODELS = ("", *MODELS, "unknown")
STREAMS = [Keys().jobs(priority, model) for priority in CLASSES for model in REQUESTED_MODELS]

workers = st.builds(
    WorkerStatus,
    worker=st.just("w"),
    host=st.just("h"),
    engine=st.just("e"),
    model=st.sampled_from(MODELS),
    device=st.just("cpu"),
    state=st.sampled_from(WorkerState),
    slots=st.integers(1, 8),
    speed=st.sampled_from([0.0, 0.25, 0.5, 1.0, 2.0, 7.5, 40.0]),
)
waiting = st.builds(
    StreamContent,
    samples=st.integers(0, 900).map(lambda seconds: seconds * SECOND),
    entries=st.integers(0, 12),
    oldest_ms=st.just(0),
)
surveys = st.builds(
    Survey,
    streams=st.dictionaries(st.sampled_from(STREAMS), waiting, max_size=8),
    workers=st.lists(workers, max_size=5).map(tuple),
    memory=st.sampled_from([0.0, 0.3, 0.49, 0.51, 0.6, 0.61, 0.99]),
    held=st.builds(HeldAudio, *[st.sampled_from([0, 0, 0, 9 * SECOND, 10 * SECOND, 11 * SECOND])] * 2),
)
options = st.builds(
    Options,
    partials=st.just(True),
    model=st.sampled_from(REQUESTED_MODELS),
    priority=st.sampled_from(["interactive", "bulk"]),
)
limits = st.builds(
    AdmissionLimits,
    wait_s=st.sampled_from([1.0, 30.0, 120.0]),
    unattended_s=st.sampled_from([0.0, 600.0]),
    memory=st.sampled_from([0.3, 0.6, 0.9]),
    sessions=st.sampled_from([0, 1, 500]),
    unqueued_bytes=st.sampled_from([20 * SECOND * BYTES_PER_SAMPLE, 10**9]),
)
connections = st.sampled_from([0, 1, 499, 500, 501])


def with_slower_worker(survey: Survey, which: int) -> Survey:
    """Return the survey with one worker at half its speed; unmeasured workers keep their guess."""
    changes = [
        changed(worker, speed=worker.speed / 2) if n == which % max(1, len(survey.workers)) else worker
        for n, worker in enumerate(survey.workers)
    ]
    return Survey(survey.streams, tuple(changes), survey.memory, survey.held)


def with_more_audio(survey: Survey, stream: str, seconds: int) -> Survey:
    """Return the survey with more audio in one stream."""
    known = survey.streams.get(stream, StreamContent(0, 0, 0))
    more = StreamContent(known.samples + seconds * SECOND, known.entries + 1, known.oldest_ms)
    return Survey({**survey.streams, stream: more}, survey.workers, survey.memory, survey.held)


def after_work(survey: Survey, seconds: float) -> Survey:
    """Return the speech left after ``seconds`` of work: each model's own stream first, then that of any model."""
    left: dict[str, float] = {
        name: cost(one.samples, one.entries) / SECOND for name, one in survey.streams.items()
    }
    spare = 0.0
    for model, per_second in survey.speeds.items():
        own = Keys().jobs(CLASSES[0], model)
        spare += max(0.0, per_second * seconds - left.get(own, 0.0))
        left[own] = max(0.0, left.get(own, 0.0) - per_second * seconds)
    shared = Keys().jobs(CLASSES[0])
    left[shared] = max(0.0, left.get(shared, 0.0) - spare)
    streams: Mapping[str, StreamContent] = {
        name: StreamContent(round(s * SECOND), int(s > 1), 0) for name, s in left.items()
    }
    return Survey(streams, survey.workers, survey.memory, survey.held)


@given(surveys, options, limits)
def test_partials_end_before_sessions_are_refused(
    survey: Survey, chosen: Options, limits: AdmissionLimits
) -> None:
    if refuse_load(survey, limits) is not None:
        for anybody in (Options(partials=True, model=model) for model in REQUESTED_MODELS):
            assert not makes_partials(survey, anybody, limits)
    if refuse_load(survey, limits, chosen) is not None:
        assert spare_slots(survey, chosen, limits) == 0
        assert not makes_partials(survey, chosen, limits)


@given(surveys, options, limits, connections, st.booleans())
def test_busy_agrees_with_refusal(
    survey: Survey, chosen: Options, limits: AdmissionLimits, sessions: int, up: bool
) -> None:
    message = busy(survey, up, chosen, limits, sessions)
    refused = refuse(survey, up, sessions, limits, chosen)
    if message is not None:
        assert message.accepting == (refused is None)
        assert message.partials == (up and makes_partials(survey, chosen, limits))
        assert (message.reason == "broker") == (not up)
        assert message.reason != "no_worker" or not speed(survey, chosen.model)
        assert (message.eta_ms is None) == (message.reason != "load")
    else:
        assert refused is None or refused.reason is RefusalReason.CONNECTIONS
        assert up and speed(survey, chosen.model)


@given(surveys, options, limits, connections, st.booleans(), st.sampled_from(STREAMS), st.integers(1, 600))
def test_longer_queue_never_admits_more(
    survey: Survey,
    chosen: Options,
    limits: AdmissionLimits,
    sessions: int,
    up: bool,
    stream: str,
    seconds: int,
) -> None:
    worse = with_more_audio(survey, stream, seconds)
    assert refuse(worse, up, sessions, limits, chosen) or not refuse(survey, up, sessions, limits, chosen)
    assert makes_partials(survey, chosen, limits) or not makes_partials(worse, chosen, limits)
    before, after = expect(survey, chosen).eta_s, expect(worse, chosen).eta_s
    assert (before is None) == (after is None)
    assert before is None or after is None or after >= before - 1e-6


@given(surveys, options, limits, st.integers(0, 4))
def test_slower_worker_never_admits_more(
    survey: Survey, chosen: Options, limits: AdmissionLimits, which: int
) -> None:
    worse = with_slower_worker(survey, which)
    assert refuse_load(worse, limits, chosen) or not refuse_load(survey, limits, chosen)
    assert makes_partials(survey, chosen, limits) or not makes_partials(worse, chosen, limits)
    assert decode_s(worse, chosen, SECOND) >= decode_s(survey, chosen, SECOND)
    assert speed(worse, "") <= speed(survey, "")


@given(surveys, options, limits)
def test_additional_worker_never_lengthens_wait(survey: Survey, chosen: Options, limits: AdmissionLimits) -> None:
    helper = WorkerStatus("x", "h", "e", "m", "cpu", WorkerState.IDLE, speed=2.0)
    helped = Survey(survey.streams, (*survey.workers, helper), survey.memory, survey.held)
    before, after = expect(survey, chosen).eta_s, expect(helped, chosen).eta_s
    assert before is None or (after is not None and after <= before + 1e-6)
    assert speed(helped, "") == speed(survey, "") + 2.0


@given(surveys, options, limits)
def test_session_is_admitted_after_announced_delay(
    survey: Survey, chosen: Options, limits: AdmissionLimits
) -> None:
    refusal = refuse_load(survey, limits, chosen)
    if refusal is None or refusal.reason is not RefusalReason.LOAD:
        return
    again = refuse_load(after_work(survey, refusal.retry_s), limits, chosen)
    assert again is None or again.reason is not RefusalReason.LOAD


@given(surveys, options, limits, connections, st.booleans())
def test_every_refusal_has_reason_and_delay(
    survey: Survey, chosen: Options, limits: AdmissionLimits, sessions: int, up: bool
) -> None:
    found = list(refusals(survey, up, sessions, limits, chosen))
    assert refuse(survey, up, sessions, limits, chosen) == (found[0] if found else None)
    assert len({refusal.reason for refusal in found}) == len(found)
    assert all(refusal.retry_s >= 1.0 and refusal.message for refusal in found)
    assert all((refusal.status == 429) == (refusal.reason is RefusalReason.CONNECTIONS) for refusal in found)
    assert (RefusalReason.CONNECTIONS in {refusal.reason for refusal in found}) == (sessions >= limits.sessions)
    away = not up and survey.memory <= max(FULL, limits.memory)
    assert (RefusalReason.BROKER in {refusal.reason for refusal in found}) == away
    assert up or {RefusalReason.BROKER, RefusalReason.MEMORY} & {refusal.reason for refusal in found}


@given(surveys, limits, connections, st.booleans())
def test_known_session_is_never_refused_for_load(
    survey: Survey, limits: AdmissionLimits, sessions: int, up: bool
) -> None:
    """Only the cap, an unavailable broker and the gateway's own limit refuse a known session."""
    refusal = refuse_known(survey, up, sessions, limits)
    if sessions >= limits.sessions:
        assert refusal is not None and refusal.reason is RefusalReason.CONNECTIONS
    elif up and sum(survey.held) * BYTES_PER_SAMPLE >= limits.unqueued_bytes:
        assert refusal is not None and refusal.reason is RefusalReason.UNQUEUED and refusal.retry_s >= 1.0
    elif up:
        assert refusal is None
    else:
        full = survey.memory > FULL
        assert refusal is not None and refusal.retry_s >= 1.0
        assert refusal.reason is (RefusalReason.MEMORY if full else RefusalReason.BROKER)


@given(surveys, options, limits)
def test_new_sessions_are_refused_while_their_class_fills_its_half(
    survey: Survey, chosen: Options, limits: AdmissionLimits
) -> None:
    found = {refusal.reason for refusal in refusals(survey, True, 0, limits, chosen)}
    waits = chosen.priority in full(survey.held, limits.unqueued_bytes)
    assert (RefusalReason.UNQUEUED in found) == waits


@given(surveys, options, st.integers(0, 100), st.integers(0, 60))
def test_segment_is_ready_later_with_more_audio_ahead(
    survey: Survey, chosen: Options, ahead: int, own: int
) -> None:
    eta = expect_behind(survey, chosen, ahead * SECOND, own * SECOND).eta_s
    more = expect_behind(survey, chosen, (ahead + 1) * SECOND, own * SECOND).eta_s
    assert (eta is None) == (not speed(survey, chosen.model))
    assert eta is None or (more is not None and more > eta - 1e-6)
    fastest = speed(survey, chosen.model)
    assert eta is None or eta >= own / fastest - 1e-6


@given(surveys)
def test_capacity_counts_only_workers_that_can_work(survey: Survey) -> None:
    assert speed(survey, "") == sum(worker.speed or 1.0 for worker in able(survey))
    assert sum(speed(survey, model) for model in MODELS) == speed(survey, "")
