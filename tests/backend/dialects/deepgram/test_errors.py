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
    ("error", "status", "code"),
    [
        (ParameterInvalid("no"), 400, "Bad Request"),
        (Unauthorised("no"), 401, "INVALID_AUTH"),
        (OverQuota(Refusal(429, RefusalReason.KEY_STREAMS, "later", 3.0)), 429, "TOO_MANY_REQUESTS"),
        (MediaUnreadable(ErrorCode.UNSUPPORTED, "no"), 400, "Bad Request"),
        (Unreachable("gone"), 503, "SERVICE_UNAVAILABLE"),
    ],
)
def test_error_has_status_code_and_reason(error: Exception, status: int, code: str) -> None:
    with pytest.raises(DeepgramError) as caught, answerable():
        raise error
    response = caught.value.response("r")
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {"err_code": code, "err_msg": str(error), "request_id": "r"}
    assert (response.status, response.headers["dg-error"]) == (status, str(error))


def test_reason_in_a_header_is_one_line_of_ascii() -> None:
    response = DeepgramError(400, "no\r\nX-Evil: Ōtaki").response("r")
    assert response.headers["dg-error"] == "no X-Evil: ?taki"
