"""``/v1/listen``: a WebSocket for live speech, and POST for a file, as with Deepgram's API."""

import asyncio
import hashlib
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec
from aiohttp import web
from msgspec import structs

from backend.dialects.deepgram.answers import file_answer, summary
from backend.dialects.deepgram.errors import DeepgramError, answerable
from backend.dialects.deepgram.requests import ListenRequest, ParameterInvalid, listen_request
from backend.dialects.deepgram.stream import NAME, serve_listening
from backend.dialects.file_audio import recognise_file, truncation_headers
from backend.dialects.sent_audio import SentAudio
from backend.dialects.sessions import DialectSessions
from backend.dialects.spool import RequestFiles
from backend.dialects.transcript import JoinedResults
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import abort, check_present
from backend.rest.form import Form, read_raw
from backend.rest.upload_places import until_upload_place, upload_place

LISTEN_PATH: Final = "/v1/listen"
_JSON: Final = "application/json"


class DeepgramRoutes:
    """The routes of this API."""

    def __init__(self, sessions: DialectSessions, files: RequestFiles) -> None:
        self._sessions, self._files = sessions, files

    def routes(self) -> list[web.RouteDef]:
        """Return the routes for live speech and for files."""
        return [web.get(LISTEN_PATH, self._listen), web.post(LISTEN_PATH, self._transcribe)]

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        request_id = str(uuid4())
        try:
            with answerable():
                admitted = listen_request(request.query.items(), self._models())
                return await serve_listening(request, self._sessions, admitted, request_id)
        except DeepgramError as error:
            return error.response(request_id)

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        request_id = str(uuid4())
        try:
            with answerable():
                visit, files = admit(request), self._files
                asked = _file_request(request, self._models())
                with visit.present(lambda: abort(request)):
                    async with files.form(visit) as form:
                        await until_upload_place(visit, files.settings)
                        with upload_place(visit, files.settings):
                            await read_raw(request, await asyncio.to_thread(files.spool), files.settings, form)
                        return await self._answer(request, visit, form, asked, request_id)
        except DeepgramError as error:
            return error.response(request_id)

    def _models(self) -> tuple[str, ...]:
        return self._sessions.hub.intake.offered

    async def _answer(
        self, request: web.Request, visit: AdmittedRequest, form: Form, asked: ListenRequest, request_id: str
    ) -> web.Response:
        assert form.part is not None
        await asyncio.to_thread(form.part.flush)
        path, created = form.part.path, datetime.now(UTC).isoformat()
        digest = await asyncio.to_thread(_digest, path)
        transcript = JoinedResults()
        async with self._files.reading(visit), self._sessions.client(visit, asked.options, NAME) as client:
            check_present(request)
            sent, about = SentAudio(client), (path, self._files.settings.vad_folder, transcript)
            async with aclosing(recognise_file(sent, *about)) as found:
                async for _ in found:
                    check_present(request)
        body = file_answer(asked, transcript, summary(request_id, digest, created, sent.seconds))
        headers = truncation_headers(transcript)
        return web.Response(body=msgspec.json.encode(body), content_type=_JSON, headers=headers)


def _file_request(request: web.Request, models: tuple[str, ...]) -> ListenRequest:
    if request.content_type == _JSON:
        raise ParameterInvalid("this gateway fetches nothing: send the audio itself, not its url")
    asked = listen_request(request.query.items(), models)
    if asked.format is not None:
        raise ParameterInvalid("send a file in its container, such as wav or flac, without encoding")
    return replace(asked, options=structs.replace(asked.options, priority="bulk"))  # only bulk has word times


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
