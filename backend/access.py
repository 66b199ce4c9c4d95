"""Who may come in: keys, origins, and the errors that say so."""

import hmac
import random
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from aiohttp import hdrs, web

from backend.admission import Refusal
from backend.settings import GatewaySettings, owner_of
from protocol.errors import ErrorCode, Forbidden, ProtocolError, Unauthorised

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS = {ErrorCode.UNAUTHORISED: 401, ErrorCode.FORBIDDEN: 403, ErrorCode.NOT_FOUND: 404}
_CODES = {404: ErrorCode.NOT_FOUND, 413: ErrorCode.TOO_LARGE, 500: ErrorCode.INTERNAL}


def owner(request: web.Request, settings: GatewaySettings) -> str:
    """Id of the key that this request shows. Raises ``Unauthorised`` or ``Forbidden``."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None and origin not in settings.origins:
        raise Forbidden("pages of this origin may not use this gateway: allow it with --origin")
    if settings.key and not hmac.compare_digest(_shown_key(request).encode(), settings.key.encode()):
        raise Unauthorised("show the key: Authorization: Bearer KEY, or ?api_key=KEY")
    return owner_of(settings.key)


def _shown_key(request: web.Request) -> str:
    scheme, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return request.query.get("api_key", "")


def error_response(status: int, code: ErrorCode, message: str) -> web.Response:
    """The one form of an error."""
    return json_response({"error": {"code": code, "message": message}}, status)


def json_response(body: object, status: int = 200) -> web.Response:
    """Anything that msgspec can encode."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def refusal_response(refusal: Refusal) -> web.Response:
    """Try again later, but not all at the same moment."""
    response = error_response(refusal.status, ErrorCode.BUSY, refusal.message)
    response.headers[hdrs.RETRY_AFTER] = str(round(refusal.retry_s * random.uniform(1.0, 2.0)))
    return response


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong is said in the one form; nothing of the inside is."""
    try:
        return await handler(request)
    except ProtocolError as error:
        return error_response(_STATUS.get(error.code, 400), error.code, str(error))
    except web.HTTPException as error:
        code = _CODES.get(error.status, ErrorCode.MALFORMED)
        return error_response(error.status, code, error.reason)
    except Exception:
        log.exception("a request failed", path=request.path)
        return error_response(500, ErrorCode.INTERNAL, "the gateway failed; its log says why")
