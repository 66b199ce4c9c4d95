"""Valid and invalid requests to the earlier server's REST routes, made from a description of its answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backend.dialects.earlier import views
from protocol.endpoint import Endpoint
from tests.backend.rest.test_openapi_schemathesis import run_schemathesis
from tests.helpers.chain import running_chain

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "details": {"type": "string"}},
}
ANYTHING: dict[str, Any] = {}
DELETED = {"type": "object", "required": ["status"]}
ERRORS = ("400", "401", "403", "404", "409", "413", "415", "429", "503", "507")
TYPES = (
    views.SubmittedTask,
    views.TaskResult,
    views.TaskList,
    views.RecordingView,
    views.RecordingList,
    views.QueueState,
    views.Statistics,
)
ROUTES = {
    ("post", "/asr/submit"): "SubmittedTask",
    ("get", "/asr/result/{id}"): "TaskResult",
    ("get", "/asr/history"): "TaskList",
    ("post", "/asr/retry/{id}"): "SubmittedTask",
    ("delete", "/asr/task/{id}"): "",
    ("get", "/asr/queue/status"): "QueueState",
    ("get", "/history"): "RecordingList",
    ("get", "/session/{id}"): "RecordingView",
    ("delete", "/session/{id}"): "",
    ("get", "/stats"): "Statistics",
}
FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}, "batch_size": ANYTHING},
}


def operation(method: str, path: str, answer: str) -> dict[str, Any]:
    """Return the description of one route."""
    schema = {"$ref": f"#/components/schemas/{answer}"} if answer else DELETED
    fine = {"description": "fine", "content": {"application/json": {"schema": schema}}}
    no = {"description": "no", "content": {"application/json": {"schema": ERROR}}}
    named = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}]
    limit = {"type": "integer", "minimum": 1, "maximum": 100}
    listed = [{"name": "limit", "in": "query", "schema": limit}]
    described: dict[str, Any] = {
        "responses": {"200": fine} | dict.fromkeys(ERRORS, no),
        "security": [{"key": []}],
        "parameters": named if "{id}" in path else listed if path.endswith("history") else [],
    }
    if path.endswith("submit"):
        described["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": FORM}}}
    return described


def document() -> dict[str, Any]:
    """Return the OpenAPI description of the routes, with the types of the answers."""
    _, schemas = msgspec.json.schema_components(TYPES, ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {}
    for (method, path), answer in ROUTES.items():
        paths.setdefault(views.API + path, {})[method] = operation(method, path, answer)
    security = {"key": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "the earlier server", "version": "1"},
        "components": {"securitySchemes": security, "schemas": schemas},
        "paths": paths,
    }


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    with running_chain(tmp_path) as chain:
        chain.configure('earlier_protocol = true\nhistory = "on"\n')
        yield chain.gateway()[1]


async def test_schemathesis_finds_no_problem_in_the_earlier_servers_routes(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    said = await run_schemathesis(
        endpoint, tmp_path, "--max-examples", "2", "--phases", "examples,fuzzing", document=document()
    )
    assert not said, said


@pytest.mark.proof(minutes=4)
async def test_schemathesis_finds_no_problem_in_many_requests(endpoint: Endpoint, tmp_path: Path) -> None:
    many = ("--max-examples", "200", "--phases", "examples,coverage,fuzzing", "--continue-on-failure")
    said = await run_schemathesis(endpoint, tmp_path, *many, document=document())
    assert not said, said
