"""A Wayland desktop that offers programs nothing, as weston does.

sway hides its keyboard, clipboard and window list from programs in a sandbox, such as those of Flatpak. Here it
treats all programs of the test as such. Source: wayland-protocols "security context v1".
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.wayland.connection import WaylandConnection
from app.wayland.interfaces import CALLBACK, DISPLAY, REGISTRY, Interface, by_name
from app.wayland.wire import Message
from tests.helpers.wayland_desktop import WaylandDesktop, running_sway

_CONTEXT = Interface(
    "wp_security_context_v1",
    1,
    (
        Message("destroy"),
        *(Message(f"set_{what}", "s") for what in ("sandbox_engine", "app_id", "instance_id")),
        Message("commit"),
    ),
)
_MANAGER = Interface(
    "wp_security_context_manager_v1",
    1,
    (Message("destroy"), Message("create_listener", "nhh", _CONTEXT.name)),
)


@contextmanager
def running_restricted(folder: Path, *lines: str, **variables: str) -> Iterator[WaylandDesktop]:
    """Run sway for programs in a sandbox, under a name that the app does not know."""
    with running_sway(folder, *lines, **variables) as desktop:
        name = "restricted"
        reading, writing = os.pipe()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(Path(desktop.variables["XDG_RUNTIME_DIR"], name)))
            listener.listen()
            desktop.hand.run(_sandboxed(desktop.environment, os.dup(listener.fileno()), reading))
        del desktop.variables["SWAYSOCK"]
        desktop.variables |= {"WAYLAND_DISPLAY": name, "XDG_CURRENT_DESKTOP": "unknown"}
        try:
            yield desktop
        finally:
            os.close(writing)  # sway closes the socket then


async def _sandboxed(environment: dict[str, str], listener: int, end: int) -> None:
    """Let the compositor treat programs that connect to ``listener`` as programs in a sandbox."""
    known = by_name((DISPLAY, REGISTRY, CALLBACK, _MANAGER, _CONTEXT))
    async with await WaylandConnection.open(environment, known) as wayland:
        made = wayland.bind(_MANAGER).request("create_listener", listener, end)
        made.request("set_sandbox_engine", "org.example.sandbox")
        made.request("commit")
        await wayland.roundtrip()
