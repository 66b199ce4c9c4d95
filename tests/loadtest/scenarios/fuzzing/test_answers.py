"""Judges of answers: objections are named, internal errors and broken messages are faults."""

import pytest

from loadtest.scenarios.fuzzing.answers import Judged, MalformedAnswer, decode_answer, judge_error, judge_own
from protocol.errors import ErrorCode
from protocol.session import Error, encode


def test_objection_of_our_protocol_is_no_fault() -> None:
    assert judge_own(encode(Error(ErrorCode.MALFORMED, "no")).encode()) == Judged("malformed")


def test_internal_error_of_our_protocol_is_a_fault() -> None:
    assert judge_own(encode(Error(ErrorCode.INTERNAL, "oh")).encode()).fault


def test_broken_message_of_our_protocol_is_malformed() -> None:
    with pytest.raises(MalformedAnswer, match="malformed"):
        judge_own(b"{")


def test_internal_error_is_a_fault_with_its_code() -> None:
    assert judge_error("internal", "oh") == Judged("internal", "internal error: oh")
    assert judge_error("busy", "later") == Judged("busy")


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"a": 1}', b"\xff"])
def test_answer_without_its_fields_is_malformed(payload: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        decode_answer(payload, "a", "b")


def test_answer_with_its_fields_is_returned() -> None:
    assert decode_answer(b'{"a": 1, "b": 2}', "b") == {"a": 1, "b": 2}
