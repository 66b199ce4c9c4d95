"""Choice of the microphone over time, without sound and without a clock."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.capture.devices import Input
from app.capture.fallback import Fallback, FallbackStep, FallbackTimes, Signs

TIMING = FallbackTimes()
BUILT_IN = Input(0, "built-in", "ALSA", 2, 48_000, default=True)
HEADSET = Input(1, "headset", "ALSA", 1, 16_000)
TICK_S = 0.25


def on_headset(now_s: float = 0.0) -> Fallback:
    fallback = Fallback("headset", TIMING)
    fallback.opened(HEADSET, [BUILT_IN, HEADSET], now_s)
    return fallback


def on_built_in(now_s: float = 0.0) -> Fallback:
    fallback = on_headset(now_s)
    assert fallback.step(Signs(now_s, now_s, ended=True)) is FallbackStep.LOST
    fallback.opened(BUILT_IN, [BUILT_IN], now_s)
    return fallback


@pytest.mark.parametrize(
    ("signs", "step"),
    [
        (Signs(10.0, last_block_s=9.0), FallbackStep.KEEP),
        (Signs(10.0, last_block_s=8.4), FallbackStep.LOST),
        (Signs(10.0, last_block_s=10.0, ended=True), FallbackStep.LOST),
        (Signs(4.9, last_block_s=None), FallbackStep.KEEP),
        (Signs(5.1, last_block_s=None), FallbackStep.LOST),
        (Signs(0.1, last_block_s=None, ended=True), FallbackStep.LOST),
        (Signs(10.0, last_block_s=1.0, running_since_s=8.6), FallbackStep.KEEP),
        (Signs(10.0, last_block_s=1.0, running_since_s=8.4), FallbackStep.LOST),
        (Signs(10.0, last_block_s=None, running_since_s=5.1), FallbackStep.KEEP),
        (Signs(10.0, last_block_s=1.0, ended=True, running_since_s=10.0), FallbackStep.LOST),
    ],
)
def test_device_is_lost_when_it_is_silent_or_its_stream_ends(signs: Signs, step: FallbackStep) -> None:
    fallback = on_headset()
    assert fallback.step(signs) is step
    assert (fallback.device is None) is (step is FallbackStep.LOST)


def test_chosen_microphone_is_tried_before_the_default() -> None:
    fallback = Fallback("head", TIMING)
    assert fallback.candidates([BUILT_IN, HEADSET]) == [HEADSET, BUILT_IN]
    assert fallback.candidates([BUILT_IN]) == [BUILT_IN]
    assert fallback.candidates([]) == []
    assert Fallback("", TIMING).candidates([BUILT_IN, HEADSET]) == [BUILT_IN]


def test_microphone_is_tried_last_when_it_gave_no_sound() -> None:
    fallback = on_headset()
    assert fallback.step(Signs(6.0, last_block_s=None)) is FallbackStep.LOST
    assert fallback.candidates([BUILT_IN, HEADSET]) == [BUILT_IN, HEADSET]


def test_search_runs_at_once_and_then_every_second() -> None:
    fallback = on_headset()
    assert fallback.step(Signs(10.0, last_block_s=8.0)) is FallbackStep.LOST
    assert fallback.step(Signs(10.0)) is FallbackStep.SEARCH
    fallback.failed(10.0)
    assert [fallback.step(Signs(now)) for now in (10.5, 10.9, 11.0)] == [
        FallbackStep.KEEP,
        FallbackStep.KEEP,
        FallbackStep.SEARCH,
    ]


def test_device_that_ends_at_once_is_reopened_only_every_second() -> None:
    fallback = on_headset(10.0)
    assert fallback.step(Signs(10.1, last_block_s=10.0, ended=True)) is FallbackStep.LOST
    assert [fallback.step(Signs(now)) for now in (10.2, 11.0)] == [FallbackStep.KEEP, FallbackStep.SEARCH]


def test_chosen_microphone_is_taken_back_in_a_pause() -> None:
    fallback = on_built_in()
    assert fallback.on_other
    assert [fallback.step(Signs(now, now)) for now in (9.0, 10.0, 10.1)] == [
        FallbackStep.KEEP,
        FallbackStep.CHECK,
        FallbackStep.KEEP,
    ]
    fallback.checked([BUILT_IN, HEADSET], 11.0)
    assert fallback.step(Signs(11.0, 11.0, quiet_s=0.5)) is FallbackStep.KEEP, "a word would be cut"
    assert fallback.step(Signs(12.0, 12.0, quiet_s=1.0)) is FallbackStep.RETURN
    assert fallback.step(Signs(12.0)) is FallbackStep.SEARCH
    fallback.opened(HEADSET, [BUILT_IN, HEADSET], 12.0)
    assert not fallback.on_other


def test_missing_microphone_is_looked_for_every_ten_seconds() -> None:
    fallback = on_built_in()
    checks = []
    for tick in range(140):
        now = tick * 0.25
        if fallback.step(Signs(now, now, quiet_s=60.0)) is FallbackStep.CHECK:
            checks.append(now)
            fallback.checked([BUILT_IN], now + 0.5)
    assert checks == [10.0, 20.5, 31.0]


def test_missing_microphone_is_looked_for_every_two_seconds_while_the_other_one_is_silent() -> None:
    fallback = on_built_in()
    checks = []
    for tick in range(140):
        now = tick * 0.25
        if fallback.step(Signs(now, now, quiet_s=60.0, silent=now >= 5.0)) is FallbackStep.CHECK:
            checks.append(now)
            fallback.checked([BUILT_IN] if now < 9.0 else [BUILT_IN, HEADSET], now + 0.5)
    assert checks == [5.0, 7.5, 10.0], "found, and a pause: it is taken back"


def test_only_one_process_looks_for_microphones_at_a_time() -> None:
    """On a busy machine a search can outlast its interval; parallel searches would slow each other down."""
    fallback = on_built_in()
    steps = [fallback.step(Signs(now, now)) for now in (10.0, 20.0, 40.0)]
    assert steps == [FallbackStep.CHECK, FallbackStep.KEEP, FallbackStep.KEEP]
    fallback.checked([BUILT_IN], 41.0)
    assert [fallback.step(Signs(now, now)) for now in (50.9, 51.0)] == [FallbackStep.KEEP, FallbackStep.CHECK]


def test_no_process_looks_for_the_system_default() -> None:
    fallback = Fallback("", TIMING)
    fallback.opened(BUILT_IN, [BUILT_IN, HEADSET], 0.0)
    steps = {fallback.step(Signs(float(now), float(now), quiet_s=60.0)) for now in range(100)}
    assert (fallback.on_other, steps) == (False, {FallbackStep.KEEP})


def test_other_device_is_in_use_when_the_system_has_another_default() -> None:
    """A sound server makes another microphone the default when the default is unplugged."""
    fallback = Fallback("", TIMING)
    fallback.opened(BUILT_IN, [BUILT_IN, HEADSET], 0.0)
    assert fallback.step(Signs(1.0, 1.0, ended=True)) is FallbackStep.LOST
    instead = replace(HEADSET, default=True)
    assert fallback.candidates([instead]) == [instead]
    fallback.opened(instead, [instead], 1.0)
    assert fallback.on_other
    fallback.checked([instead, replace(BUILT_IN, default=False)], 11.0)
    assert fallback.step(Signs(12.0, 12.0, quiet_s=5.0)) is FallbackStep.KEEP, "the system keeps the other one"
    fallback.checked([BUILT_IN, HEADSET], 21.0)
    assert fallback.step(Signs(22.0, 22.0, quiet_s=5.0)) is FallbackStep.RETURN
    fallback.opened(BUILT_IN, [BUILT_IN, HEADSET], 22.0)
    assert not fallback.on_other


@dataclass
class World:
    """Simulated devices that appear and disappear.

    All present ones but ``hanging`` deliver a block at every tick.
    """

    fallback: Fallback
    there: list[Input]
    hanging: Input | None = None
    now_s: float = 0.0
    last_block_s: float | None = None
    steps: list[FallbackStep] = field(default_factory=list)

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self.now_s += TICK_S
            if self.fallback.device in self.there and self.fallback.device != self.hanging:
                self.last_block_s = self.now_s
            self._act(self.fallback.step(Signs(self.now_s, self.last_block_s, quiet_s=5.0)))

    def _act(self, step: FallbackStep) -> None:
        self.steps.append(step)
        if step is FallbackStep.CHECK:
            self.fallback.checked(self.there, self.now_s)
        elif step is FallbackStep.SEARCH:
            for device in self.fallback.candidates(self.there):
                self.last_block_s = None
                self.fallback.opened(device, self.there, self.now_s)
                return
            self.fallback.failed(self.now_s)


@given(st.sampled_from(["", "headset"]), st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 20))))
def test_best_present_microphone_is_used_in_the_end(choice: str, changes: list[tuple[bool, bool, float]]) -> None:
    world = World(Fallback(choice, TIMING), [BUILT_IN, HEADSET])
    for built_in, headset, seconds in changes:
        world.there = [device for device, there in ((BUILT_IN, built_in), (HEADSET, headset)) if there]
        world.pass_time(seconds)
    world.pass_time(15.0)
    best = HEADSET if choice and HEADSET in world.there else BUILT_IN if BUILT_IN in world.there else None
    assert world.fallback.device == best
    world.steps.clear()
    world.pass_time(30.0)
    changed = {FallbackStep.LOST, FallbackStep.RETURN} & set(world.steps)
    assert not changed, "nothing is changed without a reason"


def test_chosen_microphone_that_hangs_is_tried_ever_more_rarely() -> None:
    """A try costs the speech of five seconds, although the other microphone works."""
    world = World(Fallback("headset", TIMING), [BUILT_IN, HEADSET], hanging=HEADSET)
    world.fallback.opened(HEADSET, world.there, 0.0)
    tries = list[int]()
    for _ in range(4):
        world.steps.clear()
        world.pass_time(300.0)
        tries.append(world.steps.count(FallbackStep.RETURN))
    assert tries[0] <= 5 and tries[-1] <= 1
    world.hanging = None
    world.pass_time(700.0)
    assert world.fallback.device == HEADSET


def test_microphone_that_hung_is_tried_at_once_after_it_was_unplugged() -> None:
    world = World(Fallback("headset", TIMING), [BUILT_IN, HEADSET], hanging=HEADSET)
    world.fallback.opened(HEADSET, world.there, 0.0)
    world.pass_time(1200.0)
    world.there, world.hanging = [BUILT_IN], None
    world.pass_time(11.0)
    world.there = [BUILT_IN, HEADSET]
    world.pass_time(21.0)
    assert world.fallback.device == HEADSET


def test_failed_listing_is_no_sign_that_a_microphone_was_unplugged() -> None:
    """The other process lists no microphone if it fails."""
    fallback = on_headset()
    assert fallback.step(Signs(6.0, last_block_s=None)) is FallbackStep.LOST
    fallback.opened(BUILT_IN, [BUILT_IN, HEADSET], 6.0)
    fallback.checked([], 16.0)
    fallback.checked([BUILT_IN, HEADSET], 20.0)
    assert fallback.step(Signs(21.0, 21.0, quiet_s=5.0)) is FallbackStep.KEEP
