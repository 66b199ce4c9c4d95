"""Test the whole app when killed, without its gateway and under random key presses:

no text is lost or typed twice.

The checksum engine's text changes with any sample that is lost, doubled or moved.
"""

import itertools
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from app.dictation.state_machine import MOST_TAKES
from app.journal.library import TakeSnapshot
from app.journal.take import TakeSegment, TakeState
from loadtest.core.checksum import checksum
from tests.app.speech import recording
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, running_app, segments_of
from tests.helpers.isolated_app import isolated
from tests.helpers.spoken_order import Spoken, check_order
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.serial("trouble"), pytest.mark.timeout(600)]

SENTENCES = ("en-03", "en-05", "en-08")
DIGEST = len(checksum(b""))
NAMES = (f"window {number}" for number in itertools.count())


@pytest.fixture(scope="module")
def app(models: Path) -> Iterator[DesktopApp]:
    with running_app(models, "--engine", "checksum") as app:
        yield app


@pytest.fixture(autouse=True)
def nothing_stays(app: DesktopApp) -> Iterator[None]:
    with isolated(app):
        yield


@pytest.fixture
def field(app: DesktopApp) -> TextField:
    """Open a focused text field of another program."""
    return TextField(app.desktop, next(NAMES))


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Record some sentences with a second of silence around each."""
    return recording(*SENTENCES, to=tmp_path / "speech.wav")


def digests(take: TakeSnapshot) -> list[str]:
    """Return the checksum engine's text for each segment of the take."""
    return [checksum(pcm) for pcm in segments_of(take)]


def texts(take: TakeSnapshot) -> list[str]:
    """Return the texts in the take's journal."""
    return [segment.text for segment in take.transcript.segments]


def held_take(app: DesktopApp, field: TextField, sentence: Path) -> TakeSnapshot:
    """Dictate a held take: the focus moves to another window during speech, and back afterwards."""
    before = len(app.takes())
    app.set(hotkeys__mode="hold")
    with app.talking():
        app.play(sentence)
        TextField(app.desktop, next(NAMES))
    (take,) = app.wait_for_takes(before + 1)[before:]
    other = app.desktop.processes.pop()
    other.terminate()
    other.wait(10)
    field.focus()
    assert (take.state, app.view()["held"], field.text) == (TakeState.HELD, 1, "")
    return take


def test_killed_app_loses_no_speech_and_types_no_text(
    app: DesktopApp, field: TextField, speech: Path, tmp_path: Path
) -> None:
    """Texts held earlier can still be pasted; segments that the kill cut off do not count as held."""
    held = held_take(app, field, recording(SENTENCES[0], to=tmp_path / "sentence.wav"))
    before = len(app.takes())
    app.set(hotkeys__mode="hands-free")
    app.tap()
    app.wait_for("listening")
    with app.playing(speech):
        wait_until_sync(lambda: field.text, "the first sentence is there")
        wait_until_sync(lambda: len(app.takes()[-1].take.segments) > 1, "the second has begun")
        app.hear_on(0.3)
        (heard,) = app.takes()[before:]
        app.kill()
    typed = field.text
    app.start()
    (take,) = app.takes()[before:]
    assert (take.state, take.samples >= heard.samples) == (TakeState.INTERRUPTED, True)
    assert typed.split() == texts(take)[: len(typed.split())] == digests(take)[: len(typed.split())]
    listed = app.command("takes", "list")
    assert str(take.session)[:8] in listed and "Failed" in listed
    resent = app.command("takes", "resend", str(take.session), "--engine", "checksum")
    (after,) = app.takes()[before:]
    assert resent.split() == texts(after) == digests(after)
    assert after.take.segments[1].at == take.take.segments[1].at
    assert after.take.segments[1].at + (after.take.segments[1].samples or 0) == after.samples == take.samples
    view = app.view()
    assert (field.text, view["held"], view["earlier"], view["state"]) == (typed, 0, 1, "held")
    app.desktop.xdotool("key", "ctrl+alt+v")
    wait_until_sync(
        lambda: (app.view()["note"] or {}).get("key") == "held-earlier", "the key pastes nothing older"
    )
    app.command("paste-held", str(held.session))
    wait_until_sync(lambda: field.text == typed + held.transcript.text, "what was held before is there, once")
    wait_until_sync(lambda: app.takes()[before - 1].state is TakeState.DONE, "its journal says so")
    wait_until_sync(lambda: app.view()["earlier"] == 0, "nothing is held any more")


def keep_down(app: DesktopApp, seconds: float) -> tuple[int, float]:
    """Kill every gateway of the app for this time. Return how many, and the most seconds of unsent audio."""
    end, killed, unsent = time.monotonic() + seconds, set[int](), 0.0
    while time.monotonic() < end:
        endpoint = app.endpoint()
        if endpoint is not None and endpoint.pid not in killed:
            with suppress(psutil.NoSuchProcess):
                psutil.Process(endpoint.pid).kill()
                killed.add(endpoint.pid)
        unsent = max(unsent, app.view()["unsent_s"])
        time.sleep(0.05)
    return len(killed), unsent


def without_gateway(app: DesktopApp, field: TextField, speech: Path, seconds: float) -> None:
    """Dictate while there is no gateway."""
    app.set(hotkeys__mode="hold")
    before = len(app.takes())
    with app.talking(), app.playing(speech) as player:
        app.hear_on(1.0)
        killed, unsent = keep_down(app, seconds)
        player.wait(600)
    (take,) = app.wait_for_takes(before + 1)[before:]
    assert (take.state, killed >= 1, unsent > seconds / 2) == (TakeState.DONE, True, True)
    assert len(take.take.segments) > 1 and texts(take) == digests(take)
    wait_until_sync(lambda: field.text.split() == digests(take), "every text is there, in order, once")
    sys.stdout.write(f"without a gateway for {seconds:g} s: {killed} killed, at most {unsent:.1f} s unsent, ")
    sys.stdout.write(f"{len(texts(take))} texts of {take.seconds:.1f} s in order, once\n")


def test_speech_without_gateway_is_inserted_once_gateway_returns(
    app: DesktopApp, field: TextField, speech: Path
) -> None:
    without_gateway(app, field, speech, 3.0)


@pytest.mark.proof(minutes=2)
def test_speech_of_a_minute_without_gateway_is_inserted(app: DesktopApp, field: TextField, tmp_path: Path) -> None:
    without_gateway(app, field, recording(*SENTENCES * 5, to=tmp_path / "long.wav"), 60.0)


def presses_at_random(presses: int, seed: int) -> list[tuple[float, float]]:
    """Return random presses, seconds down and up: taps (8 a second), holds and pauses."""
    chance = random.Random(seed)
    return [
        (
            chance.uniform(0.3, 0.6) if chance.random() < 0.08 else chance.uniform(0.0, 0.04),
            chance.uniform(0.2, 0.6) if chance.random() < 0.1 else chance.uniform(0.0, 0.05),
        )
        for _ in range(presses)
    ]


def annoy(app: DesktopApp, presses: int, seed: int) -> float:
    """Press the key randomly while microphone, worker and gateway go and return in turn.

    Returns the seconds that the presses took.
    """
    others: list[Callable[[], object]] = [
        app.microphone.unload,
        app.microphone.load,
        lambda: app.set(worker__on=False),
        lambda: app.set(worker__on=True),
        lambda: keep_down(app, 0.1),
    ]
    begun = time.monotonic()
    with app.pressing(presses_at_random(presses, seed)) as presser:
        for other in others * (presses // 50):
            other()
            with suppress(subprocess.TimeoutExpired):
                presser.wait(0.5)
        assert presser.wait(600) == 0
        return time.monotonic() - begun


@contextmanager
def talking_on(app: DesktopApp, path: Path) -> Iterator[None]:
    """Play speech continuously, as long as there is a microphone."""
    over = threading.Event()

    def talk() -> None:
        while not over.is_set():
            with app.playing(path) as player:
                while player.poll() is None and not over.wait(0.1):
                    pass

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield
    finally:
        over.set()
        talker.join()


def under_annoyance(app: DesktopApp, field: TextField, speech: Path, presses: int) -> None:
    """Press randomly, and check that no take is stuck, lost, doubled or inserted wrongly."""
    app.set(hotkeys__mode="hybrid")
    before = len(app.takes())
    with talking_on(app, speech):
        seconds = annoy(app, presses, seed=presses)
    app.request("stop")
    app.wait_for("idle", "done", "held", "failed")
    app.wait_until_transcribed()
    wait_until_sync(lambda: app.view()["waiting"] == 0, "nothing is waited for")
    takes = app.takes()[before:]
    assert [texts(take) for take in takes] == [digests(take) for take in takes]
    segments = [
        (text, spoken) for take in takes for text, spoken in zip(texts(take), spoken_in(take), strict=True)
    ]
    inserted = [text for text, spoken in segments if spoken.inserted]
    field.focus()
    app.desktop.xdotool("key", "z")  # arrives after all texts of the app
    wait_until_sync(lambda: field.text.endswith("z"), "what is typed last is there")
    typed = "".join(field.text.rstrip("z").split())
    check_order(
        [typed[at : at + DIGEST] for at in range(0, len(typed), DIGEST)], [inserted_of(take) for take in takes]
    )
    holding = [take for take in takes if any(one.inserting and not one.inserted for one in spoken_in(take))]
    held = sum(spoken.inserting and not spoken.inserted for _, spoken in segments)
    later = len(segments) - len(inserted) - held  # too many texts waited, so the history keeps them
    view = app.view()
    assert bool(view["held"]) + view["earlier"] == len(holding) and (later == 0 or len(takes) > MOST_TAKES)
    recorded = sum(take.seconds for take in takes)
    sys.stdout.write(f"{presses} presses in {seconds:.0f} s: {len(takes)} takes of {recorded:.0f} s, ")
    sys.stdout.write(f"{len(inserted)} texts inserted, {held} held, {later} recognised later, lost 0, doubled 0\n")


def inserted_of(take: TakeSnapshot) -> Spoken:
    """Return the texts of a take that are inserted, and when its folder was made."""
    there = [text for text, one in zip(texts(take), spoken_in(take), strict=True) if one.inserted]
    return Spoken(take.folder.stat().st_mtime, there)


def spoken_in(take: TakeSnapshot) -> list[TakeSegment]:
    return [take.take.segments[number] for number in sorted(take.take.segments)]


def test_random_presses_leave_no_take_stuck_or_lost(app: DesktopApp, field: TextField, speech: Path) -> None:
    under_annoyance(app, field, speech, 50)


@pytest.mark.proof(minutes=2.5)
def test_many_random_presses_leave_no_take_stuck_or_lost(app: DesktopApp, field: TextField, speech: Path) -> None:
    under_annoyance(app, field, speech, 500)
