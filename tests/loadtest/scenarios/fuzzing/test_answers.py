"""Judges of answers: objections are named, internal errors and broken messages are faults."""

import pytest

from loadtest.scenarios.fuzzing.answers import Judged, answered, judge_error, judge_own
from protocol.errors import ErrorCode
from protocol.session import Error, encode


def test_objection_of_our_protocol_is_no_fault() -> None:
    assert judge_own(encode(Error(ErrorCode.MALFORMED, "no")).encode()) == Judged("malformed")


@pytest.mark.parametrize("payload", [b"{", encode(Error(ErrorCode.INTERNAL, "oh")).encode()])
def test_broken_message_and_internal_error_are_faults(payload: bytes) -> None:
    assert judge_own(payload).fault


def test_internal_error_is_a_fault_with_its_code() -> None:
    assert judge_error("internal", "oh") == Judged("internal", "internal error: oh")
    assert judge_error("busy", "later") == Judged("busy")


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"a": 1}', b"\xff"])
def test_answer_without_its_fields_is_a_fault(payload: bytes) -> None:
    found = answered(payload, "a", "b")
    assert isinstance(found, Judged) and found.fault


def test_answer_with_its_fields_is_returned() -> None:
    assert answered(b'{"a": 1, "b": 2}', "b") == {"a": 1, "b": 2}
