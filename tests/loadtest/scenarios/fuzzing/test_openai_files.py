"""Requests with forms: repeatable, few of them whole."""

import random

from client.connection import Address
from loadtest.scenarios.fuzzing.openai_files import request

ADDRESS = Address("http://127.0.0.1:8765", "secret")


def test_requests_are_repeatable_and_differ() -> None:
    made = [request(random.Random(seed), ADDRESS) for seed in range(200)]
    assert made == [request(random.Random(seed), ADDRESS) for seed in range(200)]
    assert len(set(made)) == len(made)
    assert any(b"Bearer secret" not in one for one in made)


def test_length_is_that_of_the_body() -> None:
    for seed in range(100):
        head, _, body = request(random.Random(seed), ADDRESS).partition(b"\r\n\r\n")
        assert b"Content-Length: %d\r\n" % len(body) in head + b"\r\n"
