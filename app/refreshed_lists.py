"""Read the lists of microphones and recordings again after each change, and post them to the windows."""

import asyncio
from functools import partial

from app.background_services import BackgroundServices
from app.capture.devices import list_microphones, offered_devices
from app.core.errors import AppError
from app.dictation.recordings import Recordings
from app.messages.kinds import Devices, Post, Problem, Takes, problem
from app.settings.file import SettingsFile
from runtime.tasks import TaskOwner, Tasks


class RefreshedLists(TaskOwner):
    """The lists of microphones and recordings. The history of ``services`` follows the recordings."""

    def __init__(self, post: Post, file: SettingsFile, services: BackgroundServices) -> None:
        self._post = post
        self._file = file
        self._services = services
        self._microphones_wanted = asyncio.Event()
        self._recordings_wanted = asyncio.Event()
        self._tasks = Tasks("lists")

    def start(self, recordings: Recordings) -> None:
        """Read both lists now and after each request, until closed."""
        self._tasks.keep(self._keep_microphones, "microphones")
        self._tasks.keep(partial(self._keep_recordings, recordings), "recordings")
        self.refresh_recordings()
        self.refresh_microphones()

    def refresh_microphones(self) -> None:
        """Read the microphones again soon."""
        self._microphones_wanted.set()

    def refresh_recordings(self) -> None:
        """Read the recordings again soon."""
        self._recordings_wanted.set()

    async def _keep_microphones(self) -> None:
        while True:
            await self._microphones_wanted.wait()
            self._microphones_wanted.clear()
            inputs = await list_microphones()
            default = next((device.name for device in inputs if device.default), "")
            found = offered_devices(inputs, self._file.current.audio.microphone)
            self._post(Devices(tuple((device.choice, device.name) for device in found), default))

    async def _keep_recordings(self, recordings: Recordings) -> None:
        while True:
            await self._recordings_wanted.wait()
            self._recordings_wanted.clear()
            try:
                views = tuple(await recordings.views())
            except AppError as error:  # the next change may find the folder readable
                self._post(problem("takes", error))
                continue
            self._post(Problem("takes"))
            self._services.takes_changed(views)
            self._post(Takes(views))
