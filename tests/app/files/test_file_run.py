"""A run of one file: its outcome in every case, and the progress and notes before it."""

import asyncio
import errno
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.core.errors import Note, OutputFailed
from app.core.format import Format
from app.core.renderers import render
from app.core.transcript import RecordingTranscript, TranscriptSegment
from app.files import file_run
from app.files.events import Noted, RunFailed, RunFile, RunFinished, RunProgress
from app.files.file_run import FileTask, Reporter, save, save_as, unreadable
from app.files.queue import SavingOptions
from app.files.recogniser import UNHURRIED, FileRecogniser
from app.files.result_store import FileResults, KnownResults, RecognisedSegment, source_of
from app.files.view import MOST_TEXT, FileNote
from client.connection import Address, fixed_locator
from client.events import Connected, Disconnected
from protocol.errors import CloseCode
from protocol.recognition import Options
from protocol.session import Busy
from runtime.tasks import cancel_and_wait
from speech.errors import AudioDamaged, AudioEmpty, AudioMissing, AudioUnsupported, MediaExtraMissing, SpeechError
from tests.app.speech import recording, window_digests
from tests.helpers.recordings import samples_of
from tests.helpers.scripted_gateway import Gateway, closing_with, oblige, scripted
from tests.helpers.sound_tracks import with_tracks
from tests.helpers.waiting import wait_until

AT_ONCE = replace(UNHURRIED, retry=lambda failures, chance, asked: 0.02)
LOST = closing_with(CloseCode.TAKEN_OVER)


@dataclass
class Bench:
    """Recording with the store, settings and reports of its run."""

    path: Path
    models: Path
    kept: FileResults
    saving: Callable[[], SavingOptions] = SavingOptions
    options: Options = Options("en", partials=True)
    told: list[RunProgress | Noted] = field(default_factory=list)

    async def run(self, gateway: Gateway, *, again: bool = False, track: int = 0) -> RunFinished | RunFailed:
        recogniser = FileRecogniser(fixed_locator(Address(gateway.url)), self.models / "fsmn-vad", AT_ONCE)
        one = FileTask(recogniser, self.kept, self.options, self.saving, 10.0, again_s=0.01)
        return await one.run(RunFile(7, str(self.path), again, track), self.told.append)

    @property
    def notes(self) -> list[Note | None]:
        return [told.note for told in self.told if isinstance(told, Noted)]


@pytest.fixture
def bench(tmp_path: Path, models: Path) -> Bench:
    return Bench(
        recording("en-01", to=tmp_path / "talk.wav", silence_s=4), models, FileResults(tmp_path / "7.jsonl")
    )


async def test_run_saves_text_and_subtitles(bench: Bench, tmp_path: Path) -> None:
    async with scripted(oblige) as gateway:
        outcome = await bench.run(gateway)
        options = gateway.memory.hellos[0].options
    text = " ".join(window_digests(bench.path, bench.models))
    places = (str(tmp_path / "talk.txt"), str(tmp_path / "talk.srt"))
    assert outcome == RunFinished(7, int(soundfile.info(bench.path).duration * 1000) / 1000, text, places)
    assert (tmp_path / "talk.txt").read_text() == text + "\n"
    assert (tmp_path / "talk.srt").read_text().startswith("1\n00:00:0")
    assert bench.kept.read().results == places
    assert (options.language, options.priority, options.partials) == ("en", "bulk", False)
    last = bench.told[-1]
    assert isinstance(last, RunProgress)
    assert (last.file, last.text) == (7, text)


async def test_run_saves_results_once(bench: Bench, tmp_path: Path) -> None:
    """The program ended before its list recorded that the file is done."""
    async with scripted(oblige) as gateway:
        first = await bench.run(gateway)
        assert await bench.run(gateway) == first
    assert not (tmp_path / "talk (2).txt").exists()


async def test_silent_file_finishes_without_results(bench: Bench, tmp_path: Path) -> None:
    bench.path = tmp_path / "silence.wav"
    soundfile.write(bench.path, np.zeros(32_000, np.int16), 16_000)
    async with scripted(oblige) as gateway:
        assert await bench.run(gateway) == RunFinished(7, 2.0, "", (), Note(FileNote.SILENT))


async def test_text_stays_in_store_when_folder_is_not_writable(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    bench.saving = lambda: SavingOptions((Format.TXT,), str(tmp_path / "file"))
    async with scripted(oblige) as gateway:
        outcome = await bench.run(gateway)
    assert isinstance(outcome, RunFinished)
    assert outcome.note == Note(FileNote.NOT_SAVED, {"place": str(tmp_path / "file")})
    assert outcome.results == ()
    assert bench.kept.read().transcript.text == outcome.text != ""


async def test_finished_counts_gaps_and_retry_fills_them(bench: Bench) -> None:
    pieces = (
        RecognisedSegment(0, 16_000, TranscriptSegment(0, 0, 1000, "one")),
        RecognisedSegment(16_000, 16_000, TranscriptSegment(1, 1000, 2000, error="lost")),
    )
    bench.kept.resume(source_of(bench.path), again=False)
    bench.kept.add(pieces)
    bench.kept.finish(KnownResults(pieces, 32_000, ("/talk.srt",)))
    async with scripted(oblige) as gateway:
        outcome = await bench.run(gateway)
        assert outcome == RunFinished(
            7, 2.0, "one", ("/talk.srt",), Note(FileNote.GAPS, {"count": "1"}), gaps=True
        )
        again = await bench.run(gateway, again=True)
    assert isinstance(again, RunFinished)
    assert not again.gaps and again.text.startswith("one ")


async def test_truncated_file_is_recognised_and_marked(bench: Bench, tmp_path: Path) -> None:
    bench.saving = lambda: SavingOptions((Format.JSON,))
    bench.path.write_bytes(bench.path.read_bytes()[:-32_000])
    async with scripted(oblige) as gateway:
        outcome = await bench.run(gateway)
        assert await bench.run(gateway) == outcome  # also when the results are only read from the store
    assert isinstance(outcome, RunFinished)
    assert outcome.truncated and outcome.text and outcome.note == Note(FileNote.TRUNCATED)
    assert json.loads((tmp_path / "talk.json").read_text())["truncated"] is True


async def test_film_with_several_sound_tracks_says_which_one_was_recognised(bench: Bench) -> None:
    speech = samples_of(bench.path)
    bench.path = with_tracks(bench.path.with_name("film.mkv"), speech, np.zeros_like(speech))
    async with scripted(oblige) as gateway:
        outcome = await bench.run(gateway)
    assert isinstance(outcome, RunFinished) and outcome.text
    assert outcome.note == Note(FileNote.ONE_TRACK, {"track": "1", "count": "2"})


async def test_run_recognises_chosen_sound_track_from_the_beginning(bench: Bench) -> None:
    speech = samples_of(bench.path)
    bench.path = with_tracks(bench.path.with_name("film.mkv"), np.zeros_like(speech), speech)
    async with scripted(oblige) as gateway:
        silent = await bench.run(gateway, track=1)
        spoken = await bench.run(gateway, track=2)
    assert isinstance(silent, RunFinished) and isinstance(spoken, RunFinished)
    assert not silent.text and spoken.text
    assert spoken.note == Note(FileNote.ONE_TRACK, {"track": "2", "count": "2"})


async def test_complete_copy_replaces_truncated_file(bench: Bench) -> None:
    whole = bench.path.read_bytes()
    bench.path.write_bytes(whole[:-32_000])
    async with scripted(oblige) as gateway:
        await bench.run(gateway)
    bench.path.write_bytes(whole)
    async with scripted(oblige) as gateway:
        outcome = await bench.run(gateway, again=True)
    assert isinstance(outcome, RunFinished) and not outcome.truncated and outcome.note is None
    assert outcome.text == " ".join(window_digests(bench.path, bench.models))


async def test_run_opens_new_session_when_one_is_lost(bench: Bench) -> None:
    async with scripted(LOST, LOST, oblige) as gateway:
        outcome = await bench.run(gateway)
    assert isinstance(outcome, RunFinished)
    assert len({hello.session for hello in gateway.memory.hellos}) == 3
    assert bench.notes.count(Note(FileNote.GATEWAY_AWAY)) == 2
    assert bench.notes[-1] is None


async def test_run_fails_after_three_sessions_without_progress(bench: Bench) -> None:
    async with scripted(LOST) as gateway:
        assert await bench.run(gateway) == RunFailed(7, Note(FileNote.NO_ANSWER))
        assert gateway.connections == 3


async def test_run_names_reason_of_refusal(bench: Bench) -> None:
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        outcome = await bench.run(gateway)
    assert isinstance(outcome, RunFailed)
    assert outcome.note == Note(FileNote.REFUSED, reason=Note("gateway-unauthorised"))


async def test_run_fails_when_results_cannot_be_kept(bench: Bench, tmp_path: Path) -> None:
    bench.kept = FileResults(tmp_path / "none" / "7.jsonl")
    async with scripted(oblige) as gateway:
        outcome = await bench.run(gateway)
    assert isinstance(outcome, RunFailed)
    assert outcome.note.key == FileNote.NOT_KEPT


async def test_run_fails_when_file_is_not_audio(bench: Bench, tmp_path: Path) -> None:
    bench.path = tmp_path / "x.wav"
    bench.path.write_text("not a recording at all, but long enough to look at")
    async with scripted(oblige) as gateway:
        assert await bench.run(gateway) == RunFailed(7, Note(FileNote.UNSUPPORTED))


async def test_cancellation_is_ignored_while_results_are_saved(bench: Bench, tmp_path: Path) -> None:
    saving, go = threading.Event(), threading.Event()

    def slow() -> SavingOptions:
        saving.set()
        assert go.wait(10)
        return SavingOptions()

    bench.saving = slow
    async with scripted(oblige) as gateway:
        running = asyncio.create_task(bench.run(gateway))
        await wait_until(saving.is_set, "it is being saved")
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        go.set()
        outcome = await running
    assert isinstance(outcome, RunFinished)
    assert outcome.results[0] == str(tmp_path / "talk.txt")


async def test_cancelled_run_ends_although_the_disk_of_its_results_hangs(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    saving, go = threading.Event(), threading.Event()

    def hang() -> SavingOptions:
        saving.set()
        assert go.wait(60)
        return SavingOptions((), "")

    bench.saving = hang
    monkeypatch.setattr(file_run, "_SAVE_S", 0.1)
    try:
        async with scripted(oblige) as gateway:
            running = asyncio.create_task(bench.run(gateway))
            await wait_until(saving.is_set, "it is being saved")
            await cancel_and_wait([running])
            assert running.cancelled()
    finally:
        go.set()


# -- progress and notes ------------------------------------------------------------------------------------


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def said(text: str, index: int = 0) -> RecognisedSegment:
    return RecognisedSegment(index * 16_000, 16_000, TranscriptSegment(index, 0, 1000, text))


def test_reporter_shows_newest_words_and_remaining_time() -> None:
    received: list[RunProgress | Noted] = []
    clock = Clock()
    reporter = Reporter(7, 1000.0, received.append, clock)
    reporter.progressed(100.0, (said("kia ora"),))
    assert not reporter.gained, "an earlier run did"
    assert received.pop() == RunProgress(7, 100.0, "kia ora", None)
    clock.now += 10.0
    reporter.progressed(200.0, (said("koutou", 1), said("katoa", 2)))
    assert received.pop() == RunProgress(7, 200.0, "kia ora koutou katoa", 80.0)
    reporter.progressed(200.0, (said("x" * 2 * MOST_TEXT, 3),))
    last = received.pop()
    assert isinstance(last, RunProgress)
    assert len(last.text) == MOST_TEXT + 1
    assert reporter.gained


def test_remaining_time_is_unknown_when_length_is_unknown() -> None:
    received: list[RunProgress | Noted] = []
    clock = Clock()
    reporter = Reporter(7, None, received.append, clock)
    reporter.progressed(0.0, ())
    clock.now += 60.0
    reporter.progressed(50.0, ())
    assert received[-1] == RunProgress(7, 50.0, "", None)


def test_reporter_sets_and_clears_notes() -> None:
    received: list[RunProgress | Noted] = []
    reporter = Reporter(7, None, received.append, Clock())
    reporter.received(Connected("g", True))
    reporter.received(Busy("load", True))
    assert received == [Noted(7, None)], "of the session before"
    received.clear()
    reporter.received(Disconnected("gone", 1.0))
    reporter.received(Connected("g", True))
    reporter.received(Busy("no_worker", True))
    reporter.progressed(1.0, (said("x"),))
    reporter.received(Busy("broker", True))
    reporter.received(Busy("load", True, eta_ms=0))
    reporter.received(Disconnected("full", 1.0, answers=True))
    reporter.received(Disconnected("1011", 1.0, failing=True))
    notes = [event.note for event in received if isinstance(event, Noted)]
    away, nobody, broker = map(Note, (FileNote.GATEWAY_AWAY, FileNote.NO_WORKER, FileNote.BROKER_AWAY))
    assert notes == [away, None, nobody, None, broker, None, broker, Note(FileNote.GATEWAY_FAILS)]


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (AudioMissing("x"), FileNote.MISSING),
        (AudioUnsupported("x"), FileNote.UNSUPPORTED),
        (AudioDamaged("x"), FileNote.DAMAGED),
        (AudioEmpty("x"), FileNote.EMPTY),
        (MediaExtraMissing("x"), FileNote.MEDIA_MISSING),
    ],
)
def test_unreadable_maps_each_error_to_its_note(error: SpeechError, key: FileNote) -> None:
    assert unreadable(error) == Note(key)


def test_unreadable_passes_on_message_of_other_error() -> None:
    assert unreadable(SpeechError("why")) == Note(FileNote.BROKEN, reason=Note("plain", {"text": "Why"}))


SAID = RecordingTranscript((TranscriptSegment(0, 0, 1500, "kia ora 你好"),), 2000)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return tmp_path / "talk.v2.mp3"


@pytest.mark.parametrize("form", list(Format))
def test_save_writes_next_to_recording(talk: Path, form: Format) -> None:
    place = save(SAID, talk, form)
    assert place == talk.with_name(f"talk.v2.{form}")
    assert place.read_text(encoding="utf-8") == render(SAID, form, str(talk))


def test_save_creates_chosen_folder(talk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "texts" / "new"
    assert save(SAID, talk, Format.SRT, str(folder)) == folder / "talk.v2.srt"


def test_save_numbers_name_when_file_exists(talk: Path) -> None:
    mine = talk.with_name("talk.v2.srt")
    mine.write_text("mine")
    places = [save(SAID, talk, Format.SRT).name for _ in range(3)]
    assert places == ["talk.v2 (2).srt", "talk.v2 (3).srt", "talk.v2 (4).srt"]
    assert mine.read_text() == "mine"


def test_save_shortens_a_name_that_its_ending_makes_too_long(talk: Path) -> None:
    for stem in ("录" * 83, "x" * 251):
        places = [save(SAID, talk.with_name(f"{stem}.mp3"), Format.JSON).name for _ in range(2)]
        assert [name[:80] for name in places] == [stem[:80]] * 2 and places[1].endswith(" (2).json")


def test_save_does_not_write_through_broken_link(talk: Path) -> None:
    os.symlink(talk.with_name("elsewhere"), talk.with_name("talk.v2.txt"))
    assert save(SAID, talk, Format.TXT).name == "talk.v2 (2).txt"


def test_save_leaves_no_file_when_it_fails(talk: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputFailed, match="cannot be written"):
        save(SAID, talk, Format.TXT, str(tmp_path / "file"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_save_removes_the_reserved_file_when_the_disk_is_full(
    talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(place: Path, text: str) -> None:
        assert place.exists(), "its name is reserved"
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(file_run, "write_whole", fail)
    with pytest.raises(OutputFailed, match="No space left"):
        save(SAID, talk, Format.TXT)
    assert list(tmp_path.iterdir()) == []


def test_save_as_replaces_file(talk: Path, tmp_path: Path) -> None:
    place = tmp_path / "chosen.vtt"
    place.write_text("old")
    save_as(SAID, talk, place, Format.VTT)
    assert place.read_text(encoding="utf-8") == render(SAID, Format.VTT)
    with pytest.raises(OutputFailed, match="cannot be written"):
        save_as(SAID, talk, tmp_path / "none" / "x.vtt", Format.VTT)
