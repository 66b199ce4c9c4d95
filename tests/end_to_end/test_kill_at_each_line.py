"""Test that each word is there once, although the app and then its recovery are killed after each journal line.

The programs are real; only microphone and text field are not. Each text is a digest of its samples, so each word
shows where it was said. The gateway keeps its knowledge of the session over a kill.
"""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from app.dictation.recordings import held_in
from app.journal.library import Library, TakeSnapshot
from app.journal.take import TakeState
from protocol.audio import SAMPLE_RATE
from protocol.endpoint import Endpoint
from speech.audio_file import read_audio
from tests.app.dictation import killed_speaker
from tests.app.speech import recording
from tests.helpers.chain import KEY, running_chain
from tests.helpers.ruler_engine import ENGINE, measured
from tests.helpers.valkey import Broker

ROOT = Path(__file__).resolve().parents[2]
PROCESS_S = 180


@dataclass
class Bench:
    """A gateway with a worker, and a recording to dictate."""

    root: Path
    models: Path
    endpoint: Endpoint
    spoken: Path

    def run(self, place: Path, what: str, lines: int = 0) -> bool:
        """Dictate into the folder ``place``, or recover its take; return whether that was killed."""
        place.mkdir(exist_ok=True)
        arguments = (place, self.models, self.endpoint.url, KEY, self.spoken, lines, what)
        command = [sys.executable, "-m", killed_speaker.__name__, *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, timeout=PROCESS_S, capture_output=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
        return done.returncode != 0


@pytest.fixture
def bench(tmp_path: Path, models: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """Two sentences with a pause of 3 s between them. Noise makes all seconds differ."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    said = [
        np.concatenate(list(read_audio(recording(name, to=tmp_path / "x.wav")))) for name in ("zh-01", "en-01")
    ]
    audio = np.concatenate((said[0], np.zeros(2 * SAMPLE_RATE, np.int16), said[1])).astype(np.int32)
    audio += np.random.default_rng(1).integers(-3, 4, len(audio))
    audio.clip(-32_768, 32_767).astype("<i2").tofile(tmp_path / "spoken")
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker("--engine", ENGINE)
        yield Bench(tmp_path, models, endpoint, tmp_path / "spoken")


def found_in(place: Path) -> TakeSnapshot:
    (found,) = Library(place / "takes").all()
    return found


def check(place: Path) -> None:
    """Check that each sample of a segment is in one text, each text matches its samples, and no word is typed
    twice."""
    found, document = found_in(place), place / "document"
    typed = Counter(document.read_text().split() if document.exists() else [])
    assert set(typed.values()) <= {1}, "no word is typed twice"
    audio, words, free = np.fromfile(found.audio, "<i2"), list[str](), 0
    for each in sorted(found.take.counted.values(), key=lambda each: each.at):
        assert each.at >= free and each.samples is not None, "no sample is in two texts"
        free = each.at + each.samples
        words += measured(audio[each.at : free].tobytes()).split()
    assert found.text.split() == words and found.state in (TakeState.DONE, TakeState.HELD)
    assert not typed.keys() - set(words), "what was typed is in the history"
    if not any(each.inserting and each.awaited for each in found.take.segments.values()):
        assert not typed.keys() & set(" ".join(held_in(found).values()).split()), "it is not offered again"


def lines_of(place: Path) -> int:
    return (found_in(place).folder / "events.jsonl").read_bytes().count(b"\n")


def test_killed_take_and_killed_recovery_lose_no_word(bench: Bench) -> None:
    whole = bench.root / "whole"
    assert not bench.run(whole, "speak")
    check(whole)
    place = bench.root / "killed"
    assert bench.run(place, "speak", lines_of(whole) // 2)
    assert bench.run(place, "recover", 1)
    assert not bench.run(place, "recover")
    check(place)


@pytest.mark.proof(minutes=8)
def test_kill_after_each_line_of_take_and_recovery_loses_no_word(bench: Bench) -> None:
    whole = bench.root / "whole"
    assert not bench.run(whole, "speak")
    for line in range(3, lines_of(whole) + 1):  # the first two lines are there before the recording
        for recovered in (0, 1, 3, 5):
            place = bench.root / f"{line}-{recovered}"
            bench.run(place, "speak", line)
            killed = bench.run(place, "recover", recovered)
            if killed:
                bench.run(place, "recover")
            check(place)
            if recovered and not killed:
                break  # a recovery has no more lines
