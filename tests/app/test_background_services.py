"""Tests of the services alongside dictation: requests, reports through one function, and shutdown."""

import asyncio
import time
from functools import partial
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from aiohttp import web

from app.background_services import BackgroundServices, server_trouble
from app.diagnostics.report.view import LogLines, WatchLogs
from app.files.view import AddFiles, FileState, FilesView
from app.history.view import HistoryList, HistoryRows, RowsWanted, SearchHistory
from app.journal.library import Library
from app.local_api.view import LocalApiView
from app.messages.kinds import News, Programs
from app.models.view import ModelsView, WatchModels
from app.monitoring.view import MonitorView, WatchMonitor
from app.replacements.rules import Replacement, ReplacementsTried, TryReplacements
from app.settings.sections import ApiSection, Settings
from client.connection import Address, fixed_locator
from client.errors import Unreachable
from client.models import MODELS_PATH
from protocol.recognition import Options
from protocol.session import Final
from runtime.folders import folders
from tests.helpers.bus_service import Answers, BusProgram, bus_program
from tests.helpers.message_bus import running_bus
from tests.helpers.ports import free_port
from tests.helpers.waiting import wait_until
from tests.helpers.web_server import serving

ONE = UUID(int=1)
SAVER = "org.freedesktop.ScreenSaver"


def nowhere() -> Address:
    raise Unreachable("nobody there")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "takes")


async def test_reason_why_a_server_accepts_nothing_names_its_full_disk() -> None:
    trouble = "disk"

    async def ready(request: web.Request) -> web.Response:
        return web.json_response({"broker": {"up": False, "trouble": trouble}}, status=503)

    async with serving(web.get("/readyz", ready)) as url:
        for name, place in (("", str(folders().data)), ("The desk", "The desk")):
            note = await server_trouble(fixed_locator(Address(url, name=name)))
            assert note and (note.key, note.values) == ("disk-full", {"place": place})
        trouble = ""
        assert await server_trouble(fixed_locator(Address(url))) is None
    assert await server_trouble(fixed_locator(Address(url))) is None, "it has ended"
    assert await server_trouble(nowhere) is None


async def test_added_file_is_still_listed_after_restart(tmp_path: Path, library: Library) -> None:
    received: list[News] = []
    text = tmp_path / "notes.wav"
    text.write_text("no sound")

    def states() -> list[FileState]:
        views = [news for news in received if isinstance(news, FilesView)]
        return [file.state for file in views[-1].files] if views else []

    async with BackgroundServices(received.append, library, nowhere, Options) as services:
        services.actions(AddFiles((str(text),)))
        await wait_until(lambda: states() == [FileState.FAILED], "it is no recording")
    received.clear()
    async with BackgroundServices(received.append, library, nowhere, Options):
        await wait_until(lambda: states() == [FileState.FAILED], "it is still listed")


async def test_lock_is_reported_and_recording_keeps_screen_on(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: Answers = {"Inhibit": lambda call: ("u", (7,)), "UnInhibit": lambda call: ("", ())}
    with running_bus(tmp_path) as bus, bus_program(bus.address, SAVER, answers) as saver:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        async with BackgroundServices(lambda news: None, library, nowhere, Options) as services:
            locks: list[bool] = []
            services.locked = lambda: locks.append(True)

            def lock() -> list[bool]:
                saver.loop.call_soon_threadsafe(saver.bus.emit, "/", SAVER, "ActiveChanged", "b", True)
                return locks

            await wait_until(lock, "the lock is reported")
            for count, recording in ((1, True), (1, True), (2, False), (2, False)):
                services.set_recording(on=recording)
                await wait_until(partial(_asked, saver, count), "the screen stays on, or may go off")
    assert [call.member for call in saver.calls] == ["Inhibit", "UnInhibit"]


def _asked(program: BusProgram, count: int) -> bool:
    return len(program.calls) == count


async def test_monitor_is_reported_only_while_visible(library: Library) -> None:
    received: list[object] = []

    def reports() -> int:
        return sum(isinstance(news, MonitorView) for news in received)

    async with BackgroundServices(
        received.append, library, fixed_locator(Address("http://127.0.0.1:9")), Options
    ) as services:
        await wait_until(lambda: received, "the list of files is reported")
        assert reports() == 0
        services.actions(WatchMonitor(True))
        services.gateway_changed()
        await wait_until(reports, "the monitor is reported")
        services.actions(WatchMonitor(False))
        count = reports()
        await asyncio.sleep(0)
        assert reports() == count


async def test_models_are_reported_when_requested(library: Library) -> None:
    received: list[object] = []
    async with BackgroundServices(received.append, library, nowhere, Options) as services:
        services.actions(WatchModels(True))
        await wait_until(lambda: any(isinstance(news, ModelsView) for news in received), "there they are")


async def test_replacement_trial_reports_result(library: Library) -> None:
    received: list[object] = []
    async with BackgroundServices(received.append, library, nowhere, Options) as services:
        services.actions(TryReplacements((Replacement("um"),), 1))
        await wait_until(lambda: any(isinstance(news, ReplacementsTried) for news in received), "it is reported")


async def test_help_reports_log_lines(library: Library) -> None:
    received: list[object] = []
    async with BackgroundServices(received.append, library, nowhere, Options) as services:
        services.actions(WatchLogs(True))
        await wait_until(lambda: any(isinstance(news, LogLines) for news in received), "the logs are told")


async def test_history_search_finds_new_take(library: Library) -> None:
    received: list[object] = []

    def counts() -> list[int]:
        return [news.count for news in received if isinstance(news, HistoryList)]

    async with BackgroundServices(received.append, library, nowhere, Options) as services:
        services.actions(SearchHistory("", 1))
        await wait_until(lambda: counts() and counts()[-1] == 0, "nothing is there")
        with library.create(ONE, Options(), time.time()) as journal:
            journal.append(np.ones(1600, np.int16))
            journal.begin(0, 0)
            journal.end(0, 1600)
        services.takes_changed()
        await wait_until(lambda: counts()[-1] == 1, "it is there")
        services.actions(RowsWanted(1, 0, 10))
        await wait_until(lambda: any(isinstance(news, HistoryRows) for news in received), "and can be seen")


async def test_programs_of_recent_recordings_are_reported(library: Library) -> None:
    received: list[object] = []
    for number, program in enumerate(("gedit", "slack", "gedit", "")):
        with library.create(UUID(int=number + 1), Options(), 1_000.0 + number) as journal:
            journal.append(np.ones(1600, np.int16))
            journal.begin(0, 0)
            journal.end(0, 1600)
            journal.settle(0, Final(0, "kia ora", "en"))
            journal.inserting(0, program)
            journal.record_inserted(0)
    async with BackgroundServices(received.append, library, nowhere, Options):
        await wait_until(lambda: Programs(("gedit", "slack")) in received, "they are told, the newest first")


async def test_next_recording_is_cut_as_the_loaded_model_needs(library: Library) -> None:
    listed = list[dict[str, object]]()

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"models": listed})

    def nothing(news: News) -> None:
        return

    async with (
        serving(web.get(MODELS_PATH, models)) as url,
        BackgroundServices(nothing, library, fixed_locator(Address(url)), Options) as services,
    ):
        assert not services.needs_context("")
        listed.append({"model": "whisper-base", "needs_context": True})
        services.set_recording(on=True)
        await wait_until(lambda: services.needs_context("whisper-base"), "it asks while one records")
        listed.clear()
        services.gateway_changed()
        await wait_until(lambda: not services.needs_context("whisper-base"), "another gateway has others")


async def test_switch_opens_the_local_port(library: Library) -> None:
    states: list[LocalApiView] = []

    def post(news: News) -> None:
        if isinstance(news, LocalApiView):
            states.append(news)

    async with BackgroundServices(post, library, nowhere, Options) as services:
        services.allow(Settings(api=ApiSection(on=True, port=free_port())))
        await wait_until(lambda: states and states[-1].url, "the port is open")
        services.allow(Settings())
        await wait_until(lambda: states[-1:] == [LocalApiView()], "the port is closed")
