"""Find the sessions that a request may access, and the one that it names."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from aiohttp import web
from msgspec import UnsetType

from backend.core.errors import HistoryError, HistoryRefused, RequestRefused
from backend.history.history_thread import AsyncHistory
from backend.history.records import SessionFilter, StoredSession
from backend.http.access import AdmittedRequest, admit
from protocol.devices import DeviceKind
from protocol.errors import ErrorCode, Forbidden, MalformedMessage
from protocol.rest import SessionKind, SessionState

if TYPE_CHECKING:
    from backend.history.store import Store

T = TypeVar("T")

_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Scope(NamedTuple):
    """The sessions that a request may access; ``None`` matches every value."""

    owner: str | None
    tenant: str | None

    def session_filter(
        self, state: SessionState | UnsetType | None = None, kind: SessionKind | UnsetType | None = None
    ) -> SessionFilter:
        """Return the filter for these sessions."""
        return SessionFilter(self.owner, self.tenant, state or None, kind or None)


def scope_of(visit: AdmittedRequest, owner: str | UnsetType | None = None) -> Scope:
    """Return the scope of a request: a client sees its own sessions, the owner all or one key's.

    Raises ``Forbidden``.
    """
    mine = None if visit.device.kind is DeviceKind.OWNER else visit.device.owner
    if owner and mine is not None and owner != mine:
        raise Forbidden("only the owner may ask for the sessions of another key")
    return Scope(mine or owner or None, visit.tenant or None)


class Archive:
    """The history as the routes query it."""

    def __init__(self, history: AsyncHistory) -> None:
        self._history = history

    async def ask(self, question: "Callable[[Store], T]") -> T:
        """Query the history. Raises ``RequestRefused`` or ``MalformedMessage``."""
        try:
            return await self._history.ask(question)
        except HistoryRefused as error:
            raise MalformedMessage(str(error)) from error
        except HistoryError as error:
            raise RequestRefused(503, ErrorCode.BUSY, str(error)) from error

    async def session(self, request: web.Request, visit: AdmittedRequest | None = None) -> StoredSession:
        """Return the session in the path if the request may access it. Raises ``RequestRefused``.

        ``visit``: the admitted request, if already known.
        """
        scope, id = scope_of(visit or admit(request)), request.match_info["id"].lower()
        if not _UUID.fullmatch(id):
            raise not_found()
        stored = await self.ask(lambda store: store.session(id, scope.owner))
        if stored is None or scope.tenant not in (None, stored.tenant):
            raise not_found()
        return stored


def not_found() -> RequestRefused:
    """Build the response for a session that does not exist or belongs to another key."""
    return RequestRefused(404, ErrorCode.NOT_FOUND, "there is no such session")


def conflict(message: str) -> RequestRefused:
    """Build the response for a request that does not fit the session's state."""
    return RequestRefused(409, ErrorCode.CONFLICT, message)
