"""Errors in Deepgram's shape, each with its status."""

import json

import pytest

from backend.core.errors import MediaUnreadable, OverQuota
from backend.core.refusal import Refusal, RefusalReason
from backend.dialects.deepgram.errors import DeepgramError, answerable
from backend.dialects.deepgram.requests import ParameterInvalid
from client.errors import Unreachable
from protocol.errors import ErrorCode, Unauthorised


@pytest.mark.parametrize(
    ("error", "status", "retry"),
    [
        (ParameterInvalid("no"), 400, None),
        (Unauthorised("no"), 401, None),
        (OverQuota(Refusal(429, RefusalReason.KEY_STREAMS, "later", 0.2)), 429, "1"),
        (MediaUnreadable(ErrorCode.UNSUPPORTED, "no"), 400, None),
        (Unreachable("gone"), 503, "1"),
    ],
)
def test_error_has_status_and_reason(error: Exception, status: int, retry: str | None) -> None:
    with pytest.raises(DeepgramError) as caught, answerable():
        raise error
    response = caught.value.response("r")
    assert (response.status, response.headers["dg-error"]) == (status, str(error))
    assert (response.headers["dg-request-id"], response.headers.get("Retry-After")) == ("r", retry)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        *((400, "Bad Request"), (401, "INVALID_AUTH"), (403, "INSUFFICIENT_PERMISSIONS"), (404, "Bad Request")),
        *((413, "PAYLOAD_TOO_LARGE"), (429, "TOO_MANY_REQUESTS"), (503, "SERVICE_UNAVAILABLE")),
        *((500, "INTERNAL_SERVER_ERROR"), (507, "INTERNAL_SERVER_ERROR")),
    ],
)
def test_status_has_the_code_that_clients_know(status: int, code: str) -> None:
    body = DeepgramError(status, "no").response("r").body
    assert isinstance(body, bytes)
    assert json.loads(body) == {"err_code": code, "err_msg": "no", "request_id": "r"}


def test_reason_in_a_header_is_one_line_of_ascii() -> None:
    response = DeepgramError(400, "no\r\nX-Evil: Ōtaki").response("r")
    assert response.headers["dg-error"] == "no X-Evil: ?taki"
