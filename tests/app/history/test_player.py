"""Playback is exact, starts where requested, and reports its position."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

from app.core.errors import Note
from app.history.player import Player
from app.history.view import PlaybackView, PlayState
from app.journal.journal import Journal
from app.journal.library import Library, TakeSnapshot
from protocol.audio import SAMPLE_RATE
from protocol.recognition import Options
from tests.app.dictation.test_sounds import speakers
from tests.app.history.heard import FakeOutput
from tests.app.history.takes import SEGMENT, record, session
from tests.app.journal.files import tone
from tests.helpers.recordings import SYNTHETIC, samples_of
from tests.helpers.virtual_microphone import VirtualMicrophone, virtual_microphones
from tests.helpers.waiting import DEADLINE_S, wait_until, wait_until_sync

LENGTH_MS = 300


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path)
    for number in (1, 2):
        record(made, number, "one", "two", "three")
    return made


@asynccontextmanager
async def playing(
    library: Library, output: FakeOutput, told: list[PlaybackView], stuck_s: float = 60.0
) -> AsyncIterator[Player]:
    async def find(wanted: UUID) -> TakeSnapshot:
        return library.find(wanted)

    async with Player(find, output, told.append, stuck_s) as player:
        yield player
    assert not output.open


def states(told: list[PlaybackView]) -> list[PlayState]:
    return [one.state for one in told]


def stopped(number: int, note: str, of_ms: int = LENGTH_MS) -> PlaybackView:
    return PlaybackView(session(number), PlayState.STOPPED, 0, of_ms, Note(note))


def ms(told: list[PlaybackView]) -> int:
    return told[-1].ms if told else -1


async def heard(output: FakeOutput, samples: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Wait for this many samples and return them."""
    parts: list[np.ndarray[tuple[int], np.dtype[np.float32]]] = []

    def enough() -> bool:
        parts.append(output.append(samples - sum(map(len, parts))))
        return sum(map(len, parts)) >= samples

    await wait_until(enough, "it is heard")
    return np.concatenate(parts)


async def test_player_plays_exact_samples_to_the_end(library: Library) -> None:
    output, told = FakeOutput(), list[PlaybackView]()
    async with playing(library, output, told) as player:
        player.play(session(1))
        sound = await heard(output, 3 * SEGMENT)
        await wait_until(lambda: told[-1].state is PlayState.STOPPED, "it is over")
    assert np.array_equal(np.rint(sound * 32_768).astype(np.int16), tone(0, 3 * SEGMENT))
    assert (told[0].state, told[-1].note, {one.of_ms for one in told[1:]}) == (
        PlayState.PLAYING,
        None,
        {LENGTH_MS},
    )
    assert [one.ms for one in told[:-1]] == sorted(one.ms for one in told[:-1])


async def test_player_resamples_to_rate_of_output(library: Library) -> None:
    output, told = FakeOutput(48_000), list[PlaybackView]()
    async with playing(library, output, told) as player:
        player.play(session(1))
        sound = await heard(output, 48_000 * LENGTH_MS // 1000)
        await wait_until(lambda: told[-1].state is PlayState.STOPPED, "it is over")
    assert len(output.append(9)) == 0 and 0.1 < np.max(np.abs(sound)) <= 1.0


async def test_player_position_accounts_for_latency(library: Library) -> None:
    output, told = FakeOutput(latency_s=0.05), list[PlaybackView]()
    async with playing(library, output, told) as player:
        player.play(session(1), 100)
        await heard(output, 1_600)
        await wait_until(lambda: ms(told) == 150, "100 ms are taken, 50 ms of them heard")


async def test_player_resumes_where_it_paused(library: Library) -> None:
    output, told = FakeOutput(), list[PlaybackView]()
    async with playing(library, output, told) as player:
        player.play(session(1))
        await heard(output, 1_600)
        await wait_until(lambda: ms(told) == 100, "it is at 100 ms")
        player.pause()
        assert told[-1] == PlaybackView(session(1), PlayState.PAUSED, 100, LENGTH_MS)
        await wait_until(lambda: not output.open, "the output is let go")
        player.play(session(1), 100)
        sound = await heard(output, 800)
        assert np.array_equal(np.rint(sound * 32_768).astype(np.int16), tone(1_600, 800))


async def test_player_seeks_and_switches_takes(library: Library) -> None:
    output, told = FakeOutput(), list[PlaybackView]()
    async with playing(library, output, told) as player:
        player.play(session(1))
        await heard(output, 10)
        player.seek(session(2), 0)  # ignored: another take is playing
        player.seek(session(1), 200)
        await wait_until(lambda: ms(told) == 200, "it goes on there")
        sound = await heard(output, 800)
        assert np.array_equal(np.rint(sound * 32_768).astype(np.int16), tone(3_200, 800))
        player.play(session(2), 9_999)
        await wait_until(lambda: told[-1].session == session(2) and told[-1].state is PlayState.STOPPED, "its end")
    stopped = [one.session for one in told if one.state is PlayState.STOPPED]
    assert stopped == [session(1), session(2)]


async def test_player_is_silent_while_dictation_records(library: Library) -> None:
    output, told = FakeOutput(), list[PlaybackView]()
    async with playing(library, output, told) as player:
        player.play(session(1))
        await heard(output, 10)
        player.block(True)
        assert states(told)[-1] is PlayState.PAUSED
        await wait_until(lambda: not output.open, "it is silent")
        player.play(session(1))
        assert told[-1].state is PlayState.STOPPED and told[-1].note is not None
        assert told[-1].note.key == "dictation-records" and not output.open
        player.block(False)
        player.play(session(1))
        await wait_until(lambda: output.open, "it is heard again")


@pytest.mark.parametrize(
    ("stuck_s", "spoil"),
    [
        (0.1, lambda output: None),  # the output takes no data
        (60.0, lambda output: output.end()),  # the output is unplugged
    ],
)
async def test_player_reports_an_output_that_takes_nothing(
    library: Library, stuck_s: float, spoil: Callable[[FakeOutput], None]
) -> None:
    output, told = FakeOutput(), list[PlaybackView]()
    async with playing(library, output, told, stuck_s) as player:
        player.play(session(1))
        await wait_until(lambda: output.open, "it plays")
        spoil(output)
        await wait_until(lambda: not output.open, "it ends")
        await wait_until(lambda: told[-1] == stopped(1, "speaker-refused"), "the reason is reported")


async def test_player_reports_a_take_that_is_deleted_during_playback(library: Library) -> None:
    """The take is longer than what is read ahead."""
    output, told = FakeOutput(), list[PlaybackView]()
    record(library, 3, *["text"] * 40)
    async with playing(library, output, told) as player:
        player.play(session(3))
        await heard(output, 800)
        library.delete(session(3))

        def ended() -> bool:
            output.append(SAMPLE_RATE)
            return told[-1] == stopped(3, "audio-gone", of_ms=4_000)

        await wait_until(ended, "it is told why, once what was read is played")


async def test_player_reports_missing_output_or_take(library: Library) -> None:
    received = list[PlaybackView]()
    async with playing(library, FakeOutput(refuses=True), received) as player:
        player.play(session(1))
        await wait_until(lambda: received[-1].note, "why")
        player.play(session(9))
        await wait_until(lambda: len(received) >= 4 and received[-1].note, "why")
    assert [one.note.key for one in received if one.note] == ["speaker-refused", "take-unknown"]


PLAY = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from app.journal.library import Library
from app.capture.desktop_sound import sound_system
from app.history.player import Player
from app.history.view import PlayState

async def main(root, session):
    library, told, over = Library(Path(root)), [], asyncio.Event()

    async def find(wanted):
        return library.find(wanted)

    def post(playing):
        told.append(playing)
        if playing.state is PlayState.STOPPED:
            over.set()

    async with Player(find, sound_system().ports, post) as player:
        player.play(UUID(session))
        await over.wait()
    print(told[-1].note, max(one.ms for one in told))

asyncio.run(main(*sys.argv[1:]))
"""


@contextmanager
def recorded(desk: VirtualMicrophone, place: Path) -> Iterator[None]:
    """Record what is played to the desk during the context, and half a second longer, by a program of its own."""
    command = ["parec", f"--device={desk.name}_sink.monitor", "--format=s16le", "--channels=1"]
    command += [f"--rate={SAMPLE_RATE}", "--raw", str(place)]
    recorder = subprocess.Popen(command, env=desk.environment)
    try:
        wait_until_sync(lambda: place.exists() and place.stat().st_size, "it records")
        yield
        enough = place.stat().st_size + SAMPLE_RATE
        wait_until_sync(lambda: place.stat().st_size >= enough, "it has recorded the end")
    finally:
        recorder.terminate()
        recorder.wait(DEADLINE_S)


def played(tmp_path: Path) -> NDArray[np.float64]:
    """Play a journal to the desk, and return what was recorded there."""
    with virtual_microphones("desk") as (desk,), recorded(desk, tmp_path / "heard.pcm16"):
        command = [sys.executable, "-c", PLAY, str(tmp_path), str(session(1))]
        result = subprocess.run(
            command, env=speakers(desk), capture_output=True, text=True, timeout=60, check=False
        )
    assert result.stdout.startswith("None"), result.stdout + result.stderr
    return np.fromfile(tmp_path / "heard.pcm16", "<i2").astype(np.float64)


def likeness(heard: NDArray[np.float64], spoken: NDArray[np.float64]) -> float:
    """Return the correlation of ``spoken`` with the part of ``heard`` that is most like it."""
    size = 1 << (len(spoken) + len(heard)).bit_length()
    spectrum = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(spoken, size))
    at = int(np.fft.irfft(spectrum, size)[: len(heard)].argmax())
    there = heard[at : at + len(spoken)]
    assert len(there) == len(spoken)
    return float(np.corrcoef(there, spoken)[0, 1])


@pytest.mark.serial("sound")
def test_player_plays_journal_through_real_output(tmp_path: Path) -> None:
    spoken = samples_of(SYNTHETIC / "en-03.flac")[:SAMPLE_RATE]
    with Journal.create(tmp_path, session(1), Options(), 0.0) as journal:
        journal.append(spoken)
        journal.finish()
    tries = (likeness(played(tmp_path), spoken.astype(np.float64)) for _ in range(4))
    assert any(like > 0.98 for like in tries), "the sound server of a busy computer skips, but not each time"
