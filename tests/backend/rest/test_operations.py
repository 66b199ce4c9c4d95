"""Test the declarations of routes."""

from backend.rest.openapi import OPERATIONS
from backend.rest.operations import JSON, Content, RequiredKey, answer
from protocol.rest import Health


def test_names_are_unique() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert {operation.path for operation in OPERATIONS if operation.keys is RequiredKey.NONE} >= {
        "/healthz",
        "/readyz",
    }


def test_answer_is_json_of_a_type() -> None:
    assert answer(Health) == {200: (Content(JSON, Health),)}
    assert list(answer(Health, Health("alive"), 202)) == [202]
