from app.onboarding.steps import FIRST_STEP, STEPS, WELCOMED, Step, after, before, number
from app.settings.schema import all_settings


def test_first_steps_follow_each_other() -> None:
    assert [number(step) for step in STEPS] == [1, 2, 3, 4, 5]
    assert [before(step) for step in STEPS] == [None, *STEPS[:-1]]
    assert [after(step) for step in STEPS] == [*STEPS[1:], None]


def test_settings_contain_the_first_steps() -> None:
    assert all_settings()[FIRST_STEP].choices == tuple(Step)
    assert all_settings()[WELCOMED].default is False
