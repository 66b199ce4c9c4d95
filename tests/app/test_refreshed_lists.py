"""Tests that the lists of the windows follow the microphones and recordings of this computer."""

from pathlib import Path

from app.messages.kinds import News, Takes
from runtime.folders import folders
from tests.app.test_application import home, newest, problem, running
from tests.helpers.waiting import wait_until

__all__ = ["home"]  # a fixture


async def test_recordings_are_listed_again_once_their_folder_can_be_read(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text("worker.on = false\n")
    received, takes = list[News](), folders().data / "takes"
    async with running(received) as (app, _):
        await wait_until(lambda: newest(received, Takes) == Takes(), "there are no takes")
        takes.symlink_to(takes)
        app._lists.refresh_recordings()
        await wait_until(lambda: "Too many levels" in problem(received, "takes"), "the folder is refused")
        takes.unlink()
        listed = received.count(Takes())
        app._lists.refresh_recordings()
        await wait_until(lambda: received.count(Takes()) > listed, "the takes are listed")
        assert problem(received, "takes") == ""
