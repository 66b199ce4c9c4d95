"""Files and the monitor beside dictation: asked from outside, told through one function, gone with their owner."""

import asyncio
from pathlib import Path

import pytest

from app.beside import Beside
from app.files.actions import AddFiles
from app.files.view import FileState, FilesView, FileText
from app.monitoring.view import MonitorView
from client.connection import Address, fixed
from client.errors import Unreachable
from protocol.recognition import Options
from tests.helpers.waiting import wait_until


def nowhere() -> Address:
    raise Unreachable("nobody there")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIKIPOUNAMU_HOME", str(tmp_path))


async def test_a_file_is_listed_and_kept_for_the_next_start(tmp_path: Path) -> None:
    told: list[FilesView | FileText | MonitorView] = []
    text = tmp_path / "notes.wav"
    text.write_text("no sound")

    def states() -> list[FileState]:
        views = [news for news in told if isinstance(news, FilesView)]
        return [file.state for file in views[-1].files] if views else []

    async with Beside(told.append, nowhere, Options) as beside:
        beside.ask_files(AddFiles((str(text),)))
        await wait_until(lambda: states() == [FileState.FAILED], "it is no recording")
    told.clear()
    async with Beside(told.append, nowhere, Options):
        await wait_until(lambda: states() == [FileState.FAILED], "it is still listed")


async def test_the_monitor_is_told_of_only_while_somebody_looks() -> None:
    told: list[object] = []
    async with Beside(told.append, fixed(Address("http://127.0.0.1:9")), Options) as beside:
        await wait_until(lambda: told, "the list of files is told")
        assert not any(isinstance(news, MonitorView) for news in told)
        beside.look_at_monitor(True)
        beside.gateway_changed()
        await wait_until(lambda: isinstance(told[-1], MonitorView), "how things stand is told")
        beside.look_at_monitor(False)
        count = len(told)
        await asyncio.sleep(0)
        assert len(told) == count
