"""Store a home of the running version as data for the tests of later versions: FOLDER.

    python -m tests.helpers.store_home tests/data/home-0.1.0.dev0

Uses the real app on a virtual screen with whisper-base, so that the home is realistic. It has settings, a paired
device, a gateway's history and the broker's file. Of its recordings one was inserted, one cancelled, one is
held, and one was cut off while its first segment waited in the broker. Needs the models in ``.cache/models``.
"""

import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from app.gateways.store import GatewayStore, PairedGateway
from app.journal.take import TakeState
from protocol.errors import MalformedMessage
from tests.helpers.chain import BIN
from tests.helpers.desktop import TextField
from tests.helpers.desktop_app import DesktopApp, running_app
from tests.helpers.waiting import wait_until_sync

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "tests" / "data" / "speech"
KEPT = ("config", "data")
LEFT_OUT = shutil.ignore_patterns("*.lock", "lock", "*.log", "*-shm")
DEVICE = "kitchen laptop"


def main() -> int:
    """Record and store the home."""
    target = Path(sys.argv[1])
    with running_app(ROOT / ".cache" / "models", start=False) as app:
        _configure(app)
        app.start()
        _record(app)
        _cut_off(app)
        for name in KEPT:
            shutil.copytree(app.home / name, target / name, ignore=LEFT_OUT)
    return 0


def _configure(app: DesktopApp) -> None:
    """Choose some settings, keep a history on the gateway, and pair one device each way."""
    app.set(general__language="en", hotkeys__mode="hybrid", recognition__hotwords=["kikipounamu", "奇奇"])
    replacement: dict[str, str | bool] = {"hears": "kiki", "writes": "Kiki"}
    app.set(history__days=3650, recognition__replacements=[replacement])
    (app.home / "config" / "gateway.toml").write_text('history = "on"\nhistory_days = 0\n')
    paired = PairedGateway(("https://192.0.2.7:8765",), "5a" * 32, "d0" * 8, "a key for tests only", "desk")
    GatewayStore(app.home / "data" / "gateways.json").write((paired,))
    command = [str(BIN / "kikipounamu-gateway"), "devices", "add", DEVICE]
    subprocess.run(command, env={"KIKIPOUNAMU_HOME": str(app.home)}, check=True, capture_output=True)


def _record(app: DesktopApp) -> None:
    """Dictate one text that is inserted, one that is cancelled, and one that is held."""
    field = TextField(app.desktop, "field")
    _dictate(app, "en-01")
    wait_until_sync(lambda: app.takes()[-1].state is TakeState.DONE and field.text != "", "a text is inserted", 60)
    app.press()
    app.wait_for("listening")
    app.play(SPEECH / "zh-01.flac")
    app.desktop.xdotool("key", "Escape")
    app.release()
    app.wait_for("idle", "cancelled")
    app.wait_for_takes(2)
    other = TextField(app.desktop, "other")
    field.focus()
    with app.talking():
        app.play(SPEECH / "en-02.flac")
        other.focus()
    wait_until_sync(lambda: app.takes()[-1].state is TakeState.HELD, "a text is held", 60)


def _dictate(app: DesktopApp, recording: str) -> None:
    with app.talking():
        app.play(SPEECH / f"{recording}.flac")


def _cut_off(app: DesktopApp) -> None:
    """Dictate without a worker, and kill the app, its gateway and its broker before the recording ends."""
    app.set(worker__on=False, hotkeys__mode="hands-free")
    wait_until_sync(lambda: app.worker_state() == "", "the worker is off", 60)
    app.tap()
    app.wait_for("listening")
    app.play(SPEECH / "zh-02.flac")
    app.hear_on(1.5)
    wait_until_sync(lambda: _queued(app), "a segment waits in the broker", 60)
    app.play(SPEECH / "en-03.flac")
    assert app.process is not None
    victims = [psutil.Process(app.process.pid), *psutil.Process(app.process.pid).children(recursive=True)]
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.send_signal(signal.SIGKILL)
    psutil.wait_procs(victims, timeout=10)


def _queued(app: DesktopApp) -> bool:
    with suppress(MalformedMessage, OSError, IndexError):
        return '"queued"' in (app.takes()[-1].folder / "events.jsonl").read_text()
    return False


if __name__ == "__main__":
    sys.exit(main())
