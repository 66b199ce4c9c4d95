"""Tell the user once of each newer version, as a notification of the desktop."""

from collections.abc import Callable

from app.ui.strings.texts import Texts
from app.updates.view import UpdatesView

Send = Callable[[str, str], object]
"""Show a notification with heading and text."""


class UpdateNotice:
    """Notice of a newer version. Where no notification can be shown, the menu and the settings tell of it."""

    def __init__(self, texts: Texts, send: Send) -> None:
        self._texts, self._send = texts, send

    def show_updates(self, view: UpdatesView) -> None:
        """Send a notification, if the service asks for one."""
        if view.announce and view.release is not None:
            said = {"new": view.release.version, "version": view.installed}
            self._send(self._texts("updates.heading", **said), self._texts("updates.says", **said))
