"""Parameters and answers of the HTTP API for past sessions and submitted files.

Paths are below; every error is an ``ErrorBody``. Lengths are seconds of audio, moments RFC 3339 in UTC. Clients
ignore unknown fields of answers, so that a gateway may be newer. An unknown query parameter is an error, because a
filter that is silently ignored would look as if it worked.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from protocol.errors import ErrorCode
from protocol.forms import HEXADECIMAL, LANGUAGE, LANGUAGES, MODEL, ONE_LINE, PHRASES
from protocol.monitor import WorkerStatus
from protocol.recognition import Milliseconds, Options, Script, Word

SESSIONS_PATH: Final = "/v1/sessions"
SEARCH_PATH: Final = "/v1/search"
EXPORT_PATH: Final = "/v1/export"
USAGE_PATH: Final = "/v1/usage"
OPENAPI_PATH: Final = "/v1/openapi.json"
JSON_LINES: Final = "application/jsonl"
SRT: Final = "application/x-subrip"
VTT: Final = "text/vtt"
TRUNCATED_HEADER: Final = "Kikipounamu-Truncated"
"""Header of the text of a file whose end is missing, in other servers' APIs: ``true``."""

_THINNED: Final = "Only sessions in this state. A page may then have fewer hits than `limit`, and still a `next`."

Seconds = Annotated[float, Meta(ge=0)]
Moment = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]
Limit = Annotated[int, Meta(ge=1, le=200, description="Maximum number of entries.")]
Cursor = Annotated[int, Meta(ge=0, le=2**53, description="The `next` of the previous page.")]
Owner = Annotated[str, Meta(min_length=1, max_length=64, pattern=HEXADECIMAL, description="Id of a key.")]
Question = Annotated[
    str,
    Meta(min_length=1, max_length=256, pattern=ONE_LINE, description="Words that must all occur."),
]


class SessionKind(StrEnum):
    """Origin of a session's speech: streamed while it was spoken, or submitted as a file."""

    STREAM = "stream"
    FILE = "file"


class SessionState(StrEnum):
    """State of a session. A stream is ``working`` until its client has received all results.

    A file is ``submitted`` until it is read. ``failed``: part of the session has no text; ``error`` or its
    segments say why, and it may be retried.
    """

    SUBMITTED = "submitted"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class SegmentState(StrEnum):
    """State of one segment of a session."""

    PLANNED = "planned"
    FINAL = "final"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ResultFormat(StrEnum):
    """Output format of a result."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"


# -- errors ------------------------------------------------------------------------------------------------


class ErrorDetail(Struct, frozen=True):
    """Details of an error: ``code`` is for programs, ``message`` tells the user what to do."""

    code: ErrorCode
    message: str


class ErrorBody(Struct, frozen=True):
    """Body of every answer that reports an error."""

    error: ErrorDetail


# -- query parameters ---------------------------------------------------------------------------------------------


class ListQuery(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of ``GET /v1/sessions``."""

    state: Annotated[SessionState, Meta(description="Only sessions in this state.")] | UnsetType = UNSET
    kind: Annotated[SessionKind, Meta(description="Only sessions of this kind.")] | UnsetType = UNSET
    owner: Annotated[Owner, Meta(description="Only sessions of this key; for the owner.")] | UnsetType = UNSET
    before: Cursor | UnsetType = UNSET
    limit: Limit = 50


class SearchQuery(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of ``GET /v1/search``."""

    q: Question
    state: Annotated[SessionState, Meta(description=_THINNED)] | UnsetType = UNSET
    kind: Annotated[SessionKind, Meta(description="Only sessions of this kind.")] | UnsetType = UNSET
    owner: Annotated[Owner, Meta(description="Only sessions of this key; for the owner.")] | UnsetType = UNSET
    before: Cursor | UnsetType = UNSET
    limit: Limit = 50


class ResultQuery(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of ``GET /v1/sessions/ID/result``."""

    format: Annotated[ResultFormat, Meta(description="Output format.")] = ResultFormat.JSON


class ExportQuery(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of ``GET /v1/export``."""

    kind: Annotated[SessionKind, Meta(description="Only sessions of this kind.")] | UnsetType = UNSET
    owner: Annotated[Owner, Meta(description="Only sessions of this key; for the owner.")] | UnsetType = UNSET


class UsageQuery(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Parameters of ``GET /v1/usage``."""

    from_: Annotated[date, Meta(description="First day; default: 30 days before the last.")] | UnsetType = field(
        default=UNSET, name="from"
    )
    to: Annotated[date, Meta(description="Last day; default: today.")] | UnsetType = UNSET
    owner: Annotated[Owner, Meta(description="Only usage of this key; for the owner.")] | UnsetType = UNSET


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


class SubmittedFields(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Form fields of ``POST /v1/sessions``, besides ``file``; fields that ``Options`` has mean the same."""

    session: (
        Annotated[UUID, Meta(description="Chosen by the client, so that a repeated submission has no effect.")]
        | UnsetType
    ) = UNSET
    name: Annotated[str, Meta(max_length=256, pattern=ONE_LINE, description="Default: the file's name.")] = ""
    language: Annotated[str, Meta(max_length=16, pattern=LANGUAGE)] = "auto"
    languages: Annotated[
        str,
        Meta(pattern=LANGUAGES, description="Codes of the languages spoken, separated by commas; default: any."),
    ] = ""
    model: Annotated[str, Meta(max_length=64, pattern=MODEL)] = ""
    script: Script = ""
    itn: bool = True
    punctuation: bool = True
    hotwords: Annotated[str, Meta(max_length=8192, pattern=PHRASES, description="Separated by commas.")] = ""
    track: Annotated[
        int,
        Meta(ge=0, le=999, description="Number of the sound track of a film; 0: its default, else the first."),
    ] = 0

    @property
    def options(self) -> Options:
        """Recognition options for this file, with priority ``bulk``."""
        return Options(
            language=self.language,
            hotwords=_split_list(self.hotwords),
            itn=self.itn,
            punctuation=self.punctuation,
            model=self.model,
            priority="bulk",
            script=self.script,
            languages=_split_list(self.languages),
        )


# -- answers -----------------------------------------------------------------------------------------------


class Progress(Struct, frozen=True):
    """Known segments and how many of them have ended; ``audio_s`` is the audio of all known segments."""

    segments: Count = 0
    final: Count = 0
    failed: Count = 0
    audio_s: Seconds = 0.0


class SessionView(Struct, frozen=True):
    """Session without its text. ``here``: its file is on the disk of the gateway that answers.

    ``truncated``: the end of the file is missing; the rest is recognised.
    """

    id: str
    kind: SessionKind
    state: SessionState
    owner: str
    started: Moment
    changed: Moment
    progress: Progress = Progress()
    name: str = ""
    error: ErrorDetail | None = None
    device: str = ""
    tenant: str = ""
    client: str = ""
    options: Options = Options()
    here: bool = False
    truncated: bool = False


class SessionList(Struct, frozen=True):
    """Page of sessions, newest first. ``next`` is ``before`` of the following page; null on the last page."""

    sessions: tuple[SessionView, ...] = ()
    next: int | None = None


class SegmentView(Struct, frozen=True, omit_defaults=True):
    """Segment of a session. ``start_ms`` is relative to the session's beginning; null if unknown.

    ``replaces``: the segments whose texts this one replaces in the session's text, once it is ``final``.
    """

    segment: Count
    state: SegmentState
    text: str = ""
    start_ms: Milliseconds | None = None
    duration_ms: Milliseconds = 0
    language: str = ""
    words: tuple[Word, ...] = ()
    model: str = ""
    worker: str = ""
    queue_ms: Milliseconds = 0
    decode_ms: Milliseconds = 0
    code: ErrorCode | None = None
    message: str = ""
    replaces: tuple[Count, ...] = ()


class SessionResult(Struct, frozen=True):
    """Session with its text. Until the session is done, the text is what has been recognised so far."""

    session: SessionView
    text: str
    segments: tuple[SegmentView, ...] = ()


class SearchHit(Struct, frozen=True):
    """Segment that contains all search terms; ``ranges`` are their positions in ``excerpt``, in code points."""

    session: SessionView
    segment: Count
    excerpt: str
    ended: Moment
    ranges: tuple[tuple[int, int], ...] = ()
    start_ms: Milliseconds | None = None


class SearchResult(Struct, frozen=True):
    """Page of hits, newest first. ``next`` is ``before`` of the following page; null on the last page."""

    hits: tuple[SearchHit, ...] = ()
    next: int | None = None


class DayUsage(Struct, frozen=True):
    """Usage of one key on one day (UTC). Deleting the speech does not change it."""

    day: date
    owner: str
    tenant: str = ""
    sessions: Count = 0
    segments: Count = 0
    failed: Count = 0
    audio_s: Seconds = 0.0
    characters: Count = 0


class UsageReport(Struct, frozen=True):
    """Usage by day, key and tenant."""

    days: tuple[DayUsage, ...] = ()


# -- answers of the other routes, for the OpenAPI document -------------------------------------------------


class Health(Struct, frozen=True):
    """Answer to ``GET /healthz``: the gateway process is alive."""

    status: Literal["alive"]


class ModelView(Struct, frozen=True):
    """Model that at least one worker offers. ``needs_context``: short segments cost it accuracy.

    ``translates``: it also translates speech into English.
    """

    model: str
    languages: tuple[str, ...]
    needs_context: bool = False
    translates: bool = False


class ListedModel(Struct, frozen=True):
    """Model as clients of OpenAI's API read it."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "kikipounamu"


class ModelList(Struct, frozen=True):
    """Answer to ``GET /v1/models``. ``version`` is the gateway's version.

    ``object`` and ``data`` say the same in the shape of OpenAI's API.
    """

    models: tuple[ModelView, ...]
    version: str = ""
    object: str = "list"
    data: tuple[ListedModel, ...] = ()


def model_list(models: tuple[ModelView, ...], version: str) -> ModelList:
    """Return the answer that lists these models in both shapes."""
    return ModelList(models, version, data=tuple(ListedModel(model.model) for model in models))


class WorkerList(Struct, frozen=True):
    """Answer to ``GET /v1/workers``: the status of every worker."""

    workers: tuple[WorkerStatus, ...]
