"""Write the user's changes to the settings file, report its invalid values, and keep the autostart entry."""

import asyncio
from dataclasses import replace
from typing import Self

from app.core.errors import AppError
from app.messages.kinds import Post, Problem, problem
from app.settings.file import SettingsFile
from app.settings.sections import ChangeSetting, Settings
from app.system.autostart import keep_autostart
from runtime.tasks import TaskOwner, Tasks


class SettingsChanges(TaskOwner):
    """Changes of the settings in an entered ``file``, made by the user or by the app. Active while entered."""

    def __init__(self, file: SettingsFile, post: Post) -> None:
        self._file = file
        self._post = post
        self._autostart_changed = asyncio.Event()
        self._tasks = Tasks("settings changes")

    async def __aenter__(self) -> Self:
        self._tasks.keep(self._keep_autostart, "autostart")
        return self

    def change(self, change: ChangeSetting) -> None:
        """Start a change and return at once; a problem is posted."""
        self._tasks.start(self.apply(change), "change")

    async def apply(self, change: ChangeSetting) -> None:
        """Write a change to the file, or post why it is refused."""
        try:
            await self._file.apply(change)
            self.report_problem()
        except AppError as error:
            self._post(replace(problem("settings", error), setting=change.name))

    def handle_settings(self, old: Settings, new: Settings) -> None:
        """Post the settings that are in effect now, and update the autostart entry if its setting changed."""
        if new.general.autostart != old.general.autostart:
            self._autostart_changed.set()
        self._post(new)
        self.report_problem()

    def report_problem(self) -> None:
        """Post the first invalid value in the settings file."""
        problems = self._file.problems
        self._post(problem("settings", problems[0]) if problems else Problem("settings"))

    async def _keep_autostart(self) -> None:
        """Apply the autostart setting at startup and on changes.

        At startup, an entry that was switched off stays off.
        """
        while True:
            wanted, changed = self._file.current.general.autostart, self._autostart_changed.is_set()
            self._autostart_changed.clear()
            try:
                await asyncio.to_thread(keep_autostart, wanted, changed=changed)
                self._post(Problem("autostart"))
            except AppError as error:
                self._post(problem("autostart", error))
            await self._autostart_changed.wait()
