"""Test the first steps in a fresh home, which end with a dictated sentence in a text box."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.journal.take import TakeState
from app.onboarding.steps import Step
from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.digits import DATA
from tests.helpers.first_run import FirstRun
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("sound"), pytest.mark.timeout(180)]

SPOKEN = DATA / "digits" / "digits-02.flac"
MOST_CLICKS = 5


@pytest.fixture
def user(models: Path) -> Iterator[FirstRun]:
    with running_app(models, "--engine", "checksum", start=False, welcomed=False) as app:
        made = FirstRun(app)
        made.start()
        yield made


def in_the_box(app: DesktopApp) -> str:
    """Return the contents of the focused field, by copying them."""
    app.desktop.xdotool("key", "ctrl+a", "ctrl+c")
    return app.desktop.copied().decode()


def test_first_steps_end_with_sentence_in_box_after_few_clicks(user: FirstRun) -> None:
    app = user.app
    user.speak_to_microphone(SPOKEN)
    user.go_on_to(Step.KEY)
    user.press_key()
    app.wait_until_ready()
    assert app.takes() == [], "the key was only tried"
    user.go_on_to(Step.TRY)
    text = user.dictate(SPOKEN)
    (take,) = app.takes()
    assert take.state is TakeState.DONE and text
    wait_until_sync(lambda: in_the_box(app) == text, "it is in the box")
    sys.stdout.write(f"the first sentence: {text!r}, after {user.clicks} clicks\n")
    user.finish()
    assert user.general.open_steps == () and user.clicks <= MOST_CLICKS and user.fields == 0
    assert app.quit() == 0


def test_skipped_steps_of_keyboard_user_stay_open(user: FirstRun) -> None:
    app = user.app
    app.wait_until_ready()
    app.desktop.xdotool("key", "Return")
    wait_until_sync(lambda: user.general.first_step == Step.KEY.value, "the key is next")
    app.desktop.xdotool("key", "F9")
    wait_until_sync(lambda: 'dictate = "f9"' in app.settings_text(), "another key is chosen by pressing it")
    app.desktop.xdotool("key", "Escape")
    wait_until_sync(lambda: user.general.welcomed, "the steps are postponed")
    assert user.general.open_steps[-2:] == (Step.KEY, Step.TRY)
    assert app.quit() == 0
