"""Pace of hypothesis requests, and the partials that clients get."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.limits import PARTIAL_S, PARTIALS_BYTES, PARTIALS_ENTRIES
from backend.sessions.partials import PACE, Partials
from protocol.job import Hypothesis
from protocol.session import LIMITS, Partial

NOW = 50.0
SECOND = 16_000


def requested_partials(seconds: int = 1) -> Partials:
    partials = Partials(PACE)
    assert partials.due(0, seconds * SECOND, NOW)
    partials.requested(0, seconds * SECOND, NOW)
    return partials


def answer(text: str = "hi", samples: int = SECOND, segment: int = 0, attempt: int = 0) -> Hypothesis:
    return Hypothesis("s", segment, text, attempt, samples)


class TestPace:
    def test_request_needs_enough_new_audio(self) -> None:
        partials = Partials(PACE)
        assert not partials.due(0, 14_399, NOW)
        assert partials.due(0, 14_400, NOW)
        partials.requested(0, 14_400, NOW)
        partials.answered(answer(samples=14_400), NOW)
        assert not partials.due(0, 23_999, NOW)
        assert partials.due(0, 24_000, NOW)
        assert not partials.due(1, 14_399, NOW)
        assert partials.due(1, 14_400, NOW)
        assert not partials.due(0, 14_399, NOW), "it started again"

    def test_requests_are_sequential_and_take_half_of_the_time(self) -> None:
        partials = requested_partials()
        assert not partials.due(0, 3 * SECOND, NOW + 0.5)
        partials.answered(answer(), NOW + 0.5)
        assert not partials.due(0, 3 * SECOND, NOW + 0.9)
        assert partials.due(0, 3 * SECOND, NOW + 1.0)

    def test_answers_to_other_requests_are_ignored(self) -> None:
        partials = requested_partials()
        partials.answered(answer(samples=SECOND - 1), NOW)
        partials.answered(answer(segment=1), NOW)
        assert not partials.due(0, 3 * SECOND, NOW + 2.9)

    def test_lost_answer_is_given_up_after_timeout(self) -> None:
        partials = requested_partials()
        assert not partials.due(0, 9 * SECOND, NOW + 5.9)
        assert partials.due(0, 9 * SECOND, NOW + 6.0)
        partials.requested(0, 9 * SECOND, NOW + 6.0)
        partials.answered(answer(), NOW + 7.0)
        assert not partials.due(0, 11 * SECOND, NOW + 8.9), "that was the first one's"

    @pytest.mark.parametrize(("took", "interval"), [(0.3, 0.6), (0.6, 1.2), (0.9, 2.7), (1.5, 5.0), (2.8, 5.6)])
    def test_interval_grows_with_the_time_of_an_answer(self, took: float, interval: float) -> None:
        partials = requested_partials()
        partials.answered(answer(), NOW + took)
        assert not partials.due(0, 9 * SECOND, NOW + interval - 0.01)
        assert partials.due(0, 9 * SECOND, NOW + interval + 0.01)

    @given(st.floats(0.01, 1.2))
    def test_final_is_delayed_little_on_average(self, took: float) -> None:
        partials = requested_partials()
        partials.answered(answer(), NOW + took)
        interval = next(ms for ms in range(10_000) if partials.due(0, 9 * SECOND, NOW + ms / 1000)) / 1000
        assert took / interval <= PACE.share + 0.01
        assert took / interval * took / 2 <= PACE.delay_s + 0.001

    def test_refusal_delays_next_request(self) -> None:
        partials = requested_partials()
        partials.partial_of(answer(), {0})
        partials.declined(0, SECOND - 1, NOW)
        assert not partials.due(0, 9 * SECOND, NOW + 1.0)
        partials.declined(0, SECOND, NOW)
        assert not partials.due(0, 9 * SECOND, NOW + 0.9)
        assert partials.due(0, 9 * SECOND, NOW + 1.0)

    def test_refused_first_words_are_soon_requested_again(self) -> None:
        partials = requested_partials()
        partials.declined(0, SECOND, NOW)
        assert not partials.due(0, SECOND, NOW + 0.2)
        assert partials.due(0, SECOND, NOW + 0.3), "no new audio is needed"

    def test_first_words_do_not_wait_for_slow_answers_to_another_segment(self) -> None:
        partials = requested_partials()
        partials.answered(answer(), NOW + 1.2)
        assert not partials.due(0, 9 * SECOND, NOW + 4.7)
        assert not partials.due(1, SECOND, NOW + 2.3), "half of the time"
        assert partials.due(1, SECOND, NOW + 2.41)

    def test_pause_needs_new_audio_for_the_next_request(self) -> None:
        partials = requested_partials()
        partials.answered(answer(), NOW + 0.1)
        partials.paused(0, 3 * SECOND)
        assert not partials.due(0, 3 * SECOND, NOW + 9.0)
        assert not partials.due(0, 3 * SECOND + 9_599, NOW + 9.0)
        assert partials.due(0, 3 * SECOND + 9_600, NOW + 9.0)
        partials.paused(0, 2 * SECOND)
        assert not partials.due(0, 3 * SECOND + 9_599, NOW + 9.0), "an earlier pause changes nothing"
        assert partials.due(1, SECOND, NOW + 9.0)

    @pytest.mark.parametrize(("text", "paused", "more"), [("", 0, 4_800), ("hi", 0, 9_600), ("", SECOND, 9_600)])
    def test_beginning_that_was_too_short_for_a_text_is_soon_heard_with_more(
        self, text: str, paused: int, more: int
    ) -> None:
        partials = requested_partials()
        if paused:
            partials.paused(0, paused)
        partials.answered(answer(text), NOW + 0.1)
        assert not partials.due(0, SECOND + more - 1, NOW + 1.0)
        assert partials.due(0, SECOND + more, NOW + 1.0)

    def test_long_beginning_without_text_is_heard_again_at_the_usual_pace(self) -> None:
        partials = requested_partials(2)
        partials.answered(answer("", 2 * SECOND), NOW + 0.1)
        assert not partials.due(0, 2 * SECOND + 9_599, NOW + 1.0)

    def test_long_segment_gets_no_requests(self) -> None:
        most = round(PARTIAL_S * SECOND)
        assert Partials(PACE).due(0, most, NOW)
        assert not Partials(PACE).due(0, most + 1, NOW)

    def test_stream_limit_holds_largest_requests(self) -> None:
        largest = round(PARTIAL_S * SECOND) * 2 + LIMITS.json_bytes
        assert PARTIALS_ENTRIES > 20
        assert PARTIALS_ENTRIES * largest <= PARTIALS_BYTES

    @given(st.lists(st.tuples(st.floats(0.01, 4.0), st.floats(0.0, 5.0), st.booleans()), max_size=40))
    def test_requests_never_overlap_or_exceed_half_of_the_time(
        self, steps: list[tuple[float, float, bool]]
    ) -> None:
        """A step is the time until the next frame, the time until an answer, and whether the answer arrives."""
        partials, now, held = Partials(PACE), NOW, 0
        busy_until, asked_at, answers = 0.0, -100.0, list[tuple[float, int]]()
        for step, takes, comes in steps:
            now, held = now + step, held + SECOND
            for at, samples in answers:
                if at <= now:
                    partials.answered(answer(samples=samples), at)
            answers = [(at, samples) for at, samples in answers if at > now]
            if not partials.due(0, held, now):
                continue
            assert now >= min(busy_until, asked_at + PACE.lost_s)
            assert now >= asked_at + 2 * min(busy_until - asked_at, PACE.lost_s) - 1e-6
            partials.requested(0, held, now)
            asked_at, busy_until = now, now + (takes if comes else PACE.lost_s)
            answers = [*answers, (now + takes, held)] if comes else answers


class TestPartialText:
    def test_revisions_grow_over_all_segments(self) -> None:
        partials = Partials(PACE)
        assert partials.partial_of(answer("so"), {0, 1}) == Partial(0, 1, "so", 0)
        assert partials.partial_of(answer("and", segment=1), {0, 1}) == Partial(1, 2, "and", 0)
        assert partials.partial_of(answer("so it", 2 * SECOND), {0, 1}) == Partial(0, 3, "so it", 2)

    def test_older_or_unchanged_answer_makes_no_partial(self) -> None:
        partials = Partials(PACE)
        partials.partial_of(answer("so it", 2 * SECOND), {0})
        assert partials.partial_of(answer("so", SECOND), {0}) is None
        assert partials.partial_of(answer("other", 2 * SECOND), {0}) is None
        assert partials.partial_of(answer("so it", 3 * SECOND), {0}) == Partial(0, 2, "so it", 5)
        assert partials.partial_of(answer("so it", 4 * SECOND), {0}) is None

    def test_words_stay_when_a_later_hypothesis_has_none(self) -> None:
        partials = Partials(PACE)
        assert partials.partial_of(answer(""), {0}) is None
        partials.partial_of(answer("so", 2 * SECOND), {0})
        assert partials.partial_of(answer("", 3 * SECOND), {0}) is None
        assert partials.partial_of(answer("so it", 4 * SECOND), {0}) == Partial(0, 2, "so it", 2)

    def test_new_attempt_resets_partials(self) -> None:
        partials = Partials(PACE)
        partials.partial_of(answer("so it"), {0})
        partials.partial_of(answer("so it", 2 * SECOND), {0})
        assert partials.partial_of(answer("no", attempt=1), {0}) == Partial(0, 3, "no", 0)

    def test_state_of_ended_segments_is_dropped(self) -> None:
        partials = Partials(PACE)
        for n in range(50):
            partials.partial_of(answer(segment=n), {n})
        assert len(partials._heard) == 1

    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9), st.sampled_from(["a b", "a c", "b", ""]))))
    def test_revisions_grow_and_stable_text_stays(self, answers: list[tuple[int, int, str]]) -> None:
        partials, revision, stable = Partials(PACE), 0, dict.fromkeys(range(3), "")
        for segment, seconds, text in answers:
            partial = partials.partial_of(answer(text, seconds * SECOND, segment), range(3))
            if partial is None:
                continue
            assert partial.revision > revision
            assert partial.text[: partial.stable].startswith(stable[segment])
            revision, stable[segment] = partial.revision, partial.text[: partial.stable]
