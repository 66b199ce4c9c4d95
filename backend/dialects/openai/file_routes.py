"""``POST /v1/audio/transcriptions``: transcribes a file, as OpenAI's API does; no history is needed.

The answer is sent once all of it is known. A stream sends the text as it becomes certain. If the rest cannot be
recognised, it ends with an error, never silently.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Final

import msgspec
from aiohttp import hdrs, web

from backend.admission.offered_models import NO_WORKER_TRANSLATES
from backend.dialects.file_audio import recognise_file, truncation_headers
from backend.dialects.openai.answers import CONTENT_TYPES, answer_body, event, usage
from backend.dialects.openai.errors import OpenAiError, translate_errors
from backend.dialects.openai.requests import TranscriptionRequest, transcription_request, translation_request
from backend.dialects.sent_audio import SentAudio
from backend.dialects.sessions import DialectSessions
from backend.dialects.spool import RequestFiles
from backend.dialects.transcript import JoinedResults
from backend.http.access import AdmittedRequest, admit
from backend.http.responses import abort, check_present
from backend.http.viewers import keep_little, write_pieces
from backend.rest.form import Form, read_form
from backend.rest.upload_places import until_upload_place, upload_place

TRANSCRIPTIONS_PATH: Final = "/v1/audio/transcriptions"
TRANSLATIONS_PATH: Final = "/v1/audio/translations"
WHISPER_CPP_PATH: Final = "/inference"
"""Path of whisper.cpp's server, which takes the same fields."""
_NAME: Final = "openai-rest"
_WRITE_S: Final = 30.0
_ReadFields = Callable[[Mapping[str, str]], TranscriptionRequest]
_SERVER_SENT: Final = "text/event-stream"


class OpenAiFileRoutes:
    """The routes for files."""

    def __init__(self, sessions: DialectSessions, files: RequestFiles) -> None:
        self._sessions, self._files = sessions, files

    def routes(self) -> list[web.RouteDef]:
        """Return all routes for files."""
        return [
            web.post(TRANSCRIPTIONS_PATH, self._transcribe),
            web.post(TRANSLATIONS_PATH, self._translate),
            web.post(WHISPER_CPP_PATH, self._transcribe),
        ]

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, lambda fields: transcription_request(fields, self._models()))

    async def _translate(self, request: web.Request) -> web.StreamResponse:
        return await self._serve(request, translation_request)

    async def _serve(self, request: web.Request, asked_by: _ReadFields) -> web.StreamResponse:
        try:
            with translate_errors():
                visit, files = admit(request), self._files
                self._check_task(request)
                with visit.present(lambda: abort(request)):
                    async with files.form(visit) as form:
                        await until_upload_place(visit, files.settings)
                        with upload_place(visit, files.settings):
                            await read_form(request, await asyncio.to_thread(files.spool), files.settings, form)
                        return await self._answer(request, visit, form, asked_by(form.values))
        except OpenAiError as error:
            return error.response()

    def _check_task(self, request: web.Request) -> None:
        """Refuse a translation that no worker can make, before its audio is read."""
        if request.path == TRANSLATIONS_PATH and not self._sessions.hub.intake.translates:
            raise OpenAiError(400, NO_WORKER_TRANSLATES, code="unsupported")

    def _models(self) -> set[str]:
        return set(self._sessions.hub.intake.offered)

    async def _answer(
        self, request: web.Request, visit: AdmittedRequest, form: Form, asked: TranscriptionRequest
    ) -> web.StreamResponse:
        assert form.part is not None
        await asyncio.to_thread(form.part.flush)
        transcript = JoinedResults()
        async with self._files.reading(visit), self._sessions.client(visit, asked.options, _NAME) as client:
            check_present(request)
            sent, about = SentAudio(client), (form.part.path, self._files.settings.vad_folder, transcript)
            async with aclosing(recognise_file(sent, *about)) as results:
                if asked.streams:
                    return await _stream_text(request, results, transcript, sent)
                async for _ in results:
                    check_present(request)
        body = answer_body(asked, transcript, sent.seconds)
        kind, headers = CONTENT_TYPES[asked.format], truncation_headers(transcript)
        return web.Response(text=body, content_type=kind, charset="utf-8", headers=headers)


async def _stream_text(
    request: web.Request, results: AsyncGenerator[None, None], transcript: JoinedResults, sent: SentAudio
) -> web.StreamResponse:
    """Send text as it becomes certain. Raises an error before the first text, which sets the HTTP status."""
    headers = {hdrs.CONTENT_TYPE: _SERVER_SENT, hdrs.CACHE_CONTROL: "no-store"}
    response, known = web.StreamResponse(headers=headers), ""
    try:
        with translate_errors():
            async for _ in results:
                check_present(request)
                text = transcript.certain()
                if len(text) > len(known):
                    await _say(request, response, event("transcript.text.delta", delta=text[len(known) :]))
                    known = text
            whole = transcript.text()
            if len(whole) > len(known):
                await _say(request, response, event("transcript.text.delta", delta=whole[len(known) :]))
            more = {"usage": usage(sent.seconds), **transcript.truncation()}
            done = event("transcript.text.done", text=whole, **more)
            await _say(request, response, done)
    except OpenAiError as error:
        if not response.prepared:
            raise
        await _say(request, response, b"data: " + msgspec.json.encode(error.body()) + b"\n\n")
    return response


async def _say(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    if not response.prepared:
        await response.prepare(request)
        keep_little(request)
    try:
        await write_pieces(response, data, _WRITE_S)
    except TimeoutError as error:
        abort(request)
        raise ConnectionResetError("the client does not read") from error
