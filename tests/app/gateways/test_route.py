"""The destination of speech, by the answers of the chosen gateway and their times."""

from hypothesis import given
from hypothesis import strategies as st

from app.gateways.route import Route, RouteTimes
from app.gateways.view import GatewayHealth

TIMES = RouteTimes()
WELL, NO_WORKER, AWAY, REFUSED = (
    GatewayHealth.WELL,
    GatewayHealth.NO_WORKER,
    GatewayHealth.AWAY,
    GatewayHealth.REFUSED,
)
answers = st.lists(
    st.tuples(st.sampled_from([WELL, NO_WORKER, AWAY, REFUSED]), st.floats(0.01, 60.0)), max_size=120
)


def hear(route: Route, health: GatewayHealth, start: float, end: float, every: float = 1.0) -> float:
    """Repeat one answer; return the time at which it changed the destination, or ``end``."""
    now = start
    while now < end:
        if route.answered(health, now):
            return now
        now += every
    return end


def test_gateway_is_left_only_after_some_seconds_without_answers() -> None:
    route = Route()
    assert not route.answered(WELL, 0.0)
    assert not route.answered(AWAY, 10.0) and not route.answered(WELL, 12.0)
    assert not route.answered(AWAY, 13.0) and not route.answered(AWAY, 15.9) and not route.here
    assert route.answered(AWAY, 16.0) and route.here


def test_patience_is_longer_without_workers_and_zero_after_a_refusal() -> None:
    route = Route()
    assert hear(route, NO_WORKER, 0.0, 60.0) == TIMES.no_worker_s and route.here
    route = Route()
    assert route.answered(REFUSED, 0.0) and route.here


def test_gateway_is_used_again_after_some_good_seconds() -> None:
    route = Route()
    left = hear(route, AWAY, 0.0, 60.0)
    assert not route.answered(WELL, left + 1) and not route.answered(AWAY, left + 3)
    assert hear(route, WELL, left + 4, left + 60) == left + 4 + TIMES.well_s and not route.here


def test_unstable_gateway_must_be_well_for_longer_each_time() -> None:
    route, now, waits = Route(), 0.0, list[float]()
    for _ in range(10):
        now = hear(route, AWAY, now, now + 60)
        back = hear(route, WELL, now + 1, now + 1_000)
        waits.append(back - now - 1)
        now = back + 1
    assert waits[:4] == [5, 10, 20, 40] and waits[-1] == TIMES.most_well_s
    now = hear(route, AWAY, now + TIMES.steady_s, now + 1_000)
    assert route.well_s == TIMES.well_s, "it was steady meanwhile"


def test_route_stays_with_the_gateway_when_fallback_is_off() -> None:
    route = Route()
    route.choose(falls_back=False)
    assert hear(route, REFUSED, 0.0, 600.0) == 600.0 and not route.here
    route.choose(falls_back=True)
    assert route.answered(REFUSED, 601.0)
    route.choose(falls_back=True)
    assert not route.here, "another one may be well"


def test_query_interval_depends_on_health() -> None:
    route = Route()
    assert route.next_check_s(0.0) == 0.0 and route.stale(0.0)
    route.answered(WELL, 0.0)
    assert route.next_check_s(1.0) == TIMES.check_s - 1.0 and not route.stale(1.0) and route.stale(2.0)
    route.answered(AWAY, 15.0)
    assert route.next_check_s(15.0) == TIMES.doubt_s
    route.answered(REFUSED, 16.0)
    assert route.next_check_s(16.0) == TIMES.back_s and route.next_check_s(100.0) == 0.0


@given(answers, st.booleans())
def test_route_keeps_its_minimum_times_for_any_answers(
    heard: list[tuple[GatewayHealth, float]], falls_back: bool
) -> None:
    """Check the minimum times before leaving and returning, and that all changes are reported."""
    route = Route()
    route.choose(falls_back=falls_back)
    now, run_began, run_good = 0.0, 0.0, None
    for health, pause in heard:
        now += pause
        good = health is WELL
        if good is not run_good:
            run_began, run_good = now, good
        before = route.here
        changed = route.answered(health, now)
        assert changed is (route.here is not before)
        assert falls_back or not route.here
        assert 0.0 <= route.next_check_s(now) < TIMES.check_s + 0.001
        assert TIMES.well_s <= route.well_s <= TIMES.most_well_s
        if changed and route.here:
            assert not good and (health is REFUSED or now - run_began >= TIMES.away_s)
        elif changed:
            assert good and now - run_began >= TIMES.well_s


@given(answers)
def test_route_follows_lasting_answers(heard: list[tuple[GatewayHealth, float]]) -> None:
    route, now = Route(), 0.0
    for health, pause in heard:
        now += pause
        route.answered(health, now)
    hear(route, WELL, now + 1, now + 2 * TIMES.most_well_s)
    assert not route.here
    hear(route, AWAY, now + 1_000, now + 1_100)
    assert route.here


@given(st.lists(st.floats(0.1, 20.0), min_size=50, max_size=200))
def test_route_does_not_flap(pauses: list[float]) -> None:
    """A gateway that comes and goes quickly is returned to only a few times."""
    route, now, backs = Route(), 0.0, 0
    for number, pause in enumerate(pauses):
        health = (AWAY, WELL)[number % 2]
        end = now + pause
        while now < end:
            if route.answered(health, now) and not route.here:
                backs += 1
            now += 0.5
    assert backs <= 3
