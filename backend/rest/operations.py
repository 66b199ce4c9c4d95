"""Every route of a gateway as it is described to programs: what it takes, what it answers, who may ask. Data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, Final

from protocol.broker import BROKER_PATH
from protocol.devices import DEVICES_PATH, DeviceKind, DeviceList, DeviceName, DeviceState
from protocol.monitor import EVENT_STREAM, MONITOR_PATH, TIMELINE_PATH, BrokerState, Snapshot, Timeline
from protocol.pairing import PAIR_PATH, PAIRING_PATH, PairAnswer, PairingState, PairingWish, PairRequest
from protocol.rest import (
    EXPORT_PATH,
    JSON_LINES,
    OPENAPI_PATH,
    SEARCH_PATH,
    SESSIONS_PATH,
    USAGE_PATH,
    DayUsage,
    ExportQuery,
    Health,
    ListQuery,
    ModelList,
    ModelView,
    Progress,
    Readiness,
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
    WorkerList,
)
from protocol.session import STREAM_PATH

JSON: Final = "application/json"
FORM: Final = "multipart/form-data"
TEXT: Final = "text/plain"
SRT: Final = "application/x-subrip"
VTT: Final = "text/vtt"


class Keys(StrEnum):
    """Whose key is asked for."""

    NOBODY = "none"
    OWNER = "the owner's"
    CLIENTS = "the owner's or a client's"
    WORKERS = "the owner's or a worker's"
    EVERYBODY = "any"


class Tag(StrEnum):
    """Groups in the document."""

    SESSIONS = "sessions"
    STATE = "state"
    DEVICES = "devices"
    STREAMS = "streams"


@dataclass(frozen=True)
class Content:
    """A body. ``type`` ``None``: text, or bytes, that no schema describes."""

    media: str = JSON
    type: Any = None
    example: Any = None


@dataclass(frozen=True)
class Operation:
    """``answers``: of success, by status; no content: there is none. ``errors``: statuses beside those of keys."""

    name: str
    method: str
    path: str
    summary: str
    tag: Tag
    answers: Mapping[int, tuple[Content, ...]]
    keys: Keys = Keys.CLIENTS
    errors: tuple[int, ...] = ()
    query: Any = None
    body: Content | None = None
    more: str = ""
    switching: bool = field(default=False)


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
_WISHED: Final = SubmittedFields(name="meeting", language="en", hotwords=("kikipounamu",))
_READY: Final = Readiness(True, False, BrokerState(True, "9.1.0", True), True, True, 1, ("whisper-base",), 11.5)


def _answer(type_: Any, example: Any = None, status: int = 200) -> dict[int, tuple[Content, ...]]:
    return {status: (Content(JSON, type_, example),)}


_ONE: Final = SESSIONS_PATH + "/{id}"
_DEVICE: Final = DEVICES_PATH + "/{id}"
_STORED: Final = (503,)  # the history is away, or not kept: 501

SESSIONS: Final = (
    Operation(
        "submitFile",
        "POST",
        SESSIONS_PATH,
        "Submit a file to be recognised",
        Tag.SESSIONS,
        _answer(SessionView, _FILE, 202),
        errors=(400, 409, 413, 415, 501, 503, 507),
        body=Content(FORM, SubmittedFields, _WISHED),
        more="wav, flac, ogg, mp3; m4a and video where the gateway has the media extra. What cannot be read as "
        "sound becomes a session that failed. 409: the session is somebody else's.",
    ),
    Operation(
        "listSessions",
        "GET",
        SESSIONS_PATH,
        "Sessions, the newest first",
        Tag.SESSIONS,
        _answer(SessionList, SessionList((_FILE,), 41)),
        errors=(400, 501, 503),
        query=ListQuery,
    ),
    Operation(
        "getSession",
        "GET",
        _ONE,
        "Where a session stands",
        Tag.SESSIONS,
        _answer(SessionView, _FILE),
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
        "The text of a session",
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
        more="Until the session is done, what is there so far. 409: subtitles, where times are not known.",
    ),
    Operation(
        "cancelSession",
        "POST",
        _ONE + "/cancel",
        "Give up a file",
        Tag.SESSIONS,
        _answer(SessionView, _FILE),
        errors=(404, 409, 501, 503),
        more="What waits is withdrawn, what is recognised stays, the file is deleted. 409: it has ended.",
    ),
    Operation(
        "retrySession",
        "POST",
        _ONE + "/retry",
        "Try a file that failed again",
        Tag.SESSIONS,
        _answer(SessionView, _FILE, 202),
        errors=(404, 409, 501, 503),
        more="What has a text keeps it. 409: it has not failed, or its file is not here any more.",
    ),
    Operation(
        "search",
        "GET",
        SEARCH_PATH,
        "Segments that have all that is searched for, the newest first",
        Tag.SESSIONS,
        _answer(SearchResult, SearchResult((_HIT,), 712)),
        errors=(400, 501, 503),
        query=SearchQuery,
    ),
    Operation(
        "export",
        "GET",
        EXPORT_PATH,
        "Everything, one session a line, the newest first",
        Tag.SESSIONS,
        {200: (Content(JSON_LINES, None),)},
        errors=(400, 501, 503),
        query=ExportQuery,
        more="Each line is a `SessionResult`. An answer that breaks off lacks its last line's end.",
    ),
    Operation(
        "getUsage",
        "GET",
        USAGE_PATH,
        "What was used, by day and key",
        Tag.SESSIONS,
        _answer(UsageReport, UsageReport((_USED,))),
        errors=(400, 501, 503),
        query=UsageQuery,
    ),
)

STATE: Final = (
    Operation(
        "getHealth",
        "GET",
        "/healthz",
        "Whether the process lives",
        Tag.STATE,
        _answer(Health, Health("alive")),
        Keys.NOBODY,
    ),
    Operation(
        "getReadiness",
        "GET",
        "/readyz",
        "Whether speech would be recognised",
        Tag.STATE,
        {200: (Content(JSON, Readiness, _READY),), 503: (Content(JSON, Readiness),)},
        Keys.NOBODY,
    ),
    Operation(
        "getModels",
        "GET",
        "/v1/models",
        "What the fleet can recognise",
        Tag.STATE,
        _answer(ModelList, ModelList((ModelView("whisper-base", ("en", "zh")),))),
    ),
    Operation(
        "getWorkers",
        "GET",
        "/v1/workers",
        "Who is in the fleet",
        Tag.STATE,
        _answer(WorkerList),
        Keys.EVERYBODY,
    ),
    Operation("getTimeline", "GET", TIMELINE_PATH, "An hour of figures", Tag.STATE, _answer(Timeline)),
    Operation(
        "getOpenApi",
        "GET",
        OPENAPI_PATH,
        "This document",
        Tag.STATE,
        {200: (Content(JSON, dict[str, Any]),)},
        Keys.NOBODY,
    ),
)

DEVICES: Final = (
    Operation(
        "listDevices", "GET", DEVICES_PATH, "Who holds which key", Tag.DEVICES, _answer(DeviceList), Keys.OWNER
    ),
    Operation(
        "renameDevice",
        "PATCH",
        _DEVICE,
        "Name a device",
        Tag.DEVICES,
        _answer(DeviceState),
        Keys.OWNER,
        errors=(400, 404, 413),
        body=Content(JSON, DeviceName, DeviceName("Anna's laptop")),
    ),
    Operation(
        "revokeDevice",
        "DELETE",
        _DEVICE,
        "Revoke a key",
        Tag.DEVICES,
        _answer(DeviceState),
        Keys.EVERYBODY,
        errors=(404,),
        more="By the owner; a device may revoke its own.",
    ),
    Operation(
        "getPairing", "GET", PAIRING_PATH, "How a pairing stands", Tag.DEVICES, _answer(PairingState), Keys.OWNER
    ),
    Operation(
        "openPairing",
        "POST",
        PAIRING_PATH,
        "Show a code",
        Tag.DEVICES,
        _answer(PairingState),
        Keys.OWNER,
        errors=(400, 413),
        body=Content(JSON, PairingWish, PairingWish(DeviceKind.CLIENT)),
        more="400: this gateway is not shared.",
    ),
    Operation(
        "closePairing", "DELETE", PAIRING_PATH, "End a pairing", Tag.DEVICES, _answer(PairingState), Keys.OWNER
    ),
    Operation(
        "pair",
        "POST",
        PAIR_PATH,
        "Get a key, in two steps",
        Tag.DEVICES,
        _answer(PairAnswer),
        Keys.NOBODY,
        errors=(400, 403, 413),
        body=Content(JSON, PairRequest),
        more="Over TLS alone.",
    ),
)

STREAMS: Final = (
    Operation(
        "stream",
        "GET",
        STREAM_PATH,
        "A WebSocket that takes speech and gives texts",
        Tag.STREAMS,
        {101: ()},
        errors=(400, 503),
        more="Subprotocol `kikipounamu.v1`; see docs/protocol.md.",
        switching=True,
    ),
    Operation(
        "broker",
        "GET",
        BROKER_PATH,
        "A WebSocket that carries the broker's protocol to a worker",
        Tag.STREAMS,
        {101: ()},
        Keys.WORKERS,
        errors=(400, 503),
        switching=True,
    ),
    Operation(
        "watch",
        "GET",
        MONITOR_PATH,
        "Server-sent events: the live state",
        Tag.STREAMS,
        {200: (Content(EVENT_STREAM, None, "event: snapshot\ndata: {…}\n\n"),)},
        more="`snapshot`, once a second, is a `Snapshot`; `segment` is a `Recent`.",
    ),
)

OPERATIONS: Final = (*SESSIONS, *STATE, *DEVICES, *STREAMS)
ALSO_DESCRIBED: Final = (Snapshot, SessionResult)
"""Types that texts of the document name."""
