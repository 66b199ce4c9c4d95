"""Files beside a network folder that does not respond."""

import threading
from pathlib import Path

import pytest

from app.files import service
from app.files.view import AddFiles, FileState
from client.connection import Address, fixed_locator
from speech.media_file import SoundTrack
from tests.app.files.test_service import Bench, bench, home, talk
from tests.helpers.scripted_gateway import oblige, scripted

__all__ = ["bench", "home", "talk"]  # fixtures


async def test_files_in_a_folder_that_hangs_do_not_block_others(
    bench: Bench, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    responds, inspect = threading.Event(), service._inspect_file

    def hang(path: str) -> tuple[float | None, SoundTrack]:
        if path != str(talk):
            assert responds.wait(60)
        return inspect(path)

    monkeypatch.setattr(service, "_inspect_file", hang)
    monkeypatch.setattr(service, "_CHECK_S", 0.5)
    lost = [tmp_path / f"lost {number}.wav" for number in range(6)]
    try:
        async with scripted(oblige) as gateway:
            bench.locate = fixed_locator(Address(gateway.url))
            async with bench.working():
                bench.ask(AddFiles((*map(str, lost), str(talk))))
                await bench.until(talk, FileState.DONE)
    finally:
        responds.set()
