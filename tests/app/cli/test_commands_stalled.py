"""Commands on a file system that does not respond: `transcribe` ends at one signal, the app when it is quit."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.speech import SPEECH

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: signals")

STALL = """
import os, signal, sys
waiting, _ = os.pipe()
def stall():
    "Do not respond, whatever happens: like a disk, it also keeps signals from this thread."
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    print("stalled", flush=True)
    os.read(waiting, 1)
"""
BEFORE_OPENING = f"""{STALL}
stat = os.stat
def stalling(path, **options):
    if os.fspath(path) == sys.argv[-1]:
        stall()
    return stat(path, **options)
os.stat = stalling
"""
IN_READING = f"""{STALL}
from app.transcription import pipeline
class Stalling:
    cut = None
    def __init__(self, path, track):
        pass
    def __iter__(self):
        stall()
        yield
pipeline.AvailableAudio = Stalling
"""
IN_WRITING = f"""{STALL}
from app.core import result_writer
from app.cli import commands
async def transcribed(*given, **named):
    from app.core.transcript import RecordingTranscript
    return RecordingTranscript((), 0)
commands.Recogniser.recognise = transcribed
result_writer._print = lambda text: stall()
"""
IN_APP = f"""{STALL}
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from app.cli import main as cli
from app.core import daemon_thread
daemon_thread._EXIT_S = 0.1
def run(make_application, *, hidden):
    ThreadPoolExecutor().submit(stall)
    return 3
cli.check_windows = lambda environment: None
cli.import_windows = lambda: SimpleNamespace(run=run)
"""
RUN = "\nfrom app.cli.entry import main\nmain()"


@pytest.mark.parametrize(
    ("stage", "sent", "status"),
    [
        (BEFORE_OPENING, signal.SIGINT, 130),
        (BEFORE_OPENING, signal.SIGTERM, -signal.SIGTERM),
        (IN_READING, signal.SIGINT, 130),
        (IN_READING, signal.SIGTERM, 143),
        (IN_WRITING, signal.SIGINT, 130),
        (IN_WRITING, signal.SIGTERM, 143),
    ],
)
def test_transcribe_ends_at_one_signal_while_a_disk_does_not_respond(
    stage: str, sent: signal.Signals, status: int, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    remote = ("--gateway", "http://127.0.0.1:9", "--key", "k")
    command = [sys.executable, "-c", stage + RUN, "transcribe", *remote, str(SPEECH / "en-01.flac")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stderr is not None
            assert process.stdout.readline() == "stalled\n"
            process.send_signal(sent)
            assert process.wait(60) == status
            assert "Traceback" not in process.stderr.read()
        finally:
            process.kill()


def test_app_exits_while_a_disk_does_not_respond(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))
    command = [sys.executable, "-c", IN_APP + RUN, "app"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "stalled\n"
            assert process.wait(30) == 3
        finally:
            process.kill()
