"""Errors in the shape of Deepgram's API. Source: its documentation, "Errors"."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import hdrs, web

from backend.dialects.deepgram.requests import ParameterInvalid
from backend.dialects.openai.errors import OpenAiError, translate_errors

_CODES: Final = {
    400: "Bad Request",
    401: "INVALID_AUTH",
    403: "INSUFFICIENT_PERMISSIONS",
    413: "PAYLOAD_TOO_LARGE",
    429: "TOO_MANY_REQUESTS",
    503: "SERVICE_UNAVAILABLE",
}
_INTERNAL: Final = "INTERNAL_SERVER_ERROR"


@dataclass(eq=False)
class DeepgramError(Exception):
    """An answer with an error. ``retry_s``: when to try again; 0: not said."""

    status: int
    message: str
    retry_s: float = 0.0

    def response(self, request_id: str) -> web.Response:
        """Return the answer with this error; clients of WebSockets read it in a header."""
        code = _CODES.get(self.status, _INTERNAL if self.status >= 500 else _CODES[400])
        body = {"err_code": code, "err_msg": self.message, "request_id": request_id}
        response = web.Response(
            body=msgspec.json.encode(body), status=self.status, content_type="application/json"
        )
        response.headers["dg-error"] = " ".join(self.message.encode("ascii", "replace").decode().split())
        response.headers["dg-request-id"] = request_id
        if self.retry_s:
            response.headers[hdrs.RETRY_AFTER] = str(max(1, round(self.retry_s)))
        return response


@contextmanager
def answerable() -> Iterator[None]:
    """Raise every expected error as a ``DeepgramError``."""
    try:
        with translate_errors():
            yield
    except ParameterInvalid as error:
        raise DeepgramError(400, str(error)) from error
    except OpenAiError as error:
        raise DeepgramError(error.status, error.message, error.retry_s) from error
