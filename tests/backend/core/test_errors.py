"""The error trees and the content of errors."""

import pytest

from backend.core import errors
from backend.core.errors import (
    BackendError,
    HelloLate,
    ModelNotOffered,
    OverQuota,
    TooBusy,
    TryLater,
    reason_of,
)
from backend.core.refusal import Refusal, RefusalReason
from protocol.errors import Forbidden, MalformedMessage, OutOfOrder, ProtocolError, TakenOver, Unauthorised
from tests.helpers.error_trees import documented_errors


def test_errors_belong_to_backend_or_protocol_tree_and_are_documented() -> None:
    kinds = documented_errors(errors)
    assert all(issubclass(kind, BackendError) != issubclass(kind, ProtocolError) for kind in kinds)


def test_over_quota_keeps_its_refusal() -> None:
    refusal = Refusal(429, RefusalReason.KEY_REQUESTS, "too often", 3.0)
    assert OverQuota(refusal).refusal is refusal and str(OverQuota(refusal)) == "too often"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TooBusy(Refusal(503, RefusalReason.MEMORY, "full", 1.0)), RefusalReason.MEMORY),
        (TooBusy(None), RefusalReason.LOAD),
        (TryLater("away"), RefusalReason.BROKER),
        (Unauthorised("no key"), RefusalReason.KEY),
        (Forbidden("another's"), RefusalReason.KEY),
        (MalformedMessage("no JSON"), RefusalReason.MESSAGE),
        (OutOfOrder("too early"), RefusalReason.MESSAGE),
        (TakenOver("somebody else"), None),
        (HelloLate("no hello"), RefusalReason.MESSAGE),
        (ModelNotOffered("none"), RefusalReason.MODEL),
    ],
)
def test_error_has_reason_to_count(error: ProtocolError, reason: RefusalReason | None) -> None:
    assert reason_of(error) is reason
