"""HTTP routes that submit, cancel and retry files."""

import asyncio
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final
from uuid import uuid4

from aiohttp import hdrs, web
from msgspec import UNSET

from backend.core.errors import OverQuota, RequestRefused
from backend.core.refusal import Refusal, RefusalReason
from backend.history.folding import name as stored_name
from backend.history.records import NewFile, StoredSession
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import abort, json_response
from backend.rest.form import Form, read_form
from backend.rest.runner import Runner
from backend.rest.scope import Archive, conflict
from backend.rest.upload_places import RETRY_S, upload_place
from backend.rest.views import session_view
from protocol.errors import ErrorCode, MalformedMessage
from protocol.rest import SESSIONS_PATH, SessionKind, SessionState, SubmittedFields

_LONGEST_CLIENT: Final = 128
_UNENDED: Final = (SessionState.SUBMITTED, SessionState.WORKING)
_NO_CANCEL: Final = "only a file that has not ended can be cancelled"
_NO_RETRY: Final = "only a file that failed can be retried"
_NOT_OURS: Final = (
    "another gateway has this one's data folder, and the files: submit it there, or when that has ended"
)


class FileRoutes:
    """The file routes; ``runner`` recognises the files."""

    def __init__(self, archive: Archive, runner: Runner) -> None:
        self._archive = archive
        self._runner = runner

    def routes(self) -> list[web.RouteDef]:
        """Return all routes for files."""
        one = SESSIONS_PATH + "/{id}"
        return [
            web.post(SESSIONS_PATH, self._submit),
            web.post(one + "/cancel", self._cancel),
            web.post(one + "/retry", self._retry),
        ]

    async def submit(self, request: web.Request, values: Mapping[str, str] | None = None) -> StoredSession:
        """Store the file of a form. ``values``: used instead of the form's other fields.

        Raises ``ProtocolError``, ``OverQuota`` or ``RequestRefused``.
        """
        visit = admit(request)
        if not await self._runner.takes_files():
            raise RequestRefused(503, ErrorCode.BUSY, _NOT_OURS)
        self._check_queue(visit)
        form = Form()
        with upload_place(visit, self._runner.settings), visit.present(lambda: abort(request)):
            try:
                await read_form(request, self._runner.uploads, self._runner.settings, form)
                form.values = form.values if values is None else dict(values)
                return await self._accept(visit, form, request.headers.get(hdrs.USER_AGENT, ""))
            finally:
                await asyncio.to_thread(form.drop)

    async def retry(self, request: web.Request) -> StoredSession:
        """Plan a file that failed again. Raises ``ProtocolError``, ``OverQuota`` or ``RequestRefused``."""
        stored = await self._archive.session(request)
        if stored.kind is not SessionKind.FILE or stored.state is not SessionState.FAILED:
            raise conflict(_NO_RETRY)
        if not self._runner.has(stored.id):
            raise conflict("the file is not here any more, or at another gateway: submit it as a new session")
        await self._archive.ask(lambda store: store.retry(stored.id))
        working, before = SessionState.WORKING, (SessionState.FAILED, *_UNENDED)
        if not await self._archive.ask(lambda store: store.set_state(stored.id, working, only_from=before)):
            raise conflict(_NO_RETRY)  # another request retried it, and it is done
        self._runner.queue_file(stored)
        return stored

    async def _submit(self, request: web.Request) -> web.Response:
        return self._view(await self.submit(request), 202)

    async def _cancel(self, request: web.Request) -> web.Response:
        stored = await self._archive.session(request)
        if stored.kind is not SessionKind.FILE or stored.state not in _UNENDED:
            raise conflict(_NO_CANCEL)
        cancelled = SessionState.CANCELLED
        if not await self._archive.ask(lambda store: store.set_state(stored.id, cancelled, only_from=_UNENDED)):
            raise conflict(_NO_CANCEL)  # the file ended in the meantime
        self._runner.check_session(stored.id)
        return await self._now(stored)

    async def _retry(self, request: web.Request) -> web.Response:
        return await self._now(await self.retry(request), 202)

    # -- inside --------------------------------------------------------------------------------------------

    def _check_queue(self, visit: AdmittedRequest) -> None:
        """Raise ``OverQuota`` if too many files of this key wait."""
        most = self._runner.settings.flow.waiting
        if self._runner.waiting_of(visit.device.owner) >= most:
            message = f"{most} files of this key wait already"
            raise OverQuota(Refusal(429, RefusalReason.KEY_REQUESTS, message, RETRY_S))

    async def _accept(self, visit: AdmittedRequest, form: Form, client: str) -> StoredSession:
        fields = form.fields()
        id = str(uuid4() if fields.session is UNSET else fields.session)
        coming = self._runner.coming
        if id in coming:
            raise conflict("this session is being submitted already")
        coming.add(id)
        try:
            known = await self._archive.ask(lambda store: store.session(id))
            new = _new_file(visit, id, fields, form.filename, client)
            if known is None:
                if why := self._runner.refuse_model(fields.options.model):
                    raise RequestRefused(409, ErrorCode.MODEL_UNAVAILABLE, why)
                return await self._begin(new, form, fields.track)
            same = (known.owner, known.tenant, known.kind) == (new.owner, new.tenant, SessionKind.FILE)
            if not same or known.name != new.name:  # another file's speech would be lost
                raise conflict("there is another session of this id: make a new one")
            if known.state in _UNENDED and not self._runner.has(id):
                await self._keep(known, form, fields.track)
            return known
        finally:
            coming.discard(id)

    async def _begin(self, new: NewFile, form: Form, track: int) -> StoredSession:
        """Store the file, then its session.

        If the history does not answer, it may still have stored the session: the file stays until the next sweep.
        """
        assert form.part is not None
        await asyncio.to_thread(form.part.keep, new.id, track)
        try:
            stored = await self._archive.ask(lambda store: store.begin_file(new))
        except MalformedMessage as error:
            await asyncio.to_thread(self._runner.uploads.remove, new.id)
            raise conflict(str(error)) from error
        self._runner.queue_file(stored)
        return stored

    async def _keep(self, known: StoredSession, form: Form, track: int) -> None:
        """Store the file of a session that the history already knows."""
        assert form.part is not None
        await asyncio.to_thread(form.part.keep, known.id, track)
        self._runner.queue_file(known)

    async def _now(self, stored: StoredSession, status: int = 200) -> web.Response:
        """Respond with the session's state after a change."""
        changed = await self._archive.ask(lambda store: store.session(stored.id))
        return self._view(changed or stored, status)

    def _view(self, stored: StoredSession, status: int) -> web.Response:
        return json_response(session_view(stored, self._runner.has(stored.id)), status)


def _new_file(visit: AdmittedRequest, id: str, fields: SubmittedFields, filename: str, client: str) -> NewFile:
    name = fields.name or PurePosixPath(filename.replace("\\", "/")).name
    return NewFile(
        id=id,
        owner=visit.device.owner,
        device=visit.device.id,
        tenant=visit.tenant,
        client=client[:_LONGEST_CLIENT],
        name=stored_name(_printable_name(name)),
        options=fields.options,
    )


def _printable_name(name: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in name).strip()
