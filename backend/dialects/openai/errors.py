"""Errors in OpenAI's shape: clients read message, type and code. Source: OpenAI, "Error codes"."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from backend.core.errors import BackendError, MediaReaderKilled, MediaUnreadable, OverQuota, RequestRefused
from backend.dialects.file_audio import SegmentFailed
from backend.dialects.openai.requests import RequestInvalid
from client.errors import GatewayError, Refused, TryLater
from protocol.errors import ErrorCode, Forbidden, ProtocolError, Unauthorised
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_DIALECTS

_INVALID: Final = "invalid_request_error"
_SERVER: Final = "server_error"
_TOO_LARGE: Final = {ErrorCode.TOO_LARGE: 413}


@dataclass(eq=False)
class OpenAiError(Exception):
    """An answer with an error. ``retry_s``: when to try again; 0: not said."""

    status: int
    message: str
    type: str = _INVALID
    code: str | None = None
    param: str | None = None
    retry_s: float = 0.0

    def body(self) -> dict[str, Any]:
        """Return the body of the answer."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": error}

    def response(self) -> web.Response:
        """Return the answer with this error."""
        body = msgspec.json.encode(self.body())
        response = web.Response(body=body, status=self.status, content_type="application/json")
        if self.retry_s:
            response.headers[hdrs.RETRY_AFTER] = str(max(1, round(self.retry_s)))
        return response


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise every expected error as an ``OpenAiError``."""
    try:
        yield
    except (OverQuota, RequestRefused, RequestInvalid, ProtocolError) as error:
        raise _before_the_audio(error) from error
    except (BackendError, GatewayError) as error:
        raise _with_the_audio(error) from error


def _before_the_audio(error: Exception) -> OpenAiError:
    match error:
        case OverQuota():
            over = error.refusal.status == web.HTTPTooManyRequests.status_code
            kind = "rate_limit_error" if over else _SERVER
            return OpenAiError(error.refusal.status, str(error), kind, "busy", retry_s=error.refusal.retry_s)
        case RequestRefused():
            kind = _SERVER if error.status >= web.HTTPInternalServerError.status_code else _INVALID
            return OpenAiError(error.status, str(error), kind, error.code)
        case RequestInvalid():
            return OpenAiError(400, str(error), param=error.param, code="invalid_value")
        case Unauthorised():
            return OpenAiError(401, str(error), code="invalid_api_key")
        case Forbidden():
            return OpenAiError(403, str(error), code=error.code)
        case ProtocolError():
            return OpenAiError(_TOO_LARGE.get(error.code, 400), str(error), code=error.code)
    raise error


def _with_the_audio(error: Exception) -> OpenAiError:
    match error:
        case MediaUnreadable():
            return OpenAiError(_TOO_LARGE.get(error.code, 400), str(error), code=error.code, param="file")
        case SegmentFailed(code=ErrorCode.UNSUPPORTED):
            return OpenAiError(400, str(error), code=error.code, param="language")
        case SegmentFailed():
            return OpenAiError(500, str(error), _SERVER, error.code)
        case MediaReaderKilled():
            return OpenAiError(503, "the file could not be read now: try again", _SERVER, "busy", retry_s=1.0)
        case TryLater():
            return OpenAiError(503, str(error), _SERVER, "busy", retry_s=error.retry_after_s or 1.0)
        case Refused():
            return OpenAiError(400, str(error), code="refused")
        case GatewayError():
            return OpenAiError(503, str(error), _SERVER, "unavailable", retry_s=1.0)
    log.error(LogEvent.REQUEST_FAILED, error=repr(error))
    return OpenAiError(500, "the gateway failed; its log says why", _SERVER)
