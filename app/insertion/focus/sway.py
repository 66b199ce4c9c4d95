"""The focused window of sway, requested over its socket each time.

A request takes less than a millisecond, and no event can be missed. Source: sway-ipc(7).
"""

import asyncio
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Final, Self, TypeVar

import msgspec
from msgspec import Struct, field

from app.core.area import Area
from app.insertion.errors import FocusUnknown
from app.insertion.outcome import Target
from app.insertion.plan import is_terminal

_REPLY_S: Final = 1.0
_MAGIC: Final = b"i3-ipc"
_HEADER: Final = struct.Struct("=6sII")
_GET_TREE, _GET_VERSION = 4, 7
_LONGEST: Final = 16 * 2**20
Reply = TypeVar("Reply")


class _Rectangle(Struct, frozen=True):
    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


class _Properties(Struct, frozen=True):
    """The properties of a window of an X program."""

    name: str | None = field(default=None, name="class")


class Node(Struct, frozen=True):
    """An output, workspace, container or window; only windows have a process."""

    id: int
    focused: bool = False
    app_id: str | None = None
    pid: int | None = None
    rect: _Rectangle = _Rectangle()
    window_rect: _Rectangle = _Rectangle()
    window_properties: _Properties = _Properties()
    nodes: tuple["Node", ...] = ()
    floating_nodes: tuple["Node", ...] = ()


class SwayFocus:
    """A ``Focus`` for sway. Windows of the process ``app`` are our own."""

    def __init__(self, place: str, app: int) -> None:
        self._place, self._app = place, app

    @classmethod
    async def open(cls, environment: Mapping[str, str], app: int = 0) -> Self:
        """Return the focus of the running sway. Raises ``FocusUnknown``."""
        focus = cls(environment.get("SWAYSOCK", ""), app)
        try:
            await focus.tree()
        except (OSError, EOFError, ValueError) as error:
            reason = f"sway does not answer: start this program in sway, or set SWAYSOCK ({error})"
            raise FocusUnknown(reason) from error
        return focus

    async def target(self) -> Target | None:
        """Return the focused window, or ``None`` if a workspace, a panel or nothing has the focus."""
        try:
            return target_of(await self.tree(), self._app)
        except (OSError, EOFError, ValueError):
            return None

    async def tree(self) -> Node:
        """Return everything that sway shows. Raises ``OSError``, ``EOFError`` or ``ValueError``."""
        return await _ask(self._place, _GET_TREE, Node)

    async def close(self) -> None:
        """Do nothing: no connection stays open."""


class _Version(Struct, frozen=True):
    loaded_config_file_name: str = ""


async def loaded_configuration(environment: Mapping[str, str]) -> str:
    """Return the path of the configuration that sway has read; empty if sway does not answer."""
    try:
        version = await _ask(environment.get("SWAYSOCK", ""), _GET_VERSION, _Version)
    except (OSError, EOFError, ValueError):
        return ""
    return re.sub("^/+", "/", version.loaded_config_file_name)  # Debian's sway reports //etc/sway/config


async def _ask(place: str, question: int, kind: type[Reply]) -> Reply:
    """Return sway's reply to a question. Raises ``OSError``, ``EOFError`` or ``ValueError``."""
    if not place:
        raise FileNotFoundError("SWAYSOCK is not set")
    async with asyncio.timeout(_REPLY_S):
        reader, writer = await asyncio.open_unix_connection(place)
        try:
            writer.write(_HEADER.pack(_MAGIC, 0, question))
            magic, length, _ = _HEADER.unpack(await reader.readexactly(_HEADER.size))
            if magic != _MAGIC or length > _LONGEST:
                raise ValueError("the answer is damaged")
            return msgspec.json.decode(await reader.readexactly(length), type=kind)
        finally:
            writer.close()


def target_of(tree: Node, app: int) -> Target | None:
    """Return the focused window in a tree; windows of the process ``app`` are our own. Pure."""
    found = next((node for node in _all(tree) if node.focused), None)
    if found is None or found.pid is None:
        return None
    program = found.app_id or found.window_properties.name or ""
    inner = found.window_rect
    area = Area(found.rect.x + inner.x, found.rect.y + inner.y, inner.width, inner.height)
    return Target(found.id, program, is_terminal(program), bool(app) and found.pid == app, area, found.pid)


def _all(tree: Node) -> Iterator[Node]:
    left = [tree]
    while left:
        node = left.pop()
        yield node
        left += (*node.nodes, *node.floating_nodes)
