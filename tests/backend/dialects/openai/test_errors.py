"""Errors in OpenAI's shape: expected ones have a status and a type that its clients understand."""

import json
from typing import Any

import pytest

from backend.core.errors import MediaReaderKilled, MediaUnreadable, OverQuota, RequestRefused
from backend.core.refusal import Refusal, RefusalReason
from backend.dialects.file_audio import SegmentFailed
from backend.dialects.openai.errors import OpenAiError, translate_errors
from backend.dialects.openai.requests import RequestInvalid
from client.errors import SessionLost, TryLater
from protocol.errors import ErrorCode, Forbidden, MalformedMessage, MessageTooLarge, Unauthorised
from protocol.session import Failed

BUSY = Refusal(429, RefusalReason.KEY_STREAMS, "too many streams", 3.0)


@pytest.mark.parametrize(
    ("error", "status", "type"),
    [
        (OverQuota(BUSY), 429, "rate_limit_error"),
        (RequestRefused(507, ErrorCode.DISK_FULL, "full"), 507, "server_error"),
        (RequestInvalid("language", "no"), 400, "invalid_request_error"),
        (Unauthorised("no"), 401, "invalid_request_error"),
        (Forbidden("no"), 403, "invalid_request_error"),
        (MessageTooLarge("no"), 413, "invalid_request_error"),
        (MalformedMessage("no"), 400, "invalid_request_error"),
        (MediaUnreadable(ErrorCode.AUDIO_INVALID, "no"), 400, "invalid_request_error"),
        (MediaReaderKilled("no"), 503, "server_error"),
        (SegmentFailed(Failed(0, ErrorCode.ENGINE_FAILED, "no")), 500, "server_error"),
        (SegmentFailed(Failed(0, ErrorCode.UNSUPPORTED, "no")), 400, "invalid_request_error"),
        (TryLater("no", 7.0), 503, "server_error"),
        (SessionLost("no", ()), 503, "server_error"),
    ],
)
def test_error_has_status_and_type(error: Exception, status: int, type: str) -> None:
    with pytest.raises(OpenAiError) as caught, translate_errors():
        raise error
    body: dict[str, Any] = json.loads(caught.value.response().text or "")
    assert (caught.value.status, body["error"]["type"]) == (status, type)
    assert set(body["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("error", "after_s"),
    [
        (OverQuota(BUSY), "3"),
        (TryLater("no", 7.0), "7"),
        (TryLater("no", 0.0), "1"),
        (SessionLost("no", ()), "1"),
        (MediaReaderKilled("no"), "1"),
    ],
)
def test_refusal_says_when_to_try_again(error: Exception, after_s: str) -> None:
    with pytest.raises(OpenAiError) as caught, translate_errors():
        raise error
    assert caught.value.response().headers["Retry-After"] == after_s


def test_unexpected_error_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), translate_errors():
        raise ZeroDivisionError
