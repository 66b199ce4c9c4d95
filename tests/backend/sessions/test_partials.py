"""Pace of hypothesis requests, and the partials that clients get."""

from hypothesis import given
from hypothesis import strategies as st

from backend.core.limits import PARTIAL_S, PARTIALS_BYTES, PARTIALS_ENTRIES
from backend.sessions.partials import PACE, Partials
from protocol.job import Hypothesis
from protocol.session import LIMITS, Partial

NOW = 50.0
SECOND = 16_000


def asking(seconds: int = 1) -> Partials:
    partials = Partials(PACE)
    assert partials.due(0, seconds * SECOND, NOW)
    partials.asked(0, seconds * SECOND, NOW)
    return partials


def answer(text: str = "hi", samples: int = SECOND, segment: int = 0, attempt: int = 0) -> Hypothesis:
    return Hypothesis("s", segment, text, attempt, samples)


class TestPace:
    def test_request_needs_enough_new_audio(self) -> None:
        partials = Partials(PACE)
        assert not partials.due(0, 9_599, NOW)
        assert partials.due(0, 9_600, NOW)
        partials.asked(0, 9_600, NOW)
        partials.answered(answer(samples=9_600), NOW)
        assert not partials.due(0, 19_199, NOW)
        assert partials.due(0, 19_200, NOW)
        assert not partials.due(1, 9_599, NOW)
        assert partials.due(1, 9_600, NOW)
        assert not partials.due(0, 9_599, NOW), "it started again"

    def test_requests_are_sequential_and_take_half_of_the_time(self) -> None:
        partials = asking()
        assert not partials.due(0, 3 * SECOND, NOW + 1.0)
        partials.answered(answer(), NOW + 1.0)
        assert not partials.due(0, 3 * SECOND, NOW + 1.9)
        assert partials.due(0, 3 * SECOND, NOW + 2.0)

    def test_answers_to_other_requests_are_ignored(self) -> None:
        partials = asking()
        partials.answered(answer(samples=SECOND - 1), NOW)
        partials.answered(answer(segment=1), NOW)
        assert not partials.due(0, 3 * SECOND, NOW + 2.9)

    def test_lost_answer_is_given_up_after_timeout(self) -> None:
        partials = asking()
        assert not partials.due(0, 9 * SECOND, NOW + 5.9)
        assert partials.due(0, 9 * SECOND, NOW + 6.0)
        partials.asked(0, 9 * SECOND, NOW + 6.0)
        partials.answered(answer(), NOW + 7.0)
        assert not partials.due(0, 11 * SECOND, NOW + 8.9), "that was the first one's"

    def test_slow_answer_pauses_requests(self) -> None:
        partials = asking()
        partials.answered(answer(), NOW + 1.6)
        assert not partials.due(0, 9 * SECOND, NOW + 31.5)
        assert partials.due(0, 9 * SECOND, NOW + 31.6)

    def test_refusal_delays_next_request(self) -> None:
        partials = asking()
        partials.declined(0, SECOND - 1, NOW)
        assert not partials.due(0, 9 * SECOND, NOW + 2.0)
        partials.declined(0, SECOND, NOW)
        assert partials.due(0, 9 * SECOND, NOW + 2.0)

    def test_speculation_delays_next_request(self) -> None:
        partials = asking()
        partials.answered(answer(), NOW + 0.8)
        partials.speculated(NOW + 1.0)
        assert not partials.due(0, 9 * SECOND, NOW + 2.5)
        assert partials.due(0, 9 * SECOND, NOW + 2.6)

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
            partials.asked(0, held, now)
            asked_at, busy_until = now, now + (takes if comes else PACE.lost_s)
            answers = [*answers, (now + takes, held)] if comes else answers


class TestTell:
    def test_revisions_grow_over_all_segments(self) -> None:
        partials = Partials(PACE)
        assert partials.tell(answer("so"), {0, 1}) == Partial(0, 1, "so", 0)
        assert partials.tell(answer("and", segment=1), {0, 1}) == Partial(1, 2, "and", 0)
        assert partials.tell(answer("so it", 2 * SECOND), {0, 1}) == Partial(0, 3, "so it", 2)

    def test_older_or_unchanged_answer_makes_no_partial(self) -> None:
        partials = Partials(PACE)
        partials.tell(answer("so it", 2 * SECOND), {0})
        assert partials.tell(answer("so", SECOND), {0}) is None
        assert partials.tell(answer("other", 2 * SECOND), {0}) is None
        assert partials.tell(answer("so it", 3 * SECOND), {0}) == Partial(0, 2, "so it", 5)
        assert partials.tell(answer("so it", 4 * SECOND), {0}) is None

    def test_new_attempt_resets_partials(self) -> None:
        partials = Partials(PACE)
        partials.tell(answer("so it"), {0})
        partials.tell(answer("so it", 2 * SECOND), {0})
        assert partials.tell(answer("no", attempt=1), {0}) == Partial(0, 3, "no", 0)

    def test_state_of_ended_segments_is_dropped(self) -> None:
        partials = Partials(PACE)
        for n in range(50):
            partials.tell(answer(segment=n), {n})
        assert len(partials._heard) == 1

    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9), st.sampled_from(["a b", "a c", "b", ""]))))
    def test_revisions_grow_and_stable_text_stays(self, answers: list[tuple[int, int, str]]) -> None:
        partials, revision, stable = Partials(PACE), 0, dict.fromkeys(range(3), "")
        for segment, seconds, text in answers:
            told = partials.tell(answer(text, seconds * SECOND, segment), range(3))
            if told is None:
                continue
            assert told.revision > revision
            assert told.text[: told.stable].startswith(stable[segment])
            revision, stable[segment] = told.revision, told.text[: told.stable]
