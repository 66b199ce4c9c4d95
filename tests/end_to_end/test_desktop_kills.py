"""Kill the app, its engine, worker, gateway and broker at random, one or two at once, while a person dictates.

Every word is in the text field or in a recording that can be recovered, and none is there twice.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from app.control.client import ControlError
from app.journal.take import TakeState
from tests.app.speech import recording
from tests.end_to_end.test_desktop_trouble import DIGEST, SENTENCES, digests, spoken_in, talking_on, texts
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, audio_of, running_app
from tests.helpers.dictating import speech
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("windows"), pytest.mark.timeout(3_000)]

APP = "app"
PROGRAMS = {
    "engine": "worker.engine_main",
    "worker": "kikipounamu-worker",
    "gateway": "kikipounamu-gateway",
    "broker": "valkey-server",
}
CHECKSUM = ("--engine", "checksum")
GRID = 160  # samples
START_S = 120.0


@pytest.fixture
def app(models: Path) -> Iterator[DesktopApp]:
    with running_app(models, *CHECKSUM, "--worker-argument=--set", "--worker-argument=rtf=0.1") as app:
        app.set(hotkeys__mode="hands-free")
        yield app


def process_of(app: DesktopApp, kind: str) -> psutil.Process | None:
    """Return the process of this kind, if it runs."""
    assert app.process is not None
    try:
        own = psutil.Process(app.process.pid)
        if kind == APP:
            return own
        below = own.children(recursive=True)
        return next((one for one in below if any(PROGRAMS[kind] in word for word in one.cmdline()[:4])), None)
    except psutil.Error:
        return None


def speak_on(app: DesktopApp, field: TextField) -> None:
    """Let the app listen with the field focused; start the app if it has ended."""

    def answers() -> bool:
        assert app.runs, "the app has ended"
        with suppress(ControlError, OSError):
            return app.view()["state"] not in ("starting", "arming")
        return False

    if not app.runs:
        app.launch("--hidden")
        wait_until_sync(answers, "the app answers", START_S)
    if app.view()["state"] != "listening":
        field.focus()
        app.tap()
        app.wait_for("listening")


def say_for(seconds: float) -> None:
    """Wait while something is said."""
    begun = time.monotonic()
    wait_until_sync(lambda: time.monotonic() - begun > seconds, "enough is said")


def kill(app: DesktopApp, field: TextField, kills: int, chance: random.Random) -> Counter[str]:
    """Kill this many times one or two programs, and return what was hit."""
    hit: Counter[str] = Counter()
    for number in range(kills):
        speak_on(app, field)
        say_for(chance.uniform(0.2, 6.0))
        kinds = chance.sample([APP, *PROGRAMS], 2 if chance.random() < 0.3 else 1) if number else [APP]
        found = [wait_until_sync(partial(process_of, app, kind), f"{kind} runs", START_S) for kind in kinds]
        for process in found:
            with suppress(psutil.NoSuchProcess):  # it ended together with the other one
                process.kill()
        hit["+".join(sorted(kinds))] += 1
        if APP in kinds:
            assert app.process is not None
            app.process.wait(10)
    return hit


def recover(app: DesktopApp) -> int:
    """Recover the recordings that a kill cut off, and return how many."""
    cut_off = app.unfinished(frozenset(TakeState) - {TakeState.INTERRUPTED, TakeState.FAILED})
    for take in cut_off:
        app.command("takes", "resend", str(take.session), *CHECKSUM)
    return len(cut_off)


def check(app: DesktopApp, field: TextField, models: Path) -> tuple[int, int]:
    """Check every word, and return how many segments there are, and how many are in the field."""
    flat = "".join(field.text.split())
    typed = Counter(flat[at : at + DIGEST] for at in range(0, len(flat), DIGEST))
    sure, perhaps, count = Counter[str](), Counter[str](), 0
    for take in app.takes():
        assert texts(take) == digests(take), take.session
        heard = set[int]()
        for spoken in spoken_in(take):
            heard |= set(range(spoken.at // GRID, (spoken.at + (spoken.samples or 0)) // GRID + 1))
            sure[spoken.rewritten] += spoken.inserted
            perhaps[spoken.rewritten] += spoken.inserting
            count += 1
        assert speech(audio_of(take), models / "fsmn-vad") <= heard, take.session
    assert +sure <= typed <= perhaps, "the field has each inserted text of the journal once, and nothing else"
    return count, typed.total()


def survive(app: DesktopApp, models: Path, sentences: Path, kills: int) -> None:
    """Dictate without a pause through these kills, and check every word."""
    field = TextField(app.desktop, "letter")
    app.request("show")
    app.desktop.window("kikipounamu")
    with talking_on(app, sentences):
        hit = kill(app, field, kills, random.Random(kills))
        speak_on(app, field)
    app.request("stop")
    app.wait_for("idle", "done", "held", "failed")
    going_on = frozenset(TakeState) - {TakeState.LIVE, TakeState.WAITING}
    wait_until_sync(lambda: not app.unfinished(going_on), "no recording goes on", START_S)
    wait_until_sync(lambda: app.view()["waiting"] == 0, "nothing is waited for", START_S)
    recovered = recover(app)
    segments, typed = check(app, field, models)
    sys.stdout.write(f"{dict(hit)}: {segments} segments, {typed} in the field, {recovered} recordings recovered\n")


def test_few_kills_of_any_program_lose_and_repeat_no_word(app: DesktopApp, models: Path, tmp_path: Path) -> None:
    survive(app, models, recording(*SENTENCES, to=tmp_path / "speech.wav"), 3)


@pytest.mark.proof(minutes=14)
def test_sixty_kills_of_any_program_lose_and_repeat_no_word(app: DesktopApp, models: Path, tmp_path: Path) -> None:
    survive(app, models, recording(*SENTENCES, to=tmp_path / "speech.wav"), 60)
