"""Mutated requests: repeatable, to the routes of the gateway, without those that stay open."""

import random

from client.connection import Address
from loadtest.core.raw_socket import handshake
from loadtest.scenarios.fuzzing.requests import FuzzedRoute, bad_handshake, openai_request, request, routes

ADDRESS = Address("http://127.0.0.1:8765", "secret")
KNOWN = (FuzzedRoute("GET", "/v1/sessions"), FuzzedRoute("DELETE", "/v1/sessions/{id}"))


def test_routes_are_those_of_the_document_without_streams_and_pairing() -> None:
    paths: dict[str, dict[str, object]] = {
        "/v1/sessions": {"parameters": [], "get": {}, "post": {}},
        "/v1/pairing": {"post": {}},
        "/v1/monitor": {"get": {}},
    }
    assert routes({"paths": paths}) == (FuzzedRoute("GET", "/v1/sessions"), FuzzedRoute("POST", "/v1/sessions"))
    assert routes({}) == ()


def test_request_is_repeatable_and_fills_in_parameters() -> None:
    made = [request(random.Random(seed), KNOWN, ADDRESS) for seed in range(200)]
    assert made == [request(random.Random(seed), KNOWN, ADDRESS) for seed in range(200)]
    assert len(set(made)) > 100
    for one in made:
        assert b"{" not in one.split(b"\r\n")[0] and b"\r\n\r\n" in one
    assert any(b"Bearer secret" in one for one in made) and any(b"Bearer secret" not in one for one in made)


def test_bad_handshakes_differ_from_each_other() -> None:
    made = {bad_handshake(random.Random(seed), handshake(ADDRESS)) for seed in range(100)}
    assert len(made) > 50
    assert all(one.endswith(b"\r\n\r\n") for one in made)


def test_requests_with_forms_are_repeatable_and_differ() -> None:
    made = [openai_request(random.Random(seed), ADDRESS) for seed in range(200)]
    assert made == [openai_request(random.Random(seed), ADDRESS) for seed in range(200)]
    assert len(set(made)) == len(made)
    assert any(b"Bearer secret" not in one for one in made)


def test_length_of_a_form_is_that_of_its_body() -> None:
    for seed in range(100):
        head, _, body = openai_request(random.Random(seed), ADDRESS).partition(b"\r\n\r\n")
        assert b"Content-Length: %d\r\n" % len(body) in head + b"\r\n"
