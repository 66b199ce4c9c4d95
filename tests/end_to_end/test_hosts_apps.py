"""Test two computers with the whole app: one dictates with the worker that the other lends."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from app.journal.library import TakeSnapshot
from app.journal.take import TakeState
from loadtest.core.checksum import checksum
from protocol.audio import SAMPLE_RATE
from protocol.session import Final
from speech.audio_file import read_audio
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import segments_of
from tests.helpers.digits import DATA
from tests.helpers.host_app import HostApp, running_host_apps
from tests.helpers.lending import PORT, Device, Record
from tests.helpers.waiting import wait_until_sync

pytestmark = [pytest.mark.proof(minutes=1.5), pytest.mark.serial]

CHECKSUM = ("--engine", "checksum", "--worker-argument=--set", "--worker-argument=rtf=0.2")
PAUSE_S = 1.2  # long enough to end a segment
LATE_S = 120.0


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """Record some sentences with pauses."""
    pieces: list[npt.NDArray[np.int16]] = []
    for number in range(1, 4):
        pieces += read_audio(DATA / "speech" / f"en-0{number}.flac")
        pieces.append(np.zeros(round(PAUSE_S * SAMPLE_RATE), np.int16))
    place = tmp_path / "spoken.wav"
    soundfile.write(place, np.concatenate(pieces), SAMPLE_RATE)
    return place


@pytest.fixture
def apps(tmp_path: Path, models: Path) -> Iterator[tuple[HostApp, ...]]:
    with running_host_apps(tmp_path, models, ("laptop", "tower"), *CHECKSUM) as apps:
        yield apps


def paired(gateway: HostApp, device: HostApp, *kind: str) -> Record:
    """Pair the device with the code that the gateway shows, and return its credentials."""
    showing = gateway.host.chain.start("pair", "kikipounamu-gateway", "pair", *kind)

    def code() -> str:
        said = showing.log.read_text().partition("code: ")[2].partition("\n")
        return said[0].replace(" ", "") if said[1] else ""

    digits, at = wait_until_sync(code, "a code is shown"), f"https://{gateway.host.address}:{PORT}"
    module = ("python", "-m", "tests.helpers.paired_device", "pair", digits, *kind, "--at", at)
    made = Device(device.host.chain.start("device", *module)).wait("paired")
    assert showing.popen.wait(30) == 0
    return made


def shares(app: HostApp, **settings: bool) -> None:
    """Start the app with its gateway shared."""
    app.set(gateway__share=True, **settings)
    app.start()
    wait_until_sync(lambda: app.host.listening_at(PORT), "its gateway is shared", 60)


def whole(app: HostApp, field: TextField) -> TakeSnapshot:
    """Check that the field contains the complete text of the app's only take, each segment once."""
    wait_until_sync(lambda: app.takes() and app.takes()[0].state is TakeState.DONE, "all is there", LATE_S)
    (take,) = app.takes()
    texts = [checksum(pcm) for pcm in segments_of(take)]
    assert field.text.split() == texts
    sys.stdout.write(f"{len(texts)} segments, each right and once, by {len(set(workers_of(take)))} workers\n")
    return take


def workers_of(take: TakeSnapshot) -> list[str]:
    """Return the worker of each segment."""
    outcomes = [take.take.segments[number].outcome for number in sorted(take.take.segments)]
    return [outcome.worker for outcome in outcomes if isinstance(outcome, Final)]


def test_text_is_complete_and_single_when_lending_app_dies(apps: tuple[HostApp, ...], spoken: Path) -> None:
    laptop, tower = apps
    laptop.set(hotkeys__mode="toggle")
    shares(laptop)
    tower.lend_to_gateway(paired(laptop, tower, "--worker"))
    tower.start()
    wait_until_sync(lambda: tower.host.connected_to(PORT), "it lends", 60)

    field = TextField(laptop.desktop)
    with laptop.talking(tapping=True):
        laptop.play(spoken)
        wait_until_sync(lambda: field.text, "the tower recognises", 60)
        with laptop.playing(spoken) as player:
            laptop.hear_on(1.5)
            tower.kill()
            player.wait()
        before = field.text
        tower.start()
        laptop.play(spoken)
        wait_until_sync(lambda: len(field.text) > len(before), "the tower recognises again", LATE_S)
        tower.host.move(41)
        laptop.play(spoken)
    workers = workers_of(whole(laptop, field))
    assert len(workers) >= 8 and len(set(workers)) == 2, "before and after it was killed"
    assert laptop.quit() == tower.quit() == 0


def test_text_is_complete_and_single_when_gateway_address_changes(apps: tuple[HostApp, ...], spoken: Path) -> None:
    laptop, tower = apps
    shares(tower, worker__on=True)
    laptop.set(hotkeys__mode="toggle")
    laptop.use_gateway(paired(tower, laptop))
    laptop.start()

    field = TextField(laptop.desktop)
    with laptop.talking(tapping=True):
        laptop.play(spoken)
        wait_until_sync(lambda: field.text, "the tower recognises", 60)
        with laptop.playing(spoken) as player:
            laptop.hear_on(1.5)
            tower.host.move(42)
            moved_at, before = time.monotonic(), field.text
            player.wait()
        wait_until_sync(lambda: len(field.text) > len(before), "and goes on", LATE_S)
        sys.stdout.write(f"after another address: text after {time.monotonic() - moved_at:.1f} s\n")
        laptop.play(spoken)
    whole(laptop, field)
    assert "somewhere else now" in (laptop.home / "logs" / "desktop.jsonl").read_text()
    assert laptop.quit() == tower.quit() == 0
