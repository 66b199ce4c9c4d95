"""Test the first steps in a fresh home, which end with a dictated sentence in a text box."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from Xlib import X
from Xlib.display import Display

from app.journal.take import TakeState
from app.onboarding.steps import STEPS, Step
from app.settings.file import read
from app.settings.sections import GeneralSection
from app.ui.theme.colours import COLOURS, Scheme
from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.digits import DATA, MODEL
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.funasr, pytest.mark.serial("sound"), pytest.mark.timeout(180)]

FUNASR = ("--set", f"folder={MODEL}", "--device", "cpu", "--threads", "1")
CAP = 3_000  # a lit key cap adds more pixels than this
SPOKEN = DATA / "digits" / "digits-02.flac"


@pytest.fixture
def app(models: Path) -> Iterator[DesktopApp]:
    words = [f"--worker-argument={word}" for word in FUNASR]
    with running_app(models, "--engine", "funasr", *words, welcomed=False) as app:
        yield app


def general(app: DesktopApp) -> GeneralSection:
    """Return the general settings from the file."""
    place = app.home / "config" / "settings.toml"
    return read(place.read_text() if place.exists() else "").settings.general


def go_on_to(app: DesktopApp, step: Step) -> None:
    """Go to the next step by key, wherever the focus is."""
    app.desktop.xdotool("key", "ctrl+Return")
    wait_until_sync(lambda: general(app).first_step == step, f"the step {step} is there")


def the_key_lights_up(app: DesktopApp) -> None:
    """Tap the key, and wait until its key cap is filled."""
    before = accents(app)
    app.tap()
    wait_until_sync(lambda: accents(app) > before + CAP, "the key cap is lit")


def accents(app: DesktopApp) -> int:
    """Count the pixels on the screen in the accent colour."""
    display = Display(app.desktop.display)
    try:
        screen = display.screen()
        size = (screen.width_in_pixels, screen.height_in_pixels)
        data = screen.root.get_image(0, 0, *size, X.ZPixmap, 0xFFFFFFFF).data
    finally:
        display.close()
    wanted = int(COLOURS[Scheme.LIGHT].accent[1:], 16)
    return int(np.count_nonzero((np.frombuffer(data, "<u4") & 0xFFFFFF) == wanted))


def in_the_box(app: DesktopApp) -> str:
    """Return the contents of the focused field, by copying them."""
    app.desktop.xdotool("key", "ctrl+a", "ctrl+c")
    return app.desktop.copied().decode()


def test_first_steps_end_with_sentence_in_box(app: DesktopApp) -> None:
    assert app.desktop.xdotool("search", "--onlyvisible", "--name", "^kikipounamu$") == "", "it was started hidden"
    app.tell("show")
    app.desktop.active("kikipounamu")
    for step in STEPS[1:]:
        go_on_to(app, step)
        if step is Step.HOTKEY:
            the_key_lights_up(app)
    assert (app.takes(), app.view()["state"]) == ([], "idle"), "the key was only tried"
    with app.talking():
        app.play(SPOKEN)
    (take,) = app.wait_for_takes(1)
    wait_until_sync(lambda: app.takes()[0].state is TakeState.DONE, "the history says that it is there")
    text = take.transcript.text
    assert text
    wait_until_sync(lambda: in_the_box(app) == text, "it is in the box")
    sys.stdout.write(f"the first sentence: {text!r}\n")
    app.desktop.xdotool("key", "ctrl+Return")
    wait_until_sync(lambda: general(app).welcomed, "the first steps are over")
    assert app.quit() == 0
