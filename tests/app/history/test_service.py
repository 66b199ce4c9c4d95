"""Actions of a window, and the values posted for them."""

import os
import threading
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest

from app.core.errors import Note
from app.core.format import Format
from app.core.segment_observer import SegmentEvent, SegmentStep
from app.history import export, history
from app.history.errors import IndexUnavailable
from app.history.history import History
from app.history.rerecognition import Rerunner
from app.history.service import HistoryService
from app.history.view import (
    DeleteTakes,
    EditStored,
    EditTake,
    ExportTakes,
    FollowTake,
    HistoryList,
    HistoryMessage,
    HistoryModels,
    HistoryRows,
    HistoryValue,
    ModelsWanted,
    PausePlaying,
    PlaybackView,
    PlayState,
    PlayTake,
    RecogniseAgain,
    RerunOptions,
    RerunState,
    RerunView,
    RestoreTakes,
    RowsWanted,
    SearchHistory,
    SeekTake,
    StopExporting,
    StopPlaying,
    StopRecognising,
    TakeDetails,
)
from app.journal.library import Library, TakeSnapshot
from client.connection import Address, fixed_locator
from client.errors import Unreachable
from protocol.session import Final
from tests.app.history.heard import FakeOutput
from tests.app.history.takes import record, session
from tests.helpers.scripted_gateway import oblige, scripted
from tests.helpers.waiting import wait_until


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path / "takes")
    for number in range(5):
        record(made, number, f"take {number} 天气")
    return made


async def none_loaded() -> tuple[str, ...]:
    raise Unreachable("nobody")


class Window:
    """Recorder of posted values."""

    def __init__(self) -> None:
        self.values: list[HistoryValue] = []

    @property
    def lists(self) -> list[HistoryList]:
        return [value for value in self.values if isinstance(value, HistoryList)]

    @property
    def texts(self) -> list[str]:
        rows = [value for value in self.values if isinstance(value, HistoryRows)]
        return [row.text if row else "" for row in rows[-1].rows] if rows else []

    @property
    def details(self) -> list[TakeDetails]:
        return [value for value in self.values if isinstance(value, TakeDetails)]

    @property
    def reruns(self) -> list[RerunState]:
        return [value.state for value in self.values if isinstance(value, RerunView)]

    @property
    def playing(self) -> list[PlayState]:
        return [value.state for value in self.values if isinstance(value, PlaybackView)]

    @property
    def notes(self) -> list[str]:
        return [value.note.key for value in self.values if isinstance(value, HistoryMessage)]

    @property
    def results(self) -> list[Note]:
        """Notes about the outcomes of actions, without those about their progress."""
        notes = [value.note for value in self.values if isinstance(value, HistoryMessage)]
        return [note for note in notes if note.key != "history.note.exporting"]

    def has_notes(self, count: int) -> bool:
        return len(self.notes) >= count

    def count(self, serial: int) -> int:
        return next((told.count for told in reversed(self.lists) if told.serial == serial), -1)


@pytest.fixture
def window() -> Window:
    return Window()


@asynccontextmanager
async def served(library: Library, window: Window, url: str = "") -> AsyncIterator[tuple[HistoryService, History]]:
    place = library.root.parent / "index.sqlite"
    async with History(library, Rerunner(fixed_locator(Address(url))), place) as history:
        await history.refresh()
        async with HistoryService(history, window.values.append, none_loaded, FakeOutput()) as serving:
            yield serving, history


async def test_search_posts_count_and_rows_on_request(library: Library, window: Window) -> None:
    async with served(library, window) as (serving, _):
        serving.ask(SearchHistory("天气", 1))
        await wait_until(lambda: window.count(1) == 5, "the list")
        serving.ask(RowsWanted(1, 1, 2))
        await wait_until(lambda: window.texts == ["take 3 天气", "take 2 天气"], "its rows")


async def test_list_says_which_recordings_the_disk_did_not_keep_until_the_app_ends(
    library: Library, window: Window
) -> None:
    async with served(library, window) as (serving, history):
        serving.ask(SearchHistory("", 1))
        await wait_until(lambda: window.count(1) == 5, "the list")
        assert window.lists[-1].problem is None
        for step in (SegmentStep.CLOSED, SegmentStep.NOT_KEPT, SegmentStep.NOT_KEPT):
            history.observe(SegmentEvent(step, session(7)))
        result = Note("history-not-kept", {"count": "2"})
        await wait_until(lambda: window.lists[-1].problem == result, "a note")
        await history.refresh()
        serving.ask(SearchHistory("take 3", 2))
        await wait_until(lambda: window.count(2) == 1, "another search")
        assert window.lists[-1].problem == result


async def test_only_newest_search_is_answered(library: Library, window: Window) -> None:
    async with served(library, window) as (serving, _):
        for serial, query in enumerate(("t", "ta", "tak", "take 3"), start=1):
            serving.ask(SearchHistory(query, serial))
        serving.ask(RowsWanted(3, 0, 5))
        await wait_until(lambda: window.count(4) == 1, "the newest")
        serving.ask(RowsWanted(4, 0, 5))
        await wait_until(lambda: window.texts == ["take 3 天气"], "its row")
    assert {told.serial for told in window.lists} == {4}
    assert all(value.serial == 4 for value in window.values if isinstance(value, HistoryRows))


class Overtaken(History):
    """History in which a newer search arrives while the first one is read."""

    def __init__(self, library: Library) -> None:
        super().__init__(library, Rerunner(fixed_locator(Address(""))), library.root.parent / "index.sqlite")
        self.then: Callable[[], None] = lambda: None

    async def keys(self, query: str = "", *, unfinished: bool = False) -> "array[int]":
        found = await super().keys(query, unfinished=unfinished)
        then, self.then = self.then, lambda: None
        then()
        return found


async def test_result_of_overtaken_search_is_dropped(library: Library, window: Window) -> None:
    async with Overtaken(library) as history:
        await history.refresh()
        async with HistoryService(history, window.values.append, none_loaded, FakeOutput()) as serving:
            history.then = partial(serving.ask, SearchHistory("take 3", 2))
            serving.ask(SearchHistory("take", 1))
            await wait_until(lambda: window.lists, "the newest")
    assert [(told.serial, told.count) for told in window.lists] == [(2, 1)]


async def test_serving_completes_last_edit_before_exit(library: Library) -> None:
    async with served(library, Window()) as (serving, _):
        serving.ask(EditTake(session(1), "the last word"))
    assert library.find(session(1)).text == "the last word"


async def test_list_is_posted_again_after_change(library: Library, window: Window) -> None:
    async with served(library, window) as (serving, history):
        serving.ask(SearchHistory("", 1, unfinished=True))
        await wait_until(lambda: window.count(1) == 0, "the list of those without a text")
        record(library, 7, None)
        history.changed(session(7))
        await wait_until(lambda: window.count(1) == 1, "the new one")
        assert window.lists[-1].version > window.lists[0].version


async def test_edit_and_deletion_update_the_list(library: Library, window: Window) -> None:
    async with served(library, window) as (serving, _):
        serving.ask(SearchHistory("kōrero", 1))
        await wait_until(lambda: window.count(1) == 0, "nothing yet")
        edits = list[str]()
        serving.edited = lambda: edits.append(library.find(session(2)).text)
        serving.ask(EditTake(session(2), "korero"))
        await wait_until(lambda: window.count(1) == 1, "the edit")
        await wait_until(lambda: edits == ["korero"], "the notice of it")
        serving.ask(DeleteTakes((session(2),), frozenset(window.lists[-1].keys)))
        await wait_until(lambda: window.count(1) == 0, "the deletion")
        serving.ask(RestoreTakes())
        await wait_until(lambda: window.count(1) == 1, "it was a mistake")
        serving.ask(DeleteTakes((session(2),), frozenset(window.lists[-1].keys)))
        await wait_until(lambda: window.count(1) == 0, "the deletion")
        assert session(2) in {found.session for found in library.all()}, "it can still be restored"
        deleted = list[set[UUID]]()
        serving.deleted = lambda sessions: deleted.append(set(sessions))
        serving.ask(DeleteTakes((session(3),)))
        await wait_until(lambda: deleted == [{session(2)}], "another deletion makes it final")
    assert {session(2), session(3)}.isdisjoint(found.session for found in library.all())


async def test_deletion_is_undone_or_final_although_its_task_has_not_begun(
    library: Library, window: Window
) -> None:
    """A busy loop has both actions at once, or the deletion and the end of the app."""
    async with served(library, window) as (serving, _):
        serving.ask(DeleteTakes((session(1),)))
        serving.ask(RestoreTakes())
        serving.ask(DeleteTakes((session(2),)))
    assert {session(1), session(2)} & {found.session for found in library.all()} == {session(1)}


async def test_takes_are_listed_again_when_their_deletion_fails(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(sessions: object) -> None:
        raise IndexUnavailable

    window = Window()
    async with served(library, window) as (serving, history):
        serving.ask(SearchHistory("", 1))
        await wait_until(lambda: window.count(1) == 5, "the list")
        monkeypatch.setattr(history, "delete", fail)
        serving.ask(DeleteTakes((session(1),), frozenset(window.lists[-1].keys[:1])))
        await wait_until(lambda: window.count(1) == 4, "it is hidden")
        serving.ask(DeleteTakes(()))
        await wait_until(lambda: window.count(1) == 5 and bool(window.notes), "the failure")


async def test_failed_actions_post_their_reason(library: Library, window: Window) -> None:
    async with served(library, window) as (serving, _):
        with library.reopen(session(1)):
            serving.ask(EditTake(session(1), "busy"))
            await wait_until(lambda: window.notes == ["history.note.edit-waits"], "the edit")
            for number in (1, 2):  # the second one makes the first one final
                serving.ask(DeleteTakes((session(number),)))
            await wait_until(lambda: len(window.notes) == 2, "the deletion")
            serving.ask(RestoreTakes())
    assert [note.reason for note in window.results] == [None, Note("take-busy")]


async def test_edit_of_take_in_use_is_stored_once_it_is_free(library: Library) -> None:
    window, edits = Window(), list[str]()
    async with served(library, window) as (serving, _):
        serving.edited = lambda: edits.append(library.find(session(1)).text)
        with library.reopen(session(1)) as journal:
            serving.ask(EditTake(session(1), "typed", journal.take.revision))
            await wait_until(lambda: window.notes, "the reason")
            serving.ask(EditTake(session(1), " typed on", journal.take.revision))
            await wait_until(lambda: len(window.notes) == 2, "the reason")
            journal.begin(1, 1_600)
            journal.end(1, 0)
            journal.settle(1, Final(1, "later"))
        await wait_until(lambda: edits, "the edit")
        revision = library.find(session(1)).take.revision
        stored = EditStored(session(1), " typed on", revision)
        await wait_until(lambda: stored in window.values, "the answer")
    assert edits == ["typed on later"]
    assert [value for value in window.values if isinstance(value, EditStored)] == [stored]


async def test_edit_during_another_edit_is_stored_after_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, edits, go = Window(), list[str](), threading.Event()
    begun, stored = list[str](), threading.Event()
    edit = history.edit_take

    def slow(library: Library, session: UUID, text: str, seen: int | None = None) -> int:
        begun.append(text)
        if text == "typed":
            assert go.wait(60) and (len(begun) == 1 or stored.wait(60))  # 2: the second edit did not wait
        revision = edit(library, session, text, seen)
        stored.set()
        return revision

    monkeypatch.setattr(history, "edit_take", slow)
    async with served(library, window) as (serving, _):
        serving.edited = lambda: edits.append(library.find(session(1)).text)
        serving.ask(EditTake(session(1), "typed"))
        await wait_until(lambda: begun, "the first edit")
        serving.ask(EditTake(session(1), "typed on"))
        await wait_until(lambda: serving._edits[session(1)].text == "typed on", "the second edit")
        go.set()
        await wait_until(lambda: len(edits) == 2, "both edits")
    assert edits == ["typed", "typed on"]


async def test_export_action_replaces_files_only_on_request(library: Library, tmp_path: Path) -> None:
    window, some = Window(), (session(1), session(2))
    async with served(library, window) as (serving, _):
        for overwrite in (False, False, True):
            known = len(window.results)
            serving.ask(ExportTakes(some, Format.TXT, tmp_path, overwrite))
            await wait_until(partial(lambda known: len(window.results) > known, known), "what came of it")
    assert [note.key.removeprefix("history.note.") for note in window.results] == ["exported", "exist", "exported"]


class Slow(Library):
    """Library of which a take can be read only once ``free`` is set."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.free = threading.Event()
        self.free.set()

    def find(self, session: UUID) -> TakeSnapshot:
        assert self.free.wait(60)
        return super().find(session)


async def test_long_export_shows_its_progress_and_can_be_cancelled(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_SHOW_S", 0.01)
    slow, window = Slow(library.root), Window()
    (folder := tmp_path / "texts").mkdir()
    async with served(slow, window) as (serving, _):
        slow.free.clear()
        serving.ask(ExportTakes((session(1), session(2)), Format.TXT, folder))
        await wait_until(partial(window.has_notes, 2), "it takes long")
        serving.ask(StopExporting())
        slow.free.set()
        await wait_until(lambda: window.notes[-1] == "history.note.export-stopped", "it ends")
    assert HistoryMessage(Note("history.note.exporting", {"done": "0", "total": "2"})) in window.values
    assert os.listdir(folder) == []


async def test_export_action_counts_recordings_without_a_text(
    library: Library, window: Window, tmp_path: Path
) -> None:
    """A user who deletes them after the export must not believe that all texts are in the file."""
    record(library, 9)
    async with served(library, window) as (serving, _):
        serving.ask(ExportTakes((session(1), session(9)), Format.TXT, tmp_path))
        await wait_until(lambda: bool(window.results), "what came of it")
    (note,) = window.results
    assert (note.key, note.values["count"], note.values["left"]) == ("history.note.exported-some", "1", "1")


async def test_repeated_recognition_is_shown_in_details(library: Library, window: Window) -> None:
    async with scripted(oblige) as gateway, served(library, window, gateway.url) as (serving, _):
        serving.ask(FollowTake(session(1)))
        await wait_until(lambda: window.details, "the take")
        assert window.details[0].compared is None
        serving.ask(RecogniseAgain(session(1), RerunOptions("other", vad=False)))
        await wait_until(lambda: window.details[-1].compared, "the difference")
        assert window.reruns[-1] is RerunState.DONE and window.reruns[0] is RerunState.WAITING
        assert [(run.model, run.vad) for run in window.details[-1].runs] == [("other", False)]
        assert library.find(session(1)).text == "take 1 天气"
        serving.ask(FollowTake(session(2)))
        await wait_until(lambda: window.details[-1].session == session(2), "another one")
        serving.ask(StopRecognising(session(2)))


async def test_models_action_posts_reason_when_gateway_is_away(library: Library, window: Window) -> None:
    async with served(library, window) as (serving, _):
        serving.ask(ModelsWanted())
        await wait_until(lambda: HistoryModels((), Note("gateway-unreachable")) in window.values, "why")


async def test_play_actions_control_playback(library: Library, window: Window) -> None:
    async with served(library, window) as (serving, _):
        serving.ask(PlayTake(session(1)))
        serving.ask(SeekTake(session(1), 50))
        serving.ask(PausePlaying())
        assert window.values[-1] == PlaybackView(session(1), PlayState.PAUSED, 50)
        serving.ask(PlayTake(session(1)))
        serving.block_playback(True)
        serving.ask(StopPlaying())
    assert window.playing == [PlayState.PLAYING, PlayState.PAUSED, PlayState.PLAYING, PlayState.PAUSED]
