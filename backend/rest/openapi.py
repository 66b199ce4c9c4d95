"""Build the gateway's OpenAPI document from the declared operations and their types. Pure."""

import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import Any, Final

import msgspec

from backend.rest.gateway_operations import DEVICES, STATE, STREAMS
from backend.rest.operations import FORM, Content, Operation, RequiredKey, Tag
from backend.rest.session_operations import SESSIONS
from protocol.errors import ErrorCode
from protocol.monitor import Snapshot
from protocol.rest import ErrorBody, ErrorDetail, SessionResult

OPERATIONS: Final = (*SESSIONS, *STATE, *DEVICES, *STREAMS)
_ALSO: Final = (Snapshot, SessionResult)
"""Types that only descriptions in the document mention."""
_REFERENCE: Final = "#/components/schemas/{name}"
_NAMED: Final = re.compile(r"{(\w+)}")
_KEYED: Final = (401, 403, 429)
_TAGS: Final = {
    Tag.SESSIONS: "Past sessions and submitted files. They need the history: `--history`.",
    Tag.STATE: "State of the gateway and its workers.",
    Tag.DEVICES: "Devices that may use this gateway.",
    Tag.STREAMS: "Long-lived connections.",
}
_ERRORS: Final = {
    400: (ErrorCode.MALFORMED, "The request is malformed."),
    401: (ErrorCode.UNAUTHORISED, "The key is missing or wrong."),
    403: (ErrorCode.FORBIDDEN, "The key is valid, but not for this."),
    404: (ErrorCode.NOT_FOUND, "Not found, or it belongs to another key."),
    409: (ErrorCode.CONFLICT, "Not possible in the current state."),
    413: (ErrorCode.TOO_LARGE, "The request is larger than allowed."),
    415: (ErrorCode.UNSUPPORTED, "The type of the body is not supported."),
    429: (ErrorCode.BUSY, "Over a limit; `Retry-After` says when to try again."),
    501: (ErrorCode.HISTORY_OFF, "This gateway keeps no history: serve with `--history`."),
    503: (ErrorCode.BUSY, "Not now; try again later."),
    507: (ErrorCode.DISK_FULL, "The gateway's disk is full."),
}
_LINK: Final = {"parameters": {"id": "$response.body#/id"}}
_RETRY: Final = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}


def document(operations: Iterable[Operation] = OPERATIONS) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document as JSON-compatible values."""
    operations = tuple(operations)
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        at = paths.setdefault(operation.path, {})
        if named := [_path_parameter(operation, name) for name in _NAMED.findall(operation.path)]:
            at["parameters"] = named
        at[operation.method.lower()] = _operation_schema(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kikipounamu gateway",
            "version": metadata.version("kikipounamu"),
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": "Speech in, text out: streamed while it is spoken, or as files.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": text} for tag, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "api_key": {"type": "apiKey", "in": "query", "name": "api_key"},
            },
        },
    }


class _Schemas:
    """The JSON schemas of all types that the operations use."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        wanted = [ErrorBody, *_ALSO]
        for operation in operations:
            contents = [content for answer in operation.answers.values() for content in answer]
            contents += [operation.body] if operation.body else []
            wanted += [content.type for content in contents if content.type is not None]
            wanted += [operation.query] if operation.query else []
        self._wanted = list(dict.fromkeys(wanted))
        schemas, self.components = msgspec.json.schema_components(self._wanted, ref_template=_REFERENCE)
        self._schemas = list(schemas)
        for operation in operations:
            for kind in (operation.query, operation.body.type if operation.body else None):
                if kind is operation.query or (operation.body and operation.body.media == FORM):
                    self.components.pop(getattr(kind, "__name__", ""), None)  # described where it is used

    def of(self, kind: Any) -> dict[str, Any]:
        """Return the schema of a type: a reference, or the schema itself."""
        return self._schemas[self._wanted.index(kind)]


def _operation_schema(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "responses": dict(_responses(operation, schemas)),
        "security": [] if operation.keys is RequiredKey.NONE else [{"key": []}, {"api_key": []}],
    }
    texts = [operation.more] if operation.more else []
    if operation.keys is not RequiredKey.NONE:
        texts.append(f"Key: {operation.keys}.")
    if texts:
        described["description"] = " ".join(texts)
    if parameters := [*_parameters(operation)]:
        described["parameters"] = parameters
    if operation.body:
        body = _form(operation.body) if operation.body.media == FORM else _media(operation.body, schemas)
        described["requestBody"] = {"required": True, "content": {operation.body.media: body}}
    return described


def _responses(operation: Operation, schemas: _Schemas) -> Iterator[tuple[str, Any]]:
    for status, contents in operation.answers.items():
        answer: dict[str, Any] = {"description": _SUCCESS.get(status, "Success.")}
        if contents:
            answer["content"] = {content.media: _media(content, schemas) for content in contents}
        if operation.leads_to and status < 300:
            answer["links"] = {name: _LINK | {"operationId": name} for name in operation.leads_to}
        yield str(status), answer
    keyed = () if operation.keys is RequiredKey.NONE else _KEYED
    for status in sorted({*operation.errors, *keyed}):
        code, text = _ERRORS[status]
        example = msgspec.to_builtins(ErrorBody(ErrorDetail(code, text)))
        media = {"schema": schemas.of(ErrorBody), "example": example}
        headers = {"headers": {"Retry-After": _RETRY}} if status in (429, 503) else {}
        yield str(status), {"description": text, **headers, "content": {"application/json": media}}


_SUCCESS: Final = {
    101: "Switching protocols.",
    202: "Accepted.",
    204: "Done.",
    304: "Not modified.",
    308: "Moved.",
    503: "Not ready.",
}


def _media(content: Content, schemas: _Schemas) -> dict[str, Any]:
    schema = {"type": "string"} if content.type is None else schemas.of(content.type)
    if content.narrowed:
        schema = {"allOf": [schema], "properties": content.narrowed}
    media: dict[str, Any] = {"schema": schema}
    if content.example is not None:
        media["example"] = msgspec.to_builtins(content.example)
    return media


def _form(content: Content) -> dict[str, Any]:
    """Describe a form: the file, and one field for each field of the type."""
    schema = _inline(content.type)
    file = {"type": "string", "contentMediaType": "application/octet-stream", "description": "The recording."}
    schema["properties"] = {"file": file, **schema["properties"]}
    schema["required"] = ["file"]
    return {"schema": schema}


def _parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.switching:
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade")):
            yield {"name": name, "in": "header", "required": True, "schema": {"const": value}}
    if operation.query is None:
        return
    schema = _inline(operation.query)
    for name, one in schema["properties"].items():
        one = dict(one)
        described = {"description": text} if (text := one.pop("description", "")) else {}
        required = name in schema["required"]
        yield {"name": name, "in": "query", "required": required, **described, "schema": one}


def _inline(kind: Any) -> dict[str, Any]:
    (_,), components = msgspec.json.schema_components([kind], ref_template=_REFERENCE)
    schema: dict[str, Any] = components[kind.__name__]
    return schema


def _path_parameter(operation: Operation, name: str) -> dict[str, Any]:
    uuid = {"format": "uuid"} if operation.tag is Tag.SESSIONS else {"minLength": 1, "maxLength": 64}
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", **uuid}}
