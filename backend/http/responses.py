"""HTTP bodies of the gateway: JSON requests and replies, and the common form of errors."""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from aiohttp import hdrs, web

from backend.core.errors import InvalidSettings, OverQuota, RequestRefused, UnknownDevice, reason_of
from backend.core.refusal import Refusal, RefusalReason
from protocol.decoding import explain
from protocol.errors import NOT_JSON, ErrorCode, MalformedMessage, MessageTooLarge, ProtocolError
from protocol.rest import OPENAPI_PATH
from runtime import loggers, tls
from runtime.event_names import LogEvent

log = loggers.BACKEND_ANSWERS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Body = TypeVar("Body")

ON_REFUSAL: Final = web.AppKey[Callable[[RefusalReason], None]]("on_refusal")
"""Function that counts refusals."""
MOST_BODY: Final = 4 * 1024
_BODY_S: Final = 10.0

_STATUS: Final = {
    ErrorCode.UNAUTHORISED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.TOO_LARGE: 413,
}
_CODES: Final = {
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.NOT_ALLOWED,
    413: ErrorCode.TOO_LARGE,
    500: ErrorCode.INTERNAL,
}
_RETRY_S: Final = 5.0


def error_response(status: int, code: ErrorCode, message: str) -> web.Response:
    """Return an error in the common form."""
    return json_response({"error": {"code": code, "message": message}}, status)


def json_response(body: object, status: int = 200) -> web.Response:
    """Encode any value that msgspec supports as a JSON response."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


async def read_json(request: web.Request, kind: type[Body]) -> Body:
    """Decode the body of a request as ``kind``. Raises ``MessageTooLarge`` or ``MalformedMessage``."""
    try:
        return msgspec.json.decode(await read_body(request), type=kind)
    except NOT_JSON as error:
        raise MalformedMessage(explain(error, kind)) from error


async def read_body(request: web.Request) -> bytes:
    """Read at most ``MOST_BODY`` bytes within 10 s. Raises ``MessageTooLarge`` or ``MalformedMessage``."""
    body = b""
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > MOST_BODY:
                    raise MessageTooLarge(f"a body may have {MOST_BODY} bytes")
    except TimeoutError as error:
        raise MalformedMessage(f"the body did not come within {_BODY_S:g} s") from error
    except web.RequestPayloadError as error:
        raise MalformedMessage("the body breaks off") from error
    return body


def refusal_response(refusal: Refusal) -> web.Response:
    """Return a response to try again later, with a random delay so that clients spread out."""
    response = error_response(refusal.status, ErrorCode.BUSY, refusal.message)
    retry_s = max(1, math.ceil(refusal.retry_s * random.uniform(1.0, 2.0)))
    response.headers[hdrs.RETRY_AFTER] = str(retry_s)
    log.info(LogEvent.REQUEST_REFUSED, reason=refusal.reason, status=refusal.status, retry_s=retry_s)
    return response


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in the common form, without internal details."""
    try:
        return await handler(request)
    except ProtocolError as error:
        _count(request, reason_of(error))
        return error_response(_STATUS.get(error.code, 400), error.code, str(error))
    except OverQuota as error:
        _count(request, error.refusal.reason)
        return refusal_response(error.refusal)
    except UnknownDevice as error:
        return error_response(404, ErrorCode.NOT_FOUND, str(error))
    except InvalidSettings as error:
        return error_response(400, ErrorCode.MALFORMED, str(error))
    except RequestRefused as error:
        return _refusal_response(error)
    except web.HTTPException as error:
        return _http_error(request, error)
    except UnicodeEncodeError:  # client data echoed in a response, mostly in one of aiohttp's own headers
        log.info(LogEvent.REQUEST_UNDECODABLE, path=request.path)
        return error_response(400, ErrorCode.MALFORMED, "the headers of this request are not UTF-8")
    except ConnectionError:
        log.info(LogEvent.REQUEST_ABORTED, path=request.path)
        return error_response(400, ErrorCode.MALFORMED, "the connection is gone")  # the client is gone too
    except Exception:
        log.exception(LogEvent.REQUEST_FAILED, path=request.path)
        return _own_failure(request)


def _own_failure(request: web.Request) -> web.Response:
    """Return the answer to an error of the gateway; abort an answer that has begun, or a WebSocket."""
    if request.writer.output_size > 0:
        abort(request)
    return error_response(500, ErrorCode.INTERNAL, "the gateway failed; its log says why")


def _refusal_response(error: RequestRefused) -> web.Response:
    response = error_response(error.status, error.code, str(error))
    if error.status == web.HTTPServiceUnavailable.status_code:
        response.headers[hdrs.RETRY_AFTER] = str(math.ceil(_RETRY_S * random.uniform(1.0, 2.0)))
    return response


def _http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    """Convert an error of aiohttp to the common form."""
    message = error.reason
    if isinstance(error, web.HTTPNotFound):
        message = f"nothing is at {request.path}: {OPENAPI_PATH} says what is where"
    elif isinstance(error, web.HTTPMethodNotAllowed):
        message = f"{request.path} takes {', '.join(sorted(error.allowed_methods))}"
    response = error_response(error.status, _CODES.get(error.status, ErrorCode.MALFORMED), message)
    if allowed := error.headers.get(hdrs.ALLOW):
        response.headers[hdrs.ALLOW] = allowed
    return response


def _count(request: web.Request, reason: RefusalReason | None) -> None:
    count = request.app.get(ON_REFUSAL)
    if count is not None and reason is not None:
        count(reason)


def abort(request: web.Request) -> None:
    """Abort the connection at once, even in the middle of a response."""
    if request.transport is not None:
        tls.abort(request.transport)


def check_present(request: web.Request) -> None:
    """Raise ``ConnectionError`` if the client is gone and needs no answer."""
    if request.transport is None:
        raise ConnectionError("the client is gone")
