"""OpenAPI descriptions of the routes for sessions and files. Data."""

from datetime import UTC, date, datetime
from typing import Final

from backend.rest.operations import FORM, JSON, TEXT, Content, Operation, Tag, answer
from protocol.rest import (
    EXPORT_PATH,
    JSON_LINES,
    SEARCH_PATH,
    SESSIONS_PATH,
    SRT,
    USAGE_PATH,
    VTT,
    DayUsage,
    ExportQuery,
    ListQuery,
    Progress,
    ResultQuery,
    SearchHit,
    SearchQuery,
    SearchResult,
    SegmentState,
    SegmentView,
    SessionKind,
    SessionList,
    SessionResult,
    SessionState,
    SessionView,
    SubmittedFields,
    UsageQuery,
    UsageReport,
)

_MORNING: Final = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
_FILE: Final = SessionView(
    id="0b6f9b3e-2c1d-4a43-9d3a-3c5b7f6e8a10",
    kind=SessionKind.FILE,
    state=SessionState.WORKING,
    owner="9f86d081884c7d659a2feaa0c55ad015",
    started=_MORNING,
    changed=_MORNING,
    progress=Progress(12, 4, 0, 93.5),
    name="meeting.m4a",
    here=True,
)
_SEGMENT: Final = SegmentView(0, SegmentState.FINAL, "Good morning.", 480, 1_900, "en", model="whisper-base")
_HIT: Final = SearchHit(_FILE, 0, "Good morning.", _MORNING, ((5, 12),), 480)
_USED: Final = DayUsage(date(2026, 3, 1), _FILE.owner, sessions=1, segments=12, audio_s=93.5, characters=840)
_WISHED: Final = SubmittedFields(name="meeting", language="en", hotwords="kikipounamu, Whisper")
_ONE: Final = SESSIONS_PATH + "/{id}"

SESSIONS: Final = (
    Operation(
        "submitFile",
        "POST",
        SESSIONS_PATH,
        "Submit a file to be recognised",
        Tag.SESSIONS,
        answer(SessionView, _FILE, 202),
        errors=(400, 409, 413, 415, 501, 503, 507),
        body=Content(FORM, SubmittedFields, _WISHED),
        leads_to=("getSession", "getResult", "cancelSession", "retrySession", "deleteSession"),
        more="wav, flac, ogg, mp3; m4a and video where the gateway has the media extra. A file that cannot be "
        "read as audio becomes a failed session. 409: the session belongs to another key.",
    ),
    Operation(
        "listSessions",
        "GET",
        SESSIONS_PATH,
        "List sessions, the newest first",
        Tag.SESSIONS,
        answer(SessionList, SessionList((_FILE,), 41)),
        errors=(400, 501, 503),
        query=ListQuery,
    ),
    Operation(
        "getSession",
        "GET",
        _ONE,
        "Get the state of a session",
        Tag.SESSIONS,
        answer(SessionView, _FILE),
        errors=(404, 501, 503),
    ),
    Operation(
        "deleteSession",
        "DELETE",
        _ONE,
        "Delete a session, its texts, and its file",
        Tag.SESSIONS,
        {204: ()},
        errors=(404, 501, 503),
    ),
    Operation(
        "getResult",
        "GET",
        _ONE + "/result",
        "Get the text of a session",
        Tag.SESSIONS,
        {
            200: (
                Content(JSON, SessionResult, SessionResult(_FILE, "Good morning.", (_SEGMENT,))),
                Content(TEXT, None, "Good morning.\n"),
                Content(SRT, None, "1\n00:00:00,480 --> 00:00:02,380\nGood morning.\n"),
                Content(VTT, None, "WEBVTT\n\n00:00:00.480 --> 00:00:02.380\nGood morning.\n"),
            )
        },
        errors=(400, 404, 409, 501, 503),
        query=ResultQuery,
        more="Until the session is done, the text so far. 409: subtitles are impossible without known times.",
    ),
    Operation(
        "cancelSession",
        "POST",
        _ONE + "/cancel",
        "Cancel a file",
        Tag.SESSIONS,
        answer(SessionView, _FILE),
        errors=(404, 409, 501, 503),
        more="Waiting segments are withdrawn, texts stay, the file is deleted. 409: it has ended.",
    ),
    Operation(
        "retrySession",
        "POST",
        _ONE + "/retry",
        "Retry a failed file",
        Tag.SESSIONS,
        answer(SessionView, _FILE, 202),
        errors=(404, 409, 501, 503),
        more="Segments with a text keep it. 409: the file has not failed, or is not here any more.",
    ),
    Operation(
        "search",
        "GET",
        SEARCH_PATH,
        "Search for segments that match every part of the query, the newest first",
        Tag.SESSIONS,
        answer(SearchResult, SearchResult((_HIT,), 712)),
        errors=(400, 501, 503),
        query=SearchQuery,
    ),
    Operation(
        "export",
        "GET",
        EXPORT_PATH,
        "Export sessions, one per line, the newest first",
        Tag.SESSIONS,
        {200: (Content(JSON_LINES, None),)},
        errors=(400, 501, 503),
        query=ExportQuery,
        more="Each line is a `SessionResult`. An incomplete answer lacks the end of its last line.",
    ),
    Operation(
        "getUsage",
        "GET",
        USAGE_PATH,
        "Get the usage by day and key",
        Tag.SESSIONS,
        answer(UsageReport, UsageReport((_USED,))),
        errors=(400, 501, 503),
        query=UsageQuery,
    ),
)
