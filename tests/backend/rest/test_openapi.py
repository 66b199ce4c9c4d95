"""Test the gateway's OpenAPI document."""

from typing import Any

import pytest

from backend.dialects.routes import dialect_routes
from backend.gateway import Gateway
from backend.rest.file_settings import FileSettings
from backend.rest.openapi import document
from tests.helpers.openapi import routes_of


def every_operation() -> list[tuple[str, str, dict[str, Any]]]:
    paths = document()["paths"]
    return [
        (path, method, operation)
        for path, item in paths.items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if "$ref" in value else set()
        return found.union(*(references(one) for one in value.values()))
    return set().union(*(references(one) for one in value)) if isinstance(value, list) else set()


async def test_document_describes_exactly_our_own_routes(gateway: Gateway) -> None:
    described = {(method.upper(), path) for path, method, _ in every_operation()}
    others = dialect_routes(gateway.hub, lambda visit: None, FileSettings())
    assert routes_of(gateway) - {(route.method, route.path) for route in others} == described


def test_references_resolve_and_every_schema_is_used() -> None:
    whole = document()
    schemas = whole["components"]["schemas"]
    assert {name.rsplit("/", 1)[1] for name in references(whole)} >= set(schemas) - {"Snapshot"}
    assert all(name.rsplit("/", 1)[1] in schemas for name in references(whole))


@pytest.mark.parametrize(("path", "method", "operation"), every_operation())
def test_every_operation_describes_its_responses(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["summary"] and operation["operationId"]
    for status, answer in operation["responses"].items():
        if status.startswith(("4", "5")) and (path, status) != ("/readyz", "503"):
            (content,) = answer["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/ErrorBody"}
            assert content["example"]["error"]["message"]
    keyed = bool(operation["security"])
    assert keyed == ("401" in operation["responses"]) and operation["tags"]


def test_examples_match_their_schemas() -> None:
    import jsonschema_rs  # a dependency of schemathesis

    whole = document()
    for _, _, operation in every_operation():
        for answer in operation["responses"].values():
            for content in answer.get("content", {}).values():
                if "example" in content:
                    schema = content["schema"] | {"components": whole["components"]}
                    jsonschema_rs.validate(schema, content["example"])


def test_upload_form_lists_its_fields() -> None:
    form = document()["paths"]["/v1/sessions"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["required"] == ["file"]
    assert {"file", "session", "language", "model", "hotwords", "itn", "name"} <= set(form["schema"]["properties"])
    assert form["schema"]["additionalProperties"] is False


def test_document_warns_that_page_of_hits_may_be_empty() -> None:
    parameters = {one["name"]: one for one in document()["paths"]["/v1/search"]["get"]["parameters"]}
    assert "`next`" in parameters["state"]["description"]
