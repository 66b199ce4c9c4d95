"""Models downloaded from a real server in threads: paused, resumed after a restart, needed by the worker."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from socket import socket
from typing import Any, cast

import pytest

from app.core.errors import Note
from app.models import service
from app.models.disk import ModelLocation, inspect_models
from app.models.events import ModelOnDisk
from app.models.service import Models
from app.models.view import (
    CancelModel,
    FetchModel,
    ImportModel,
    LocalModelView,
    ModelAction,
    ModelState,
    ModelsView,
    PauseModel,
    RemoveModel,
    VerifyModel,
    WatchModels,
)
from speech.models.collector import FreeBytes, free_bytes
from speech.models.errors import ModelError, ModelMissing, ModelUnavailable, ModelUnknown
from speech.models.lock import hold_lock
from speech.models.recommendation import WITHOUT_HUB, ChoiceReason, Recommendation
from speech.models.store import ModelStore
from tests.helpers.waiting import wait_until
from tests.speech.models.example import (
    CONFIG,
    CONTENTS,
    HALF,
    NAME,
    ON_MODELSCOPE,
    WEIGHTS,
    catalogue_of,
    file_of,
    flip_bit,
    serve,
    write_files,
)
from tests.speech.models.server import FileServer, file_server

_PREFIX = "models/lab/tiny/resolve/v1/"
_WEIGHTS = f"/{_PREFIX}{WEIGHTS}"
_SIZE = sum(map(len, CONTENTS.values()))


@pytest.fixture
def hub() -> Iterator[FileServer]:
    with file_server() as server:
        serve(server, _PREFIX)
        yield server


class World:
    """Successive starts of ``Models`` on one folder, with the latest views."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.free: FreeBytes = free_bytes
        self.told: list[ModelsView] = []
        self.installed: list[str] = []
        self.models: Models

    @asynccontextmanager
    async def started(self) -> AsyncIterator[Models]:
        self.told.clear()
        place = ModelLocation(
            self.folder, catalogue_of(ON_MODELSCOPE), {"MODELSCOPE_ENDPOINT": self.url}, self.free
        )
        async with Models(self.told.append, place) as self.models:
            self.models.on_installed = self.installed.append
            self.models.ask(WatchModels(True))
            await wait_until(lambda: self.told, "what there is is told")
            yield self.models

    @property
    def view(self) -> LocalModelView:
        return self.told[-1].models[0]

    async def ask(self, action: ModelAction, state: ModelState) -> LocalModelView:
        self.models.ask(action)
        return await self.stands(state)

    async def stands(
        self, state: ModelState, so: Callable[[LocalModelView], bool] = lambda view: True
    ) -> LocalModelView:
        await wait_until(lambda: self.view.state is state and so(self.view), f"it is {state}")
        return self.view

    @property
    def whole(self) -> bool:
        path = self.folder / NAME / WEIGHTS
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == file_of(WEIGHTS).sha256


@pytest.fixture
def world(tmp_path: Path, hub: FileServer) -> World:
    return World(tmp_path / "models", hub.url)


async def half_here(world: World) -> None:
    await world.stands(ModelState.FETCHING, lambda view: view.done >= HALF)


async def test_paused_download_resumes_after_restart(world: World, hub: FileServer) -> None:
    hub.files[_WEIGHTS].hold_at = HALF
    async with world.started():
        world.models.ask(FetchModel(NAME))
        await half_here(world)
        assert world.view.source.startswith("ModelScope (127.0.0.1")
        view = await world.ask(PauseModel(NAME), ModelState.PAUSED)
        assert view.done == len(CONTENTS[CONFIG]) + HALF
    hub.files[_WEIGHTS].hold_at = None
    hub.asked.clear()
    async with world.started():
        assert world.view.state is ModelState.PAUSED
        view = await world.ask(FetchModel(NAME), ModelState.INSTALLED)
        assert view.installed_s is not None
    assert world.whole
    assert [asked.range for asked in hub.downloads(_WEIGHTS)] == [f"bytes={HALF}-"]
    assert len(hub.downloads(f"/{_PREFIX}{CONFIG}")) == 0
    assert world.installed == [NAME]


async def test_download_interrupted_by_exit_resumes(world: World, hub: FileServer) -> None:
    hub.files[_WEIGHTS].hold_at = HALF
    async with world.started():
        world.models.ask(FetchModel(NAME))
        await half_here(world)
    part = world.folder / ".staging" / NAME / "parts" / WEIGHTS
    assert part.read_bytes() == CONTENTS[WEIGHTS][:HALF]
    hub.files[_WEIGHTS].hold_at = None
    async with world.started() as models:
        await models.have(NAME, lambda told: None)
    assert world.whole
    assert hub.downloads(_WEIGHTS)[-1].range == f"bytes={HALF}-"


async def test_downloaded_model_is_used_if_asked(world: World) -> None:
    used: list[str] = []
    async with world.started() as models:
        models.use = used.append
        models.languages = lambda: ("de", "en")
        await world.ask(FetchModel(NAME, use=True), ModelState.INSTALLED)
        await wait_until(lambda: used == [NAME], "the model is used")
        await wait_until(lambda: world.told[-1].languages == ("de", "en"), "the languages are told")


async def test_cancelled_download_leaves_no_data(world: World, hub: FileServer) -> None:
    hub.files[_WEIGHTS].hold_at = HALF
    async with world.started():
        world.models.ask(FetchModel(NAME))
        await half_here(world)
        await world.ask(CancelModel(NAME), ModelState.MISSING)
    assert [path.name for path in (world.folder / ".staging").iterdir()] == [f"{NAME}.lock"]


async def test_have_fetches_model_and_reports_progress_and_pause(world: World, hub: FileServer) -> None:
    hub.files[_WEIGHTS].hold_at = HALF
    received: list[int | Note | ModelError] = []
    async with world.started() as models:
        having = asyncio.create_task(models.have(NAME, received.append))
        await wait_until(
            lambda: received and received[-1] == 100 * (HALF + len(CONTENTS[CONFIG])) // _SIZE, "half of it"
        )
        await world.ask(PauseModel(NAME), ModelState.PAUSED)
        await wait_until(lambda: received[-1] == Note("model-paused", {"model": NAME}), "that it waits is told")
        hub.files[_WEIGHTS].hold_at = None
        models.ask(FetchModel(NAME))
        await having
        await models.have(NAME, received.append)
    assert world.whole


async def test_models_are_known_although_the_disk_could_not_be_inspected_at_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the worker would wait for its model for ever."""
    left = [RuntimeError("can't start new thread")]

    def fails_once(*arguments: Any) -> dict[str, ModelOnDisk]:
        if left:
            raise left.pop()
        return inspect_models(*arguments)

    monkeypatch.setattr("app.models.service.inspect_models", fails_once)
    place = ModelLocation(world.folder, catalogue_of(ON_MODELSCOPE), {"MODELSCOPE_ENDPOINT": world.url})
    async with Models(world.told.append, place) as models, asyncio.timeout(30):
        await models.have(NAME, lambda percent: None)
    assert world.whole


async def test_have_raises_reason_of_failure(world: World, hub: FileServer) -> None:
    hub.files[_WEIGHTS].hold_at = HALF
    async with world.started() as models:
        having = asyncio.create_task(models.have(NAME, lambda told: None))
        await half_here(world)
        models.ask(CancelModel(NAME))
        with pytest.raises(ModelMissing):
            await having
        hub.files.clear()
        with pytest.raises(ModelUnavailable):
            await models.have(NAME, lambda told: None)
        view = await world.stands(ModelState.FAILED)
        assert view.note == Note("models.note.unavailable")
        assert any("404" in said for said in view.details)
        with pytest.raises(ModelUnknown):
            await models.have("no-such-model", lambda told: None)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.models.state_machine.pause_s", lambda failures: 0.2)


async def test_download_is_repeated_by_itself_when_the_network_is_back(
    world: World, hub: FileServer, impatient: None
) -> None:
    lost, url = socket(), world.url
    lost.bind(("127.0.0.1", 0))  # nothing listens there
    world.url = f"http://127.0.0.1:{lost.getsockname()[1]}"
    received: list[int | Note | ModelError] = []
    with lost:
        async with world.started() as models:
            having = asyncio.create_task(models.have(NAME, received.append))
            view = await world.stands(ModelState.FAILED)
            assert view.note == Note("models.note.away") and view.retry_s is not None
            await wait_until(lambda: _failures(received) >= 2, "the failure is told, and it goes on")
            cast(dict[str, str], models._place.environment)["MODELSCOPE_ENDPOINT"] = url
            await having
    assert world.whole


def _failures(received: list[int | Note | ModelError]) -> int:
    return sum(isinstance(one, ModelUnavailable) and one.may_pass for one in received)


async def test_repetition_ends_as_soon_as_the_user_cancels(world: World, impatient: None) -> None:
    with socket() as lost:
        lost.bind(("127.0.0.1", 0))
        world.url = f"http://127.0.0.1:{lost.getsockname()[1]}"
        async with world.started() as models:
            having = asyncio.create_task(models.have(NAME, lambda told: None))
            await world.stands(ModelState.FAILED)
            models.ask(CancelModel(NAME))
            with pytest.raises(ModelMissing):
                await having


async def test_model_that_another_program_installs_is_found_before_the_repetition(
    world: World, tmp_path: Path
) -> None:
    with socket() as lost:
        lost.bind(("127.0.0.1", 0))
        world.url = f"http://127.0.0.1:{lost.getsockname()[1]}"
        async with world.started() as models:
            having = asyncio.create_task(models.have(NAME, lambda told: None))
            await world.stands(ModelState.FAILED)
            store = ModelStore(world.folder, catalogue_of(ON_MODELSCOPE))
            await asyncio.to_thread(store.import_folder, NAME, write_files(tmp_path / "copy"))
            await having
            assert models._models.retries(NAME), "its time has not come"


async def test_fetch_waits_for_download_of_other_program(world: World) -> None:
    write_files(world.folder / ".staging" / NAME / "parts", {WEIGHTS: CONTENTS[WEIGHTS][:HALF]})
    lock = world.folder / ".staging" / f"{NAME}.lock"
    async with world.started():
        await world.stands(ModelState.PAUSED)
        with hold_lock(lock, 0, lambda: None):
            assert (await world.stands(ModelState.BUSY)).done == HALF
            world.models.ask(FetchModel(NAME))
            await wait_until(lambda: world.models._stops, "it waits")
        await world.stands(ModelState.INSTALLED)
    assert world.whole


async def test_verify_finds_damage_and_fetch_repairs_it(world: World, hub: FileServer) -> None:
    async with world.started():
        await world.ask(FetchModel(NAME), ModelState.INSTALLED)
        world.models.ask(VerifyModel(NAME))
        await world.stands(ModelState.INSTALLED, lambda view: view.note == Note("models.note.whole"))
        flip_bit(world.folder / NAME / WEIGHTS)
        view = await world.ask(VerifyModel(NAME), ModelState.DAMAGED)
        assert view.note == Note("models.note.damaged") and "weights.bin" in view.details[0]
        await world.ask(FetchModel(NAME), ModelState.INSTALLED)
    assert world.whole
    assert len(hub.downloads(f"/{_PREFIX}{CONFIG}")) == 1, "what is good of it stays"


async def test_import_installs_files_from_folder(world: World, hub: FileServer, tmp_path: Path) -> None:
    hub.files.clear()
    async with world.started():
        view = await world.ask(ImportModel(NAME, str(tmp_path / "none")), ModelState.FAILED)
        assert view.note == Note("models.note.not-in-folder", {"folder": str(tmp_path / "none"), "file": CONFIG})
        copy = write_files(tmp_path / "copy")
        await world.ask(ImportModel(NAME, str(copy)), ModelState.INSTALLED)
    assert world.whole


async def test_model_is_removed_only_when_unused(world: World) -> None:
    async with world.started() as models:
        await world.ask(FetchModel(NAME), ModelState.INSTALLED)
        models.set_used_model(NAME, running=True)
        models.ask(RemoveModel(NAME))
        await wait_until(
            lambda: world.view.note and world.view.note.key == "models.note.used-by-worker", "it is refused"
        )
        assert world.whole
        models.set_used_model(NAME, running=False)
        await world.ask(RemoveModel(NAME), ModelState.MISSING)
    assert not (world.folder / NAME).exists()


async def test_full_disk_note_names_needed_and_free_bytes(world: World) -> None:
    world.free = lambda folder: 1000
    async with world.started():
        view = await world.ask(FetchModel(NAME), ModelState.FAILED)
        assert view.note and view.note.key == "models.note.no-room"
        assert view.note.values["free"] == "1000" and int(view.note.values["needed"]) > _SIZE
        assert world.told[-1].free == 1000


async def test_views_are_posted_only_while_visible(world: World, hub: FileServer) -> None:
    hub.files[_WEIGHTS].hold_at = HALF
    async with world.started() as models:
        models.ask(WatchModels(False))
        models.ask(FetchModel(NAME))
        await wait_until(lambda: hub.downloads(_WEIGHTS), "it is being fetched")
        assert all(view.models[0].state is not ModelState.FETCHING for view in world.told)
        models.ask(WatchModels(True))
        await half_here(world)


async def test_models_start_no_work_after_exit(world: World, hub: FileServer) -> None:
    async with world.started() as models:
        pass
    models.ask(FetchModel(NAME))
    having = asyncio.create_task(models.have(NAME, lambda told: None))
    for _ in range(3):
        await asyncio.sleep(0)
    assert hub.asked == [] and not having.done()
    having.cancel()


async def test_default_is_chosen_once_and_shown(world: World, hub: FileServer) -> None:
    async with world.started() as models:
        assert await models.choose() == WITHOUT_HUB
        models.languages = lambda: ["zh"]  # these count at the next start, or when asked for
        assert await models.choose() == WITHOUT_HUB
        models.ask(WatchModels(True))
        await wait_until(lambda: any(view.default for view in world.told), "the default")
        assert world.told[-1].default == Recommendation(WITHOUT_HUB, ChoiceReason.NO_CHINESE)
        seen: list[int] = []

        def languages() -> list[str]:
            seen.append(1)
            return ["fr"]

        models.languages = languages
        await models.choose()
        assert not seen
        models.choose_again()
        await models.choose()
        assert len(seen) == 1, "the current languages count"


async def test_choice_for_earlier_languages_is_dropped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub may take long to answer. By then, the first steps may have asked for other languages."""
    asked, answered = threading.Event(), threading.Event()

    def choose(languages: list[str], *_: object) -> Recommendation:
        if languages == ["zh"]:
            asked.set()
            answered.wait(10)
        return Recommendation(f"for {languages[0]}", ChoiceReason.INSTALLED)

    monkeypatch.setattr(service, "choose_default", choose)
    async with world.started() as models:
        models.languages = lambda: ["zh"]
        slow = asyncio.create_task(models.choose())
        await wait_until(asked.is_set, "the hub is asked")
        models.languages = lambda: ["de"]
        models.choose_again()
        assert await models.choose() == "for de"
        answered.set()
        assert await slow == await models.choose() == "for de"
