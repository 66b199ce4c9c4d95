"""All adapters of one gateway, and their routes."""

from functools import cache

from aiohttp import web

from backend.dialects.deepgram.routes import DeepgramRoutes
from backend.dialects.earlier.conversation import earlier_routes
from backend.dialects.funasr.routes import funasr_routes
from backend.dialects.openai.file_routes import OpenAiFileRoutes
from backend.dialects.openai.realtime import realtime_routes
from backend.dialects.root_route import root_routes
from backend.dialects.sessions import DialectSessions, Refuse
from backend.dialects.spool import RequestFiles, open_spool
from backend.dialects.vosk.routes import vosk_routes
from backend.rest.file_settings import FileSettings
from backend.rest.uploads import Uploads
from backend.sessions.hub import Hub


def dialect_routes(hub: Hub, refusal: Refuse, settings: FileSettings, earlier: bool = False) -> list[web.RouteDef]:
    """Return the routes of all adapters. The folder for files is created with the first file.

    ``earlier``: the earlier server's protocol is served too.
    """
    sessions = DialectSessions(hub, refusal, settings.vad_folder)

    @cache
    def spool() -> Uploads:
        return open_spool(settings.requests_folder, settings.spare_bytes)

    files = RequestFiles(spool, settings)
    return [
        *OpenAiFileRoutes(sessions, files).routes(),
        *realtime_routes(sessions),
        *funasr_routes(sessions, files),
        *vosk_routes(sessions),
        *root_routes(sessions, files),
        *DeepgramRoutes(sessions, files).routes(),
        *(earlier_routes(sessions) if earlier else ()),
    ]
