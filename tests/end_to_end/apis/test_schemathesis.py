"""Valid and invalid requests to the routes of others' APIs, made from a description of what their clients send."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.endpoint import Endpoint
from tests.backend.rest.test_openapi_schemathesis import run_schemathesis
from tests.helpers.api_chain import running_api_chain

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {"message": {"type": "string"}, "type": {"type": "string"}},
        }
    },
}
TEXTS = ["application/json", "text/plain", "application/x-subrip", "text/vtt", "text/event-stream"]
FORM = {
    "type": "object",
    "required": ["file", "model"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "model": {"type": "string"},
        "language": {"type": "string", "pattern": "^[a-z]{2}$"},
        "prompt": {"type": "string"},
        "response_format": {"enum": ["json", "text", "srt", "verbose_json", "vtt"]},
        "temperature": {"type": "number", "minimum": 0, "maximum": 1},
        "stream": {"type": "boolean"},
    },
}
LISTEN_ERROR = {"type": "object", "required": ["err_code", "err_msg", "request_id"]}
LISTEN_PARAMETERS = {
    "model": {"type": "string"},
    "language": {"type": "string", "pattern": "^[a-z]{2}$"},
    "keyterm": {"type": "string"},
    "punctuate": {"type": "boolean"},
    "utterances": {"type": "boolean"},
}
ERRORS = ("400", "401", "403", "404", "413", "415", "429", "500", "503", "507")


def document() -> dict[str, Any]:
    """Return the OpenAPI description of the routes for files."""
    errors = _errors(ERROR)
    text = {"description": "a text", "content": {kind: {"schema": {}} for kind in TEXTS}}
    body = {"required": True, "content": {"multipart/form-data": {"schema": FORM}}}
    paths = ("/v1/audio/transcriptions", "/v1/audio/translations", "/inference")
    operation = {"requestBody": body, "responses": {"200": text, **errors}, "security": [{"key": []}]}
    return {
        "openapi": "3.1.0",
        "info": {"title": "APIs of others", "version": "1"},
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        "paths": {**{path: {"post": operation} for path in paths}, "/v1/listen": _listen()},
    }


def _errors(shape: dict[str, Any]) -> dict[str, Any]:
    return {status: {"description": "no", "content": {"application/json": {"schema": shape}}} for status in ERRORS}


def _listen() -> dict[str, Any]:
    """Return the description of Deepgram's routes: for files, and for live speech, which only WebSockets get."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in LISTEN_PARAMETERS.items()]
    text = {"description": "a text", "content": {"application/json": {"schema": {"required": ["results"]}}}}
    common = {"parameters": parameters, "security": [{"key": []}]}
    file = {
        "requestBody": {"required": True, "content": content},
        "responses": {"200": text} | _errors(LISTEN_ERROR),
    }
    return {"get": {**common, "responses": _errors(LISTEN_ERROR)}, "post": {**common, **file}}


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    with running_api_chain(tmp_path) as (_, endpoint):
        yield endpoint


async def test_schemathesis_finds_no_problem_in_the_routes_of_others(endpoint: Endpoint, tmp_path: Path) -> None:
    said = await run_schemathesis(
        endpoint, tmp_path, "--max-examples", "2", "--phases", "examples,fuzzing", document=document()
    )
    assert not said, said


@pytest.mark.proof(minutes=4)
async def test_schemathesis_finds_no_problem_in_many_requests(endpoint: Endpoint, tmp_path: Path) -> None:
    many = ("--max-examples", "200", "--phases", "examples,coverage,fuzzing", "--continue-on-failure")
    said = await run_schemathesis(endpoint, tmp_path, *many, document=document())
    assert not said, said
