import pytest

from app.onboarding.steps import (
    FIRST_STEP,
    OPEN_STEPS,
    STEPS,
    WELCOMED,
    Step,
    StepProgress,
    initial_progress,
)
from app.settings.checks import STEPS as NAMES
from app.settings.schema import all_settings


def test_steps_follow_each_other() -> None:
    seen = [StepProgress(at=step) for step in STEPS]
    assert [progress.number for progress in seen] == [1, 2, 3]
    assert [progress.previous for progress in seen] == [None, *STEPS[:-1]]
    assert [progress.following for progress in seen] == [*STEPS[1:], None]


def test_step_stays_open_until_it_is_finished() -> None:
    progress = StepProgress().at_step(Step.KEY)
    assert progress.open() == STEPS
    assert progress.with_step_done().open() == (Step.WELCOME, Step.TRY)
    assert progress.with_step_done().at_step(Step.TRY).with_step_done().open() == (Step.WELCOME,)


def test_other_steps_stay_open_when_one_is_gone_through() -> None:
    alone = StepProgress((Step.TRY,), Step.TRY)
    assert alone.open(["hotkey"]) == (Step.KEY, Step.TRY)
    assert alone.with_step_done().open(["sentence", "hotkey"]) == (Step.KEY,)


@pytest.mark.parametrize("step", STEPS)
def test_steps_before_the_first_one_are_done(step: Step) -> None:
    progress = initial_progress((), step.value)
    assert (progress.steps, progress.at) == (STEPS, step)
    assert progress.open() == STEPS[STEPS.index(step) :]


def test_exactly_the_open_steps_are_gone_through() -> None:
    progress = initial_progress(["sentence", "language"], "hotkey")
    assert (progress.steps, progress.at) == ((Step.WELCOME, Step.TRY), Step.WELCOME)
    assert (progress.number, progress.following, progress.open()) == (1, Step.TRY, (Step.WELCOME, Step.TRY))
    assert initial_progress(["language", "sentence"], "sentence").at is Step.TRY


def test_settings_contain_the_first_steps() -> None:
    first = all_settings()[FIRST_STEP]
    assert set(first.choices) == set(Step) == NAMES
    assert all_settings()[WELCOMED].default is False
    left = all_settings()[OPEN_STEPS]
    assert left.value("\n".join(Step)) == tuple(Step) and left.value("") == left.default == ()
    assert left.read(["place"])[1], "no step"
