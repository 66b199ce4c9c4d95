"""Background files: recognised, saved, paused, cancelled, interrupted and resumed."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from app.core.errors import Note
from app.core.format import Format
from app.files.events import RunFailed, RunFile
from app.files.file_run import FileTask
from app.files.recogniser import UNHURRIED, FileRecogniser
from app.files.result_store import place_in
from app.files.service import FileParts, Files, no_trouble
from app.files.view import (
    AddFiles,
    CancelFiles,
    ChooseSaving,
    ChooseTrack,
    CopyFile,
    FileAction,
    FileNote,
    FileState,
    FilesView,
    FileText,
    FileView,
    PauseFiles,
    RemoveFiles,
    ResumeFiles,
    RetryFile,
    SaveFile,
)
from app.local_services import local_gateway
from app.local_services.stack import Stack, StackSettings
from client.connection import Address, Locate, fixed_locator
from speech.audio_file import read_audio
from tests.app.speech import recording, window_digests
from tests.helpers.recordings import samples_of
from tests.helpers.scripted_gateway import keeping_back_after, oblige, scripted
from tests.helpers.sound_tracks import with_tracks
from tests.helpers.waiting import wait_until

AT_ONCE = replace(UNHURRIED, retry=lambda failures, chance, asked: 0.05)
CHECKSUM = StackSettings(engine="checksum", worker_arguments=("--set", "rtf=0.1"), pause=lambda failures: 0.1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KIKIPOUNAMU_MODELS", str(models))
    return tmp_path


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return recording("en-01", "zh-01", to=tmp_path / "talk.wav", silence_s=4)


@dataclass
class Bench:
    """Recorder of what ``Files`` posts while it works on ``folder``."""

    models: Path
    folder: Path
    locate: Locate = local_gateway.locate
    trouble: Callable[[], Awaitable[Note | None]] = no_trouble
    views: list[FilesView] = field(default_factory=list)
    texts: list[FileText] = field(default_factory=list)
    asking: Callable[[FileAction], None] = lambda action: None

    @asynccontextmanager
    async def working(self) -> AsyncIterator["Bench"]:
        """Run ``Files`` until the block ends, like one run of the program."""
        recogniser = FileRecogniser(self.locate, self.models / "fsmn-vad", AT_ONCE)
        files = Files(self.post, FileParts(recogniser, self.folder, again_s=0.05, trouble=self.trouble))
        self.asking = files.ask
        running = asyncio.create_task(files.run())
        try:
            yield self
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def post(self, news: FilesView | FileText) -> None:
        if isinstance(news, FilesView):
            self.views.append(news)
        else:
            self.texts.append(news)

    def ask(self, *actions: FileAction) -> None:
        for action in actions:
            self.asking(action)

    def file(self, path: Path) -> FileView | None:
        views = self.views[-1].files if self.views else ()
        return next((view for view in views if view.path == str(path)), None)

    async def until(self, path: Path, state: FileState, texts: int = 0) -> FileView:
        def there() -> FileView | None:
            view = self.file(path)
            return view if view and view.state is state and len(view.text.split()) >= texts else None

        view: FileView = await wait_until(there, f"{path.name} is {state} with {texts} texts")
        return view


@pytest.fixture
def bench(models: Path, tmp_path: Path) -> Bench:
    return Bench(models, tmp_path / "files")


def clients() -> list[str]:
    """Return the names of client tasks, which could send something."""
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("client/")]


def video(path: Path, sound: Path) -> Path:
    """Make a video of a black square with this sound."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
        audio = container.add_stream("aac", rate=16_000, layout="mono")
        for image in (av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24"), None):
            container.mux(picture.encode(image))
        samples = np.concatenate(list(read_audio(sound)))
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], "s16", "mono")
        frame.sample_rate = 16_000
        for piece in (*av.AudioResampler("fltp", "mono", 16_000).resample(frame), None):
            container.mux(audio.encode(piece))
    return path


# -- with real gateway and worker --------------------------------------------------------------------------


async def test_files_survive_pause_cancel_gateway_kill_and_restart(bench: Bench, talk: Path) -> None:
    """The gateway is killed meanwhile, and a second program continues after the first."""
    short = recording("en-03", to=talk.with_name("short.wav"), silence_s=4)
    film, unwanted = video(talk.with_name("film.mp4"), short), recording("zh-02", to=talk.with_name("no.wav"))
    async with Stack(CHECKSUM) as stack:
        await stack.until_ready()
        async with bench.working():
            bench.ask(AddFiles((str(talk), str(unwanted), str(film))))
            file = (await bench.until(talk, FileState.WORKING, texts=1)).file
            bench.ask(PauseFiles(file))
            paused = await bench.until(talk, FileState.PAUSED)
            bench.ask(CancelFiles((await bench.until(unwanted, FileState.WORKING)).file))
            await bench.until(unwanted, FileState.CANCELLED)
            filmed = await bench.until(film, FileState.DONE)
            bench.ask(ResumeFiles(file))
            await bench.until(talk, FileState.WORKING)
        bench.views.clear()
        async with bench.working():
            await bench.until(talk, FileState.WORKING)
            os.kill(stack.children["kikipounamu-gateway"], signal.SIGKILL)
            done = await bench.until(talk, FileState.DONE)
    assert filmed.text == " ".join(window_digests(film, bench.models))
    assert film.with_suffix(".srt").read_text().count("-->") == len(filmed.text.split())
    assert not unwanted.with_suffix(".txt").exists()
    assert (done.percent, done.note) == (100, None)
    assert done.results == (str(talk.with_suffix(".txt")), str(talk.with_suffix(".srt")))
    first, texts = paused.text.split()[0], done.text.split()
    assert (texts[0], texts.count(first), len(set(texts))) == (first, 1, len(texts))
    assert talk.with_suffix(".txt").read_text() == done.text + "\n"


# -- with a scripted gateway --------------------------------------------------------------------------------


async def test_paused_file_sends_nothing_and_cancelled_one_keeps_its_text(bench: Bench, talk: Path) -> None:
    async with scripted(keeping_back_after(1)) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk),)))
            view = await bench.until(talk, FileState.WORKING, texts=1)
            bench.ask(PauseFiles())
            await bench.until(talk, FileState.PAUSED)
            await wait_until(lambda: not clients(), "no client is connected any more")
            assert (bench.folder / f"{view.file}.jsonl").exists()
            bench.ask(CancelFiles(view.file))
            cancelled = await bench.until(talk, FileState.CANCELLED)
            bench.ask(CopyFile(view.file))
            await wait_until(lambda: bench.texts, "its text is copied")
            assert bench.texts[-1].text == cancelled.text == view.text
            bench.ask(RemoveFiles(view.file))
            await wait_until(lambda: not list(bench.folder.glob("*.jsonl")), "its results are forgotten")
            assert gateway.connections == 1
    assert not talk.with_suffix(".txt").exists()


async def test_text_is_copied_and_saved_to_chosen_place(bench: Bench, talk: Path, tmp_path: Path) -> None:
    async with scripted(oblige) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(ChooseSaving((Format.VTT,), str(tmp_path / "texts")), AddFiles((str(talk),)))
            view = await bench.until(talk, FileState.DONE)
            assert view.results == (str(tmp_path / "texts" / "talk.vtt"),)
            bench.ask(CopyFile(view.file), SaveFile(view.file, str(tmp_path / "my.srt"), Format.SRT))
            await wait_until(lambda: len(bench.views[-1].files[0].results) == 2, "it is saved")
            await wait_until(lambda: bench.texts, "the text comes")
            bench.ask(SaveFile(view.file, str(tmp_path / "none" / "my.srt"), Format.SRT))
            await wait_until(lambda: bench.views[-1].note, "why not")
    assert bench.texts == [FileText(view.file, " ".join(window_digests(talk, bench.models)))]
    assert (tmp_path / "my.srt").read_text().count("-->") == len(view.text.split())
    note = bench.views[-1].note
    assert note is not None and note.key == FileNote.NOT_SAVED


async def test_unreadable_files_fail_before_their_turn(bench: Bench, talk: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_text("not a recording at all, but long enough to look at")
    empty = tmp_path / "empty.flac"
    soundfile.write(empty, np.zeros(0, np.int16), 16_000)
    async with scripted(keeping_back_after(0)) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk), str(broken), str(empty), str(tmp_path / "none.wav"))))
            for path, key in (
                (broken, FileNote.UNSUPPORTED),
                (empty, FileNote.EMPTY),
                (tmp_path / "none.wav", FileNote.MISSING),
            ):
                assert (await bench.until(path, FileState.FAILED)).note == Note(key)
            working = await bench.until(talk, FileState.WORKING)
            assert working.duration_s == soundfile.info(talk).duration


async def test_file_with_undecodable_name_is_counted_and_left_out(bench: Bench, tmp_path: Path) -> None:
    broken, good = tmp_path / "in" / "a\udc80.wav", tmp_path / "in" / "b.wav"
    broken.parent.mkdir()
    for path in (broken, good):
        path.touch()
    async with bench.working():
        bench.ask(AddFiles((str(broken.parent),)))
        await bench.until(good, FileState.FAILED)
        wanted = Note(FileNote.UNNAMED, {"count": "1"})
        await wait_until(lambda: bench.views[-1].note == wanted, "it is reported")
        assert bench.file(broken) is None


async def test_added_folder_adds_its_recordings(bench: Bench, talk: Path) -> None:
    async with scripted(oblige) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk.parent),)))
            await bench.until(talk, FileState.DONE)
            assert [view.path for view in bench.views[-1].files] == [str(talk)]
            bench.ask(RemoveFiles(), AddFiles((str(bench.folder),)))
            await wait_until(lambda: bench.views[-1].note == Note(FileNote.NOTHING_FOUND), "nothing is there")
            assert not bench.views[-1].files
    assert talk.with_suffix(".srt").exists(), "what was saved stays"


async def test_another_sound_track_of_a_film_is_recognised_instead(bench: Bench, talk: Path) -> None:
    speech = samples_of(talk)
    film = with_tracks(talk.with_name("film.mkv"), np.zeros_like(speech), speech)
    async with scripted(oblige) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(film),)))
            silent = await bench.until(film, FileState.DONE)
            assert (silent.track, silent.tracks, silent.text, silent.results) == (1, 2, "", ())
            bench.ask(ChooseTrack(silent.file, 2))
            spoken = await bench.until(film, FileState.DONE, texts=1)
    assert spoken.text == " ".join(window_digests(talk, bench.models)) and spoken.track == 2


async def test_failed_file_is_recognised_after_retry(bench: Bench, talk: Path) -> None:
    async with scripted(oblige, refusing=((401, {}),)) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk),)))
            failed = await bench.until(talk, FileState.FAILED)
            bench.ask(RetryFile(failed.file))
            await bench.until(talk, FileState.DONE)


@pytest.mark.parametrize("action", [PauseFiles, CancelFiles, RemoveFiles])
async def test_list_works_on_when_action_arrives_as_run_ends(
    bench: Bench, talk: Path, monkeypatch: pytest.MonkeyPatch, action: Callable[[int], FileAction]
) -> None:
    async def run(task: FileTask, wanted: RunFile, report: object) -> RunFailed:
        if wanted.path == str(talk):
            asyncio.get_running_loop().call_soon(bench.ask, action(wanted.file))
        return RunFailed(wanted.file, Note(FileNote.NO_ANSWER))

    monkeypatch.setattr(FileTask, "run", run)
    later = recording("en-01", to=talk.with_name("later.wav"))
    async with bench.working():
        bench.ask(AddFiles((str(talk), str(later))))
        await bench.until(later, FileState.FAILED)


async def test_list_without_a_place_is_empty_and_says_so(bench: Bench, talk: Path) -> None:
    bench.folder.write_bytes(b"in the way")
    said = Note(FileNote.NOT_KEPT)
    async with bench.working():
        await wait_until(lambda: bench.views and bench.views[-1].note == said, "it is said")
        bench.ask(AddFiles((str(talk),)))
        await wait_until(lambda: bench.file(talk), "the page works")


async def test_unreadable_list_is_moved_aside(bench: Bench) -> None:
    bench.folder.mkdir()
    (bench.folder / "list.json").write_text("{")
    async with scripted(oblige), bench.working():
        await wait_until(lambda: bench.views, "the list is shown")
    assert (bench.folder / "list.json.unreadable").read_text() == "{"
    assert (bench.views[-1].files, bench.views[-1].note) == ((), Note(FileNote.LIST_DAMAGED))


@pytest.mark.parametrize("damage", [lambda place: place.write_text("{"), Path.unlink])
async def test_stored_results_outlive_their_list(
    bench: Bench, talk: Path, damage: Callable[[Path], object]
) -> None:
    async with scripted(keeping_back_after(1)) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk),)))
            known = await bench.until(talk, FileState.WORKING, texts=1)
    damage(bench.folder / "list.json")
    bench.views.clear()
    async with scripted(oblige) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            paused = await bench.until(talk, FileState.PAUSED, texts=1)
            bench.ask(ResumeFiles())
            done = await bench.until(talk, FileState.DONE)
    assert (paused.file, paused.text) == (known.file, known.text)
    assert done.text.startswith(f"{known.text} ") and done.text.count(known.text) == 1


async def test_text_that_is_gone_is_neither_saved_nor_copied(bench: Bench, talk: Path, tmp_path: Path) -> None:
    async with scripted(oblige) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk),)))
            view = await bench.until(talk, FileState.DONE)
            place_in(bench.folder, view.file).unlink()
            gone = Note(FileNote.TEXT_GONE, {"name": "talk.wav"})
            for action in (SaveFile(view.file, str(tmp_path / "my.srt"), Format.SRT), CopyFile(view.file)):
                bench.ask(action)
                await wait_until(lambda: bench.views[-1].note == gone, "it is said")
                bench.ask(PauseFiles())
                await wait_until(lambda: bench.views[-1].note is None, "the message is read")
            assert bench.file(talk) == view
    assert not (tmp_path / "my.srt").exists() and not bench.texts


async def test_damaged_text_is_saved_with_the_place_of_its_gap(bench: Bench, talk: Path, tmp_path: Path) -> None:
    async with scripted(oblige) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(AddFiles((str(talk),)))
            view = await bench.until(talk, FileState.DONE)
            place = place_in(bench.folder, view.file)
            lines = place.read_bytes().splitlines(keepends=True)
            place.write_bytes(b"".join((lines[0], b"damaged\n", *lines[2:])))
            bench.ask(SaveFile(view.file, str(tmp_path / "my.txt"), Format.TXT), CopyFile(view.file))
            await wait_until(lambda: bench.texts and (tmp_path / "my.txt").exists(), "what is left is saved")
            await wait_until(lambda: (found := bench.file(talk)) and found.gaps, "the file can be tried again")
            found = bench.file(talk)
            assert found is not None and found.note is not None and found.note.key == FileNote.TEXT_LOST
            marked = f"[… {found.note.values['places']} …]"
            assert bench.texts[0].text.startswith(marked) and (tmp_path / "my.txt").read_text().startswith(marked)
    async with scripted(oblige) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            bench.ask(RetryFile(view.file))
            await wait_until(lambda: (found := bench.file(talk)) and not found.gaps, "it is recognised once more")
            assert place.read_bytes().count(b"piece") == len(lines) - 2


async def test_list_is_saved_once_its_folder_is_there_again(bench: Bench, talk: Path) -> None:
    async with scripted(keeping_back_after(0)) as gateway:
        bench.locate = fixed_locator(Address(gateway.url))
        async with bench.working():
            await wait_until(lambda: bench.views, "the list is shown")
            bench.folder.rename(bench.folder.with_name("gone"))
            bench.ask(AddFiles((str(talk),)))
            failed = await bench.until(talk, FileState.FAILED)
            assert failed.note is not None and failed.note.key == FileNote.NOT_KEPT
            await wait_until(lambda: bench.views[-1].note, "why the list is not kept")
            bench.folder.with_name("gone").rename(bench.folder)
            await wait_until(lambda: bench.views[-1].note is None, "the list is saved")
    assert str(talk) in (bench.folder / "list.json").read_text()
